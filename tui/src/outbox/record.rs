//! A line of the file: a checksum, a blank, a record as JSON, an end of line.
//!
//! ```text
//! 5d1c0a7f4b2e9938 {"queued":{"id":"9f…","at":"2026-11-23T14:02:00Z",…}}
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::digest;
use crate::model::outbox::{Entry, Outcome};

/// The format that this program writes.
pub(super) const FORMAT: u32 = 1;
/// Hex digits of a checksum.
const SUM_DIGITS: usize = 16;

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// The file's first: whose changes these are.
    Outbox(Owner),
    /// A change waits.
    Queued(Box<Entry>),
    /// A change waits no more.
    Settled(Settled),
}

/// Whose changes a file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Owner {
    /// [`FORMAT`].
    pub(super) format: u32,
    /// The server's address, without what a secret could be in.
    pub(super) server: String,
    /// The vendor that is acted as; none for support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) vendor: Option<String>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Settled {
    /// Which.
    pub(super) id: String,
    /// When.
    pub(super) at: Timestamp,
    /// What.
    pub(super) outcome: Outcome,
}

/// The line of a record, with its end.
pub(super) fn encode(record: &Record) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_string(record)?;
    Ok(format!("{:016x} {json}\n", digest::of(json.as_bytes())).into_bytes())
}

/// What stands in a line without its end.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// A record.
    Whole(Record),
    /// The checksum does not fit: something else wrote here, or the disk failed.
    Damaged,
    /// It is as it was written, and not a record that this program knows.
    Unknown,
}

pub(super) fn decode(line: &[u8]) -> Line {
    let Some((sum, rest)) = line.split_at_checked(SUM_DIGITS) else {
        return Line::Damaged;
    };
    let sum = str::from_utf8(sum)
        .ok()
        .and_then(|sum| u64::from_str_radix(sum, 16).ok());
    match rest.strip_prefix(b" ") {
        Some(json) if sum == Some(digest::of(json)) => match serde_json::from_slice(json) {
            Ok(record) => Line::Whole(record),
            Err(_) => Line::Unknown,
        },
        _ => Line::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{noted, step_of, tracked, waiting};
    use ordertop::order::Shipment;

    #[test]
    fn a_line_with_any_byte_changed_is_no_record() {
        let mut entry = waiting("陳-1", 3);
        let change = step_of(&mut entry);
        change.reason = Some("\"rang\"\nagain".into());
        change.shipment = Some(Shipment {
            carrier: Some("DHL".into()),
            ..Shipment::default()
        });
        let record = Record::Queued(Box::new(entry));
        let line = encode(&record).unwrap();
        let line = line.strip_suffix(b"\n").unwrap();
        assert_eq!(decode(line), Line::Whole(record));
        for at in 0..line.len() {
            let mut other = line.to_vec();
            other[at] ^= 1;
            assert_eq!(decode(&other), Line::Damaged, "byte {at}");
            assert_eq!(decode(&line[..at]), Line::Damaged, "cut at {at}");
        }
    }

    #[test]
    fn a_note_is_no_step_to_a_program_that_knows_steps_alone() {
        let line = encode(&Record::Queued(Box::new(noted("A-1")))).unwrap();
        let line = line.strip_suffix(b"\n").unwrap();
        assert_eq!(
            decode(line),
            Line::Whole(Record::Queued(Box::new(noted("A-1"))))
        );
        let json: serde_json::Value = serde_json::from_slice(&line[SUM_DIGITS + 1..]).unwrap();
        let fields = json["queued"].as_object().unwrap();
        // Both are required of a step: without them it finds a record that it does not know.
        assert!(
            !fields.contains_key("to") && !fields.contains_key("change"),
            "{json}"
        );
        assert_eq!(fields["note"]["text"], "call first");
    }

    #[test]
    fn a_parcel_is_neither_step_nor_note_to_a_program_that_knows_those_alone() {
        let line = encode(&Record::Queued(Box::new(tracked("A-1")))).unwrap();
        let line = line.strip_suffix(b"\n").unwrap();
        assert_eq!(
            decode(line),
            Line::Whole(Record::Queued(Box::new(tracked("A-1"))))
        );
        let json: serde_json::Value = serde_json::from_slice(&line[SUM_DIGITS + 1..]).unwrap();
        let fields = json["queued"].as_object().unwrap();
        for name in ["to", "change", "note"] {
            assert!(!fields.contains_key(name), "{json}");
        }
        assert_eq!(fields["tracking"]["tracking_number"], "JJD1");
    }

    #[test]
    fn a_record_of_a_later_program_is_known_to_be_one() {
        let json = br#"{"postponed":{"id":"x"}}"#;
        let mut line = format!("{:016x} ", digest::of(json)).into_bytes();
        line.extend_from_slice(json);
        assert_eq!(decode(&line), Line::Unknown);
    }
}
