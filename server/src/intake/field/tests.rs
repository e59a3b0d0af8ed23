//! What fields read as, and what is said of those that cannot be read.

use super::*;

/// What a field reads as, and the warnings of it.
fn read<T>(raw: &str, reads: impl FnOnce(&Field<'_>) -> T) -> (T, Vec<String>) {
    let warnings = Collector::default();
    let value = {
        let raw: &RawValue = serde_json::from_str(raw).unwrap();
        reads(&Field::new("f".into(), Some(raw), &warnings))
    };
    (value, warnings.into_warnings().kept)
}

fn euro() -> Currency {
    Currency::new("EUR").unwrap()
}

#[test]
fn amounts_and_ids_stay_exact() {
    let table = [
        (r#""29.35""#, Some(2935)),
        ("29.35", Some(2935)),
        ("14.9975", Some(1500)),
        (r#""-10.00""#, Some(-1000)),
        (r#"" ""#, None),
        ("null", None),
        ("9007199254740.93", Some(900_719_925_474_093)),
    ];
    for (raw, minor) in table {
        let (amount, warnings) = read(raw, |f| f.amount(euro()));
        assert_eq!((amount, warnings.len()), (minor, 0), "{raw}");
    }
    for raw in ["18446744073709551615", r#""18446744073709551615""#] {
        assert_eq!(read(raw, |f| f.id()).0, Some(u64::MAX));
    }
}

#[test]
fn times_without_an_offset_are_utc() {
    let expected = "2017-03-22T19:28:02Z".parse().ok();
    for raw in [
        r#""2017-03-22T19:28:02""#,
        r#""2017-03-22T16:28:02-03:00""#,
        r#""2017-03-22T19:28:02Z""#,
        r#""2017-03-22 19:28:02""#,
        r#""2017-03-22 16:28:02 -0300""#,
    ] {
        assert_eq!(read(raw, |f| f.time()), (expected, vec![]), "{raw}");
    }
}

#[test]
fn what_cannot_be_read_is_left_out_by_field_and_value() {
    let words = |raw: &str, reads: fn(&Field<'_>) -> bool| {
        let (there, warnings) = read(raw, reads);
        assert!(!there, "{raw}");
        warnings.join("; ")
    };
    let long = format!("\"{}\"", "x".repeat(300));
    let cut = format!(
        "`f`: `\"{}…` is not a whole number: left out",
        "x".repeat(38)
    );
    type Reads = fn(&Field<'_>) -> bool;
    let table: [(&str, Reads, &str); 13] = [
        (
            "false",
            |f| f.text().is_some(),
            "`f`: `false` is not a text: left out",
        ),
        (
            r#""\ud800""#,
            |f| f.name().is_some(),
            "`f`: `\"\\ud800\"` is not a text: left out",
        ),
        (
            r#""1,5""#,
            |f| f.amount(euro()).is_some(),
            "`f`: `\"1,5\"` is not a decimal number such as 13.90: left out",
        ),
        (
            "1e17",
            |f| f.amount(euro()).is_some(),
            "`f`: `1e17` is not a decimal number such as 13.90: left out",
        ),
        (
            "1e12",
            |f| f.qty().is_some(),
            "`f`: `1e12` is not a number such as 2 or 0.5, at most 1000000: left out",
        ),
        (
            r#""0000-00-00T00:00:00""#,
            |f| f.time().is_some(),
            "`f`: `\"0000-00-00T00:00:00\"` is not a time such as 2026-11-23T17:00:00Z: left out",
        ),
        (
            r#""-0001-11-30T00:00:00""#,
            |f| f.time().is_some(),
            "`f`: `\"-0001-11-30T00:00:00\"` is not a time such as 2026-11-23T17:00:00Z: left out",
        ),
        (
            r#""maybe""#,
            |f| f.flag(),
            "`f`: `\"maybe\"` is not true or false: left out",
        ),
        (
            "-1",
            |f| f.qty().is_some(),
            "`f`: `-1` is not a number such as 2 or 0.5, at most 1000000: left out",
        ),
        (&long, |f| f.id().is_some(), &cut),
        (
            "[1]",
            |f| f.object().names().count() > 0,
            "`f`: `[1]` is not an object: left out",
        ),
        (
            "7",
            |f| !f.list().is_empty(),
            "`f`: `7` is not a list: left out",
        ),
        (
            "[7]",
            |f| !f.objects().is_empty(),
            "`f[0]`: `7` is not an object: left out",
        ),
    ];
    for (raw, reads, expected) in table {
        assert_eq!(words(raw, reads), expected);
    }
}

#[test]
fn what_is_needed_is_refused_by_name() {
    let table = [
        (
            read("true", |f| f.needed_text().err()).0,
            "`f` is true or false, but a text is needed",
        ),
        (
            read(r#""\ud800""#, |f| f.needed_text().err()).0,
            "`f` is not valid Unicode",
        ),
    ];
    for (refusal, words) in table {
        assert_eq!(refusal.unwrap().to_string(), words);
    }
}

#[test]
fn phps_lists_and_objects_are_read_as_each_other() {
    for raw in ["[ ]", r#""""#] {
        assert_eq!(read(raw, |f| f.object().names().count()), (0, vec![]));
    }
    let table = [
        (r#"{"10":{"id":1},"2":{"id":2}}"#, 2, vec!["f.10", "f.2"]),
        (r#"{"id":1,"name":"Teapot"}"#, 1, vec!["f"]),
        ("{}", 0, vec![]),
        (r#""""#, 0, vec![]),
        (r#"[{"id":1},null,{"id":2}]"#, 2, vec!["f[0]", "f[2]"]),
    ];
    for (raw, count, paths) in table {
        let (read, _) = read(raw, |f| {
            let objects = f.objects();
            objects
                .iter()
                .map(|o| o.path().to_owned())
                .collect::<Vec<_>>()
        });
        assert_eq!(
            (read.len(), read),
            (count, paths.iter().map(|p| (*p).to_owned()).collect()),
            "{raw}"
        );
    }
}

#[test]
fn fields_are_gone_through_once_and_the_last_of_a_name_counts() {
    let names = |raw: &str| {
        read(raw, |f| {
            let object = f.object();
            let fields = object.fields();
            let pair =
                |(name, field): (&str, Field<'_>)| format!("{name}={}", field.text().unwrap());
            fields.map(pair).collect::<Vec<_>>()
        })
        .0
    };
    assert_eq!(names(r#"{"a":1,"b":2,"a":3}"#), ["b=2", "a=3"]);
    let many: Vec<String> = (0..200_000).map(|n| format!("\"{n}\":{n}")).collect();
    assert_eq!(names(&format!("{{{}}}", many.join(","))).len(), 200_000);
}
