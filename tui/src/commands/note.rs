//! `ordertop note`.

use std::io::Read as _;

use clap::{Args, ValueEnum};
use ordertop::order::text::{MAX_NOTE_CHARS, clean};
use ordertop::order::{OrderNumber, Visibility};
use ordertop::protocol::rest::NewNote;
use serde_json::json;

use super::output::{Output, OutputArgs};
use super::{ConnectArgs, Exit, Failure, json};
use crate::model::text::{grouped, tame, tame_long};

/// The most that is read of a note from stdin, in bytes: more than a note can have,
/// so that what is too long is counted and not cut.
const MAX_BYTES: u64 = 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  ordertop note A-1001 'Buyer calls: leave it with the neighbour' --vendor 42
      vendor and support read it
  ordertop note A-1001 'Second refund this month' --visibility support
      as support, for support alone, which is how support writes unless told otherwise
  git log -1 --format=%s | ordertop note A-1001 -

A note has at most 2,000 characters; a longer one is refused. It cannot be changed
or taken back. With --json: {order_number, vendor_id, version, position, note}.";

/// Which order, and the words.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct NoteArgs {
    /// The order's number
    #[arg(value_name = "NUMBER")]
    number: OrderNumber,
    /// The words, in one line; - reads them from stdin
    #[arg(value_name = "TEXT")]
    text: String,
    /// Who may read it
    #[arg(long, value_enum)]
    visibility: Option<Readers>,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Who may read a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Readers {
    /// Vendor and support
    Vendor,
    /// Support alone
    Support,
}

impl From<Readers> for Visibility {
    fn from(readers: Readers) -> Self {
        match readers {
            Readers::Vendor => Self::Vendor,
            Readers::Support => Self::Support,
        }
    }
}

/// Adds a note.
///
/// # Errors
/// When there is no such order, the server refuses or does not answer, or stdin
/// or stdout fails.
pub(super) async fn run(args: NoteArgs) -> Result<Exit, Failure> {
    let rest = args.connect.rest()?;
    let mut out = Output::new(args.output);
    let note = NewNote {
        text: if args.text == "-" {
            stdin()?
        } else {
            args.text
        },
        visibility: args.visibility.map(Visibility::from),
    };
    if note.text.trim().is_empty() {
        return Err(Failure::Usage(
            "the note says nothing: write some words".to_owned(),
        ));
    }
    fits(&note.text)?;
    let key = args.connect.key_to_change(&rest, &args.number).await?;
    let added = rest.add_note(&key, &note).await?;
    if out.json {
        out.object(&json!({
            "order_number": key.number, "vendor_id": key.vendor, "version": added.order.version,
            "position": json::value(&added.position), "note": json::value(&added.note),
        }))?;
    } else {
        let readers = match added.note.visibility {
            Visibility::Vendor => "for vendor and support",
            Visibility::Support => "for support alone",
        };
        let number = tame(key.number.as_str());
        out.line(&format!(
            "{number}  noted {readers}  {}",
            tame_long(&added.note.body)
        ))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Refuses what a server would cut: a note cannot be mended.
fn fits(text: &str) -> Result<(), Failure> {
    // As the server cleans it; no text has more characters than bytes.
    let count = clean(text, text.len() + 1).chars().count();
    if count <= MAX_NOTE_CHARS {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "the note has {} characters, and {} are kept: shorten it, or write two",
        grouped(count),
        grouped(MAX_NOTE_CHARS)
    )))
}

fn stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let mut from = std::io::stdin().lock().take(MAX_BYTES + 1);
    from.read_to_end(&mut bytes).map_err(|error| Failure::Io {
        what: "stdin".to_owned(),
        error,
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::Usage(format!(
            "stdin is longer than any note: {} characters are kept",
            grouped(MAX_NOTE_CHARS)
        )));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_would_be_cut_is_refused_with_its_length() {
        // Blanks at its ends and between are not kept.
        let whole = format!(" {} \n", "é".repeat(MAX_NOTE_CHARS));
        assert!(fits(&whole).is_ok());
        let refused = fits(&"é".repeat(MAX_NOTE_CHARS + 1)).unwrap_err();
        assert!(
            refused.to_string().contains("2,001 characters"),
            "{refused}"
        );
        assert_eq!(refused.exit(), Exit::Usage);
    }
}
