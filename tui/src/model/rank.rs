//! Sorting every row at once. Comparing two rows looks at memory in many places,
//! and a sort of 100,000 compares two million times: so what decides nearly
//! always is first worked out once for each row and laid side by side.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use ordertop::order::{Currency, VendorId};

use super::row::Row;
use super::sort::{Sort, Sorting, split_digits};

/// Where a row belongs, as numbers.
struct Rank<'a> {
    first: u128,
    /// Asked when `first` is the same.
    then: [u64; 2],
    /// Whether `first` is all that there is to compare first, and not a part of it.
    exact: bool,
    row: &'a Row,
    slot: u32,
}

/// The slots of these rows, in the order in which [`Sorting::compare`] puts them.
pub(super) fn in_order<'a>(
    sorting: Sorting,
    rows: impl Iterator<Item = (u32, &'a Row)> + Clone,
) -> Vec<u32> {
    let among = Among::new(rows.clone().map(|(_, row)| row));
    let mut ranks: Vec<_> = rows
        .map(|(slot, row)| among.rank(sorting.by, slot, row))
        .collect();
    ranks.sort_unstable_by(|a, b| a.compare(b, sorting.by));
    let mut slots: Vec<u32> = ranks.iter().map(|rank| rank.slot).collect();
    if sorting.reversed {
        // Those without a time stand at the end either way round.
        let end = match sorting.by {
            Sort::ShipBy => ranks.partition_point(|rank| rank.first != NEVER),
            _ => slots.len(),
        };
        slots[..end].reverse();
        slots[end..].reverse();
    }
    slots
}

/// After every moment.
const NEVER: u128 = u128::MAX;

impl Rank<'_> {
    fn compare(&self, other: &Self, by: Sort) -> Ordering {
        let numbers = self.first.cmp(&other.first);
        let numbers = match self.exact && other.exact {
            true => numbers.then_with(|| self.then.cmp(&other.then)),
            false => numbers,
        };
        numbers.then_with(|| by.compare(self.row, other.row))
    }
}

/// What the rows that are sorted have in common.
struct Among {
    /// The places of each vendor among the others, by id and by name. By the
    /// address of what all its rows share.
    vendors: HashMap<*const u8, (u16, u32)>,
    /// So many bytes begin every number.
    same: usize,
}

impl Among {
    fn new<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut vendors: HashMap<*const u8, (&VendorId, &str)> = HashMap::new();
        let mut before = None;
        let mut same: Option<&[u8]> = None;
        for row in rows {
            let at = row.vendor.as_ptr();
            if before != Some(at) {
                vendors.insert(at, (&row.key.vendor, row.vendor_folded()));
                before = Some(at);
            }
            let number = row.key.number.as_str().as_bytes();
            let known = same.unwrap_or(number);
            let both = known.iter().zip(number).take_while(|(a, b)| a == b);
            same = Some(&known[..both.count()]);
        }
        let ids: BTreeSet<_> = vendors.values().map(|(id, _)| *id).collect();
        let names: BTreeSet<_> = vendors.values().map(|(_, name)| *name).collect();
        let ids: HashMap<_, _> = ids.into_iter().zip(0_usize..).collect();
        let names: HashMap<_, _> = names.into_iter().zip(0_u32..).collect();
        let places = vendors.iter().map(|(at, (id, name))| {
            let id = u16::try_from(ids[id]).unwrap_or(u16::MAX);
            (*at, (id, names[name]))
        });
        Self {
            vendors: places.collect(),
            same: same.map_or(0, <[u8]>::len),
        }
    }

    fn rank<'a>(&self, by: Sort, slot: u32, row: &'a Row) -> Rank<'a> {
        let order = &row.order;
        let newest = !micros(order.created_at());
        let (vendor, name) = (self.vendors.get(&row.vendor.as_ptr()))
            .copied()
            .unwrap_or_default();
        let key = self.key(vendor, row);
        let whole = |first: u64| (u128::from(first), true);
        let ((first, exact), then) = match by {
            Sort::Urgency => (whole(ascending(row.urgency)), [0, key]),
            Sort::Newest => (whole(newest), [0, key]),
            Sort::Number => (prefix(natural(row.key.number.as_str())), [0, key]),
            Sort::Buyer => (prefix(row.buyer_folded().bytes()), [newest, key]),
            Sort::Total => {
                let currency = u128::from(currency(order.currency)) << 64;
                let amount = u128::from(!ascending(row.amount));
                ((currency | amount, true), [newest, key])
            }
            Sort::Vendor => (whole(u64::from(name)), [newest, key]),
            Sort::Status => (whole(row.status() as u64), [newest, key]),
            Sort::Since => (whole(micros(row.since())), [0, key]),
            Sort::ShipBy => {
                let due = row.ship_by().map(|due| u128::from(micros(due)));
                ((due.unwrap_or(NEVER), true), [0, key])
            }
        };
        Rank {
            first,
            then,
            exact,
            row,
            slot,
        }
    }

    /// The vendor's place, and what comes next of the number.
    fn key(&self, vendor: u16, row: &Row) -> u64 {
        let number = &row.key.number.as_str().as_bytes()[self.same..];
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&vendor.to_be_bytes());
        // The last place may be that of many vendors.
        if vendor < u16::MAX {
            let known = number.len().min(6);
            bytes[2..2 + known].copy_from_slice(&number[..known]);
        }
        u64::from_be_bytes(bytes)
    }
}

