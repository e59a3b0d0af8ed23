//! The real terminal program in a pseudo-terminal.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use tokio::sync::watch;

use super::{DEADLINE, TOKEN, binary};

const ROWS: u16 = 30;
const COLS: u16 = 120;

/// A running `ordertop` and what its terminal shows. Dropping it hangs up.
pub(crate) struct Screen {
    child: Box<dyn Child + Send + Sync>,
    /// The terminal hangs up when it is dropped.
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    written: Arc<Mutex<Vec<u8>>>,
    terminal: Arc<Mutex<vt100::Parser>>,
    drawn: watch::Receiver<u64>,
    /// The program's settings and state live in it.
    home: PathBuf,
    /// Kept: it goes with the screen, unless it is the test's own.
    _temporary: Option<TempDir>,
}

impl Screen {
    /// Starts `ordertop --server URL --vendor VENDOR`.
    pub(crate) fn watch_vendor(url: &str, vendor: &str) -> Self {
        Self::start(&["--server", url, "--vendor", vendor])
    }

    /// Starts `ordertop` with these arguments on 120 columns and 30 rows.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::run(&binary("ordertop"), args)
    }

    /// The same with settings and state in `home`, where they stay.
    pub(crate) fn start_at(home: &Path, args: &[&str]) -> Self {
        Self::run_at(&binary("ordertop"), args, home)
    }

    /// Starts a shell with job control, and `ordertop` in it. The file `pid` in
    /// its home names the program's process.
    pub(crate) fn start_in_a_shell(args: &[&str]) -> Self {
        let mut screen = Self::run(
            Path::new("bash"),
            &["--norc", "--noprofile", "--noediting", "-i"],
        );
        let program = binary("ordertop");
        let program = program.display();
        let args = args.join(" ");
        screen.press(&format!("sh -c 'echo $$ > pid; exec {program} {args}'\r"));
        screen
    }

    /// The same without a token in the environment: nothing is said of any server.
    pub(crate) fn start_unconfigured(home: &Path, args: &[&str]) -> Self {
        let mut command = command(&binary("ordertop"), args, home);
        command.env_remove("ORDERTOP_MASTER_TOKEN");
        Self::run_command(command, home)
    }

    fn run(program: &Path, args: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let mut screen = Self::run_at(program, args, home.path());
        screen._temporary = Some(home);
        screen
    }

    fn run_at(program: &Path, args: &[&str], home: &Path) -> Self {
        Self::run_command(command(program, args, home), home)
    }

    fn run_command(command: CommandBuilder, home: &Path) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).expect("a pty");
        let child = pty.slave.spawn_command(command).expect("it starts");
        // Ours must be closed, or the reader never sees the end.
        drop(pty.slave);
        let reader = pty.master.try_clone_reader().expect("a reader");
        let keys = pty.master.take_writer().expect("a writer");
        let terminal = Arc::new(Mutex::new(parser()));
        let (tell, drawn) = watch::channel(0);
        let written = Arc::new(Mutex::new(Vec::new()));
        let (shown, kept) = (terminal.clone(), written.clone());
        std::thread::spawn(move || draw(reader, &shown, &kept, &tell));
        Self {
            child,
            master: pty.master,
            keys,
            written,
            terminal,
            drawn,
            home: home.to_path_buf(),
            _temporary: None,
        }
    }

    /// What the terminal shows now, as text.
    pub(crate) fn text(&self) -> String {
        self.terminal().screen().contents()
    }

    /// Waits until the screen's text is as `wanted` and answers it.
    pub(crate) async fn shows(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let waiting = async {
            loop {
                self.drawn.mark_unchanged();
                let text = self.text();
                if wanted(&text) {
                    return Ok(text);
                }
                if self.drawn.changed().await.is_err() {
                    return Err("ordertop ended");
                }
            }
        };
        let outcome = tokio::time::timeout(DEADLINE, waiting).await;
        match outcome {
            Ok(Ok(text)) => text,
            Ok(Err(why)) => panic!("{why} before the screen showed {what}:\n{}", self.text()),
            Err(_) => panic!("waited {DEADLINE:?} for {what}:\n{}", self.text()),
        }
    }

    /// Waits until `words` stand somewhere on the screen.
    pub(crate) async fn shows_text(&mut self, words: &str) -> String {
        self.shows(words, |text| text.contains(words)).await
    }

    /// Waits until one line of the screen holds all of `words`.
    pub(crate) async fn shows_line(&mut self, words: &[&str]) -> String {
        let holds = |text: &str| {
            text.lines()
                .any(|line| words.iter().all(|word| line.contains(word)))
        };
        self.shows(&format!("a line with {words:?}"), holds).await
    }

    /// Presses keys, as the bytes that a terminal sends for them.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys go in");
        self.keys.flush().expect("keys go in");
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).expect("a size");
    }

    /// Sends a signal to the program, which [`Self::start`] started.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        send(self.child.process_id().expect("it runs"), signal);
    }

    /// Kills the program as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.wait().expect("a status");
    }

    /// Sends a signal to the program, which [`Self::start_in_a_shell`] started.
    pub(crate) fn signal_in_the_shell(&self, signal: rustix::process::Signal) {
        let pid = std::fs::read_to_string(self.home.join("pid")).expect("a file");
        send(pid.trim().parse().expect("a process"), signal);
    }

    /// Everything that was written to the terminal so far.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.written
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .clone()
    }

    /// Waits for the program's end and answers its exit code.
    pub(crate) async fn ended(&mut self) -> u32 {
        let reading = async { while self.drawn.changed().await.is_ok() {} };
        let ended = tokio::time::timeout(DEADLINE, reading).await;
        assert!(ended.is_ok(), "ordertop still runs:\n{}", self.text());
        self.child.wait().expect("a status").exit_code()
    }

    /// Whether the terminal is as the shell left it: the usual screen, a cursor,
    /// no mouse reports, no bracketed paste.
    pub(crate) fn is_restored(&self) -> bool {
        let terminal = self.terminal();
        let screen = terminal.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }

    fn terminal(&self) -> MutexGuard<'_, vt100::Parser> {
        self.terminal.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn parser() -> vt100::Parser {
    let size = |cells| NonZeroU16::new(cells).expect("a size");
    vt100::Parser::new(size(ROWS), size(COLS), 0)
}

fn send(process: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(process)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.expect("a process"), signal).expect("a signal");
}

fn command(program: &Path, args: &[&str], home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.args(args);
    command.env_clear();
    for (name, value) in std::env::vars_os() {
        if name == "PATH" {
            command.env(name, value);
        }
    }
    command.env("HOME", home);
    command.env("LANG", "C.UTF-8");
    command.env("TERM", "xterm-256color");
    command.env("ORDERTOP_MASTER_TOKEN", TOKEN);
    command.cwd(home);
    command
}

/// Feeds what the program writes to the terminal until the program ends.
fn draw(
    mut reader: Box<dyn Read + Send>,
    shown: &Mutex<vt100::Parser>,
    written: &Mutex<Vec<u8>>,
    tell: &watch::Sender<u64>,
) {
    let mut bytes = [0_u8; 4096];
    while let Ok(read @ 1..) = reader.read(&mut bytes) {
        shown
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .process(&bytes[..read]);
        written
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .extend_from_slice(&bytes[..read]);
        tell.send_modify(|times| *times += 1);
    }
}
