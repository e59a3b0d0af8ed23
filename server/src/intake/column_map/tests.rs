//! Maps and headers.

use super::*;

fn header(names: &str) -> Vec<String> {
    names.split(';').map(str::to_owned).collect()
}

#[test]
fn maps_are_read_from_one_line_or_many() {
    let short = ColumnMap::parse("order_number=No,title=What, qty = Pieces").unwrap();
    let long = "# my shop\norder_number = No\nlines.title = \"What\"\n\nlines.qty=Pieces\n";
    assert_eq!(ColumnMap::parse(long).unwrap(), short);
    assert_eq!(short.number_column(), "No");
    assert_eq!(short.column("lines.qty"), Some("Pieces"));
    let settings =
        ColumnMap::parse("order_number=No\nsku=S\ndecimal=comma\ndate=%d/%m/%Y\n").unwrap();
    assert_eq!(settings.decimal(), DecimalMark::Comma);
    assert_eq!(settings.date(), Some("%d/%m/%Y"));
    let table = [
        (
            "order_number",
            "`order_number` in the column map is not `field=column`",
        ),
        (
            "colour=Blue",
            "`colour` in the column map is not a field; the fields are order_number, id, ",
        ),
        (
            "order_number=No,decimal=.",
            "`decimal=.` in the column map: `decimal=point` or",
        ),
        (
            "title=What",
            "the column map names no column for `order_number`",
        ),
        (
            "order_number=No",
            "the column map names no column for `lines.title`",
        ),
    ];
    for (text, words) in table {
        let error = ColumnMap::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn a_header_tells_whose_file_it_is() {
    let form = |names: &str| Form::of_header(&header(names), b';', None);
    assert!(matches!(
        form("Name;Email;Financial Status;Lineitem quantity;Lineitem name"),
        Ok(Form::ShopifyCsv)
    ));
    for names in [
        "Order Number;Order Status;Item Name;Quantity;Item Cost;Order Total Amount",
        "order_id;order_number;order_date;status;order_total;line_items",
        "order_id;item_name;item_total",
    ] {
        assert!(matches!(form(names), Ok(Form::Mapped(_))), "{names}");
    }
    let table = [
        (
            "Name;Financial Status",
            "Shopify's CSV file of orders without the columns `Lineitem quantity`, `Lineitem name`",
        ),
        (
            "a;b",
            "a CSV file without the columns of Shopify's orders (`Name`, ",
        ),
        (
            "SKU;Item Name;Quantity",
            "a CSV file without the columns of Shopify's orders (`Name`, ",
        ),
    ];
    for (names, words) in table {
        let error = form(names).unwrap_err();
        assert!(error.starts_with(words), "{error}");
    }
    let map = ColumnMap::parse("order_number=No,title=What").unwrap();
    let error = Form::of_header(&header("No;Title"), b',', Some(&map)).unwrap_err();
    assert_eq!(
        error,
        "a CSV file without the columns `What`, which --map names; it has `No`, `Title`"
    );
}
