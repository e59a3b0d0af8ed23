//! How a command ends.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use ordertop::client::RequestError;

use crate::config::{BadVariable, NoToken};
use crate::model::text::tame;

/// The exit codes, as the help tells them.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    done; nothing was to be done counts, and so does a reader that went away
  1    failed: the server broke, its answer cannot be read, a file or stdout cannot be
       written
  2    usage: the command line, a variable, the configuration or what stdin gave is wrong
  3    not found: no such order
  4    refused: the rules say no, the order has changed meanwhile, it takes no parcel any
       more, several vendors have its number, or a server of the old kind cannot keep it
  5    unreachable: no server, something else answers in its place (a web page, a redirect),
       its store is away, or it asks for patience
  6    unauthorized: the token or the vendor is not let in, or there is no such vendor
  7    timed out: what was waited for did not happen
  130  interrupted by Ctrl-C
Of several orders that failed in different ways the code is 1.";

/// How a command ended; a script decides by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Done,
    /// Something broke.
    Failed,
    /// The command line is wrong.
    Usage,
    /// There is no such order or vendor.
    NotFound,
    /// The rules say no, or the order has changed.
    Refused,
    /// Nobody answers.
    Unreachable,
    /// The credentials do not do.
    Unauthorized,
    /// What was waited for did not happen.
    TimedOut,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The code, as [`EXIT_CODES`] tells it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::Unreachable => 5,
            Self::Unauthorized => 6,
            Self::TimedOut => 7,
            // 128 and the number of SIGINT, as shells count.
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server did not do it.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A server of the old kind tells of nothing but over its socket.
    #[error(
        "this server keeps no events: it is one of the old kind; watch it with `ordertop --vendor ID`"
    )]
    NoEvents,
    /// The token's variable is not set.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// A variable cannot be used.
    #[error(transparent)]
    Variable(#[from] BadVariable),
    /// The command line asks for what does not go together.
    #[error("{0}")]
    Usage(String),
    /// It was not begun: the server stayed away, or nobody could be told of it.
    #[error("not sent")]
    NotSent,
    /// The order that was followed is gone.
    #[error("the order was erased")]
    Erased,
    /// What was waited for did not happen in time.
    #[error("{what} did not happen within {} s", after.as_secs())]
    TimedOut {
        /// What was waited for.
        what: String,
        /// For how long.
        after: Duration,
    },
    /// A file, or stdin or stdout, failed.
    #[error("{what}: {error}")]
    Io {
        /// Which.
        what: String,
        /// How.
        error: io::Error,
    },
    /// Whoever read stdout has read enough.
    #[error("nobody reads any more")]
    ReaderGone,
}

impl Failure {
    /// The exit code for it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Request(error) => of_request(error),
            Self::NoToken(_) | Self::Variable(_) | Self::Usage(_) => Exit::Usage,
            Self::NotSent => Exit::Unreachable,
            Self::Erased => Exit::NotFound,
            Self::TimedOut { .. } => Exit::TimedOut,
            Self::NoEvents => Exit::Refused,
            Self::Io { .. } => Exit::Failed,
            Self::ReaderGone => Exit::Done,
        }
    }

    /// What to say of it; nothing where nobody failed. `credentials` is what to look
    /// at when the server lets nobody in.
    #[must_use]
    pub fn sentence(&self, credentials: &str) -> Option<String> {
        let said = match self {
            Self::ReaderGone => return None,
            Self::Request(error) => of_server(error, credentials),
            other => other.to_string(),
        };
        Some(tame(&said).into_owned())
    }

    /// A failure to write to stdout.
    pub(super) fn output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Self::Io {
            what: "stdout".to_owned(),
            error,
        }
    }
}

/// What a server says, in the words of the command line: it speaks of queries and
/// fields, which nobody has at a shell.
pub(super) fn of_server(error: &RequestError, credentials: &str) -> String {
    /// A server's words and ours.
    const WORDS: [(&str, &str); 2] = [
        ("send \"reason\"", "give one with --reason"),
        ("`visibility`", "--visibility"),
    ];
    let mut said = error.to_string();
    match error {
        // The old system's words for it name neither.
        RequestError::Refused { status: 401, .. } => {
            said.push_str(&format!(" (check {credentials})"));
        }
        RequestError::Refused { code, .. } if code == "ambiguous_order" => {
            said = said.replace(": say which with ?vendor=", "");
            said.push_str("; say which with --vendor");
        }
        _ => {}
    }
    for (theirs, ours) in WORDS {
        said = said.replace(theirs, ours);
    }
    said
}

/// The exit code for a request that failed.
pub(super) fn of_request(error: &RequestError) -> Exit {
    match error {
        RequestError::Unreachable { .. }
        | RequestError::Timeout { .. }
        | RequestError::Foreign { .. }
        | RequestError::Away { .. } => Exit::Unreachable,
        RequestError::VersionConflict { .. } | RequestError::NotKept { .. } => Exit::Refused,
        RequestError::Refused { status, .. } => match status {
            401 | 403 => Exit::Unauthorized,
            404 => Exit::NotFound,
            400..=499 => Exit::Refused,
            _ => Exit::Failed,
        },
        RequestError::AnotherVendor { .. }
        | RequestError::VendorNeeded
        | RequestError::Address { .. }
        | RequestError::Token => Exit::Usage,
        _ => Exit::Failed,
    }
}