/// Sorts as the signed number does.
fn ascending(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

fn micros(at: Timestamp) -> u64 {
    ascending(at.as_microsecond())
}

/// Sorts as the currencies do; none comes first.
fn currency(currency: Option<Currency>) -> u64 {
    currency.map_or(0, |currency| {
        let code = currency.code().bytes();
        let code = code.fold(1, |sum, byte| (sum << 8) | u64::from(byte));
        (code << 8) | u64::from(currency.exponent())
    })
}

/// The first bytes as a number, and whether it stands for all of them.
fn prefix(mut text: impl Iterator<Item = u8>) -> (u128, bool) {
    let mut bytes = [0; 16];
    let mut zero = false;
    for (place, byte) in bytes.iter_mut().zip(text.by_ref()) {
        *place = byte;
        zero |= byte == 0;
    }
    // A zero looks like the end.
    (u128::from_be_bytes(bytes), !zero && text.next().is_none())
}

/// Bytes that sort as [`super::natural`] does: a digit for any run of digits, for
/// no other sign sorts among them, how many they are, and the run.
fn natural(text: &str) -> impl Iterator<Item = u8> {
    let mut bytes = Vec::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        if sign.is_ascii_digit() {
            let (run, after) = split_digits(rest);
            bytes.extend([b'0', u8::try_from(run.len()).unwrap_or(u8::MAX)]);
            bytes.extend(run.bytes());
            rest = after;
        } else {
            let (sign, after) = rest.split_at(sign.len_utf8());
            bytes.extend(sign.bytes());
            rest = after;
        }
    }
    bytes.into_iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::fixture::{at, order_of, packed};
    use crate::model::row::fold_vendor;
    use ordertop::order::{OrderKey, OrderStatus};

    /// One of 20 in each part, so that many are the same.
    fn row(number: &str, buyer: &str, dice: [i64; 5], vendor: &str) -> Option<Row> {
        let number = ordertop::order::OrderNumber::new(number).ok()?;
        let [placed, since, due, status, amount] = dice;
        let status = OrderStatus::ALL[usize::try_from(status % 8).unwrap()];
        let currency = ["EUR", "USD", "JPY"][usize::try_from(amount % 3).unwrap()];
        let order = order_of(
            number.as_str(),
            buyer,
            status,
            placed,
            &format!("{amount}.50"),
            currency,
        );
        let mut order = (*order).clone();
        order.status_since = (since > 3).then(|| at(since));
        order.ship_by = (due > 9).then(|| at(due));
        let vendor = VendorId::new(vendor).unwrap();
        let folded = fold_vendor(
            &vendor,
            &format!("a shop with a long name {}", number.as_str().len() % 3),
        );
        Some(Row::new(
            OrderKey { vendor, number },
            packed(&order),
            folded,
        ))
    }

    proptest! {
        /// The numbers decide as comparing the rows does.
        #[test]
        fn rows_stand_as_comparing_them_says(
            rows in proptest::collection::vec(
                (
                    prop_oneof!["[A-B]-?0{0,2}[0-9]{1,3}", "SHOP-2026-[0-9]{6}", "[ -~ß-ÿ]{1,6}"],
                    prop_oneof!["(Ana|Jürgen Maximilian) (Li|Souza da Silva [AB])", "[\u{0}-\u{2}a]{0,3}"],
                    prop::array::uniform5(0_i64..20),
                    "[ab]{1,2}",
                ),
                0..60,
            )
        ) {
            let rows: Vec<Row> = rows.iter().filter_map(|(number, buyer, dice, vendor)| {
                row(number, buyer, *dice, vendor)
            }).collect();
            for by in Sort::ALL {
                for reversed in [false, true] {
                    let sorting = Sorting { by, reversed };
                    let slots = in_order(sorting, (0..).zip(&rows));
                    let mut compared: Vec<&Row> = rows.iter().collect();
                    compared.sort_by(|a, b| sorting.compare(a, b));
                    // Rows with one key are the same order, and may stand either way.
                    let keys = |row: &Row| (row.key.clone(), row.amount(), row.created_at());
                    let ranked: Vec<_> = slots.iter().map(|slot| &rows[*slot as usize].key).collect();
                    let expected: Vec<_> = compared.iter().map(|row| &row.key).collect();
                    prop_assert_eq!(ranked, expected, "{:?} {:?}", sorting, rows.iter().map(keys).collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn rows_of_one_moment_stand_by_their_number() {
        let rows: Vec<Row> = ["A-3", "A-1", "A-2"]
            .iter()
            .filter_map(|number| row(number, "Ana", [5; 5], "a"))
            .collect();
        let slots = in_order(Sort::Newest.into(), (0..).zip(&rows));
        assert_eq!(slots, [1, 2, 0]);
        assert!(in_order(Sort::Newest.into(), (0..).zip(&rows[..0])).is_empty());
    }
}
