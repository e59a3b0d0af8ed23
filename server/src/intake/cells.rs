//! The records of one order in a CSV file, as an object of its lines: `{"line 2":{"Name":"#1",…},"line 3":{…}}`.

use ordertop::order::OrderNumber;
use ordertop::order::placement::MAX_LINES;
use ordertop::order::text::clean;

use super::field::{Field, Object};
use super::refusal::Refusal;

/// The records of one order; the first of them holds the order's own fields.
pub(super) struct Cells<'a> {
    pub(super) records: Vec<Object<'a>>,
}

impl<'a> Cells<'a> {
    /// Takes the records of a row apart.
    pub(super) fn of(row: &Object<'a>) -> Result<Self, Refusal> {
        let records: Vec<_> = row.fields().map(|(_, record)| record.record()).collect();
        if records.len() > MAX_LINES {
            return Err(Refusal::Lines {
                field: "the order".into(),
                lines: records.len(),
            });
        }
        match records.is_empty() {
            true => Err(Refusal::Missing {
                field: "the order".into(),
            }),
            false => Ok(Self { records }),
        }
    }

    /// A field of the order: in its first record that has one.
    pub(super) fn get(&self, column: &str) -> Field<'a> {
        let has = |record: &&Object<'a>| record.has(column);
        let record = self.records.iter().find(has).unwrap_or(&self.records[0]);
        record.get(column)
    }
}

/// The number of an order as far as it can be read, for a report.
pub(super) fn number(row: &Object<'_>, column: &str) -> Option<String> {
    let text = row
        .fields()
        .find_map(|(_, record)| record.record().get(column).text_if_any())?;
    let text = clean(text.trim().trim_start_matches('#'), OrderNumber::MAX_CHARS);
    (!text.is_empty()).then_some(text)
}
