//! What is typed on the terminal of this process, and what the terminal itself says.
//!
//! A thread of its own reads bytes and stamps them with the time: a read of a terminal cannot be
//! given up. [`Input`] decodes them where they are waited for. Crossterm's own reader takes the
//! replies of a terminal for keys and waits for ever for the rest of a sequence.
//!
//! | module | what it holds |
//! |---|---|
//! | `decoder` | whole sequences out of bytes |
//! | `string` | control strings and pastes |
//! | `sequence` | what one sequence means |
//! | `timeout` | limits on the time that an unfinished one is waited for |
//! | `utf8` | how long a character is |

mod decoder;
mod sequence;
mod string;
#[cfg(test)]
mod tests;
mod timeout;
mod utf8;

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyModifiers};
use tokio::sync::mpsc;
use tokio::time::{timeout, timeout_at};

use decoder::Decoder;
use sequence::Decoded;
pub(crate) use sequence::Reply;

/// Reads that wait for the loop; the terminal keeps what comes beyond them.
const QUEUE: usize = 64;
/// Most bytes that are read at once.
#[cfg(unix)]
const MAX_READ: usize = 4096;
/// Most replies that wait to be looked at: more than are asked for.
const MAX_REPLIES: usize = 8;

/// How late a reply may come, after it was asked for, and still be kept from the shell.
const LATEST_REPLY: Duration = Duration::from_secs(1);

/// What the thread reads.
#[derive(Debug)]
enum Read {
    /// Bytes, and when they were read.
    #[cfg(unix)]
    Bytes(Instant, Vec<u8>),
    /// An event of a console that decodes them itself.
    #[cfg(not(unix))]
    Event(Event),
}

/// The input of the terminal. There must be one at a time; it goes from screen to screen.
#[derive(Debug)]
pub(crate) struct Input {
    reads: mpsc::Receiver<io::Result<Read>>,
    decoder: Decoder,
    events: VecDeque<Event>,
    replies: VecDeque<Reply>,
    /// Until when a reply may come that nobody waits for any more.
    expected: Option<tokio::time::Instant>,
}

impl Input {
    /// Begins to read. The terminal is taken already: it gives no bytes before, but lines.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub(crate) fn open() -> io::Result<Self> {
        let (tell, reads) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || read(&tell))?;
        Ok(Self::new(reads))
    }

    fn new(reads: mpsc::Receiver<io::Result<Read>>) -> Self {
        Self {
            reads,
            decoder: Decoder::default(),
            events: VecDeque::new(),
            replies: VecDeque::new(),
            expected: None,
        }
    }

    /// The next event; `None` at the end of the terminal. It may be given up and called again.
    pub(crate) async fn next(&mut self) -> Option<io::Result<Event>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(Ok(event));
            }
            self.replies.clear();
            match self.receive().await? {
                Ok(()) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The next event that is there already.
    pub(crate) fn try_next(&mut self) -> Option<io::Result<Event>> {
        while self.events.is_empty() {
            match self.reads.try_recv().ok()? {
                Ok(read) => self.take(read),
                Err(error) => return Some(Err(error)),
            }
        }
        self.events.pop_front().map(Ok)
    }

    /// Waits for the replies to queries whose last one asks for the attributes, and gives those
    /// that came in time. What is typed meanwhile stays in line; a reply that comes later is none
    /// of the events, and [`Self::settle`] keeps it from the shell.
    pub(crate) async fn replies(&mut self, within: Duration) -> Vec<Reply> {
        // One that came before answers nothing.
        self.replies.clear();
        let answered = timeout(within, async {
            while !self.replies.contains(&Reply::Attributes) {
                if !matches!(self.receive().await, Some(Ok(()))) {
                    break;
                }
            }
        });
        if answered.await.is_err() {
            self.expected = Some(tokio::time::Instant::now() + LATEST_REPLY);
        }
        self.replies.drain(..).collect()
    }

    /// Waits for the replies that may still come, before the terminal is given back: the shell
    /// would take them for commands.
    pub(crate) async fn settle(&mut self) {
        while let Some(expected) = self.expected {
            if !matches!(timeout_at(expected, self.receive()).await, Ok(Some(Ok(())))) {
                return;
            }
        }
    }

    /// Takes what comes next, or ends what comes no further; `None` at the end.
    async fn receive(&mut self) -> Option<io::Result<()>> {
        let read = match self.decoder.deadline() {
            Some(deadline) => match timeout_at(deadline.into(), self.reads.recv()).await {
                Ok(read) => read,
                Err(_) => {
                    self.decoder.expire(deadline);
                    self.sort();
                    return Some(Ok(()));
                }
            },
            None => self.reads.recv().await,
        };
        Some(read?.map(|read| self.take(read)))
    }

    fn take(&mut self, read: Read) {
        match read {
            #[cfg(unix)]
            Read::Bytes(at, bytes) => self.decoder.feed(&bytes, at),
            #[cfg(not(unix))]
            Read::Event(event) => self.events.push_back(event),
        }
        self.sort();
    }

    fn sort(&mut self) {
        while let Some(decoded) = self.decoder.pop() {
            match decoded {
                Decoded::Event(event) => self.events.push_back(event),
                Decoded::Reply(reply) => {
                    if reply == Reply::Attributes {
                        self.expected = None;
                    }
                    if self.replies.len() < MAX_REPLIES {
                        self.replies.push_back(reply);
                    }
                }
            }
        }
    }
}

/// The characters that were typed in a line of a terminal that gives lines, without the
/// sequences among them: echoed or not, they are no words.
pub(crate) fn words_of(line: &str) -> String {
    let mut decoder = Decoder::default();
    let at = Instant::now();
    decoder.feed(line.as_bytes(), at);
    let decoded = std::iter::from_fn(|| decoder.pop());
    let typed = decoded.filter_map(|decoded| match decoded {
        Decoded::Event(Event::Key(key)) if !key.modifiers.contains(KeyModifiers::ALT) => {
            match key.code {
                KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => Some(c),
                KeyCode::Tab => Some(' '),
                _ => None,
            }
        }
        _ => None,
    });
    typed.collect()
}

/// Reads until nobody listens or the terminal ends.
#[cfg(unix)]
fn read(tell: &mpsc::Sender<io::Result<Read>>) {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;

    let stdin = rustix::stdio::stdin();
    let mut buffer = [0; MAX_READ];
    loop {
        let read = match rustix::io::read(stdin, &mut buffer) {
            // It hung up.
            Ok(0) | Err(Errno::IO) => return,
            Ok(count) => Ok(Read::Bytes(Instant::now(), buffer[..count].to_vec())),
            Err(Errno::INTR) => continue,
            // Another program that shares the terminal made it so.
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None) {
                Ok(_) | Err(Errno::INTR) => continue,
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        };
        let failed = read.is_err();
        if tell.blocking_send(read).is_err() || failed {
            return;
        }
    }
}

#[cfg(not(unix))]
fn read(tell: &mpsc::Sender<io::Result<Read>>) {
    loop {
        let read = crossterm::event::read().map(Read::Event);
        let failed = read.is_err();
        if tell.blocking_send(read).is_err() || failed {
            return;
        }
    }
}
