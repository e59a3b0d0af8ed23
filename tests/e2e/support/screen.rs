//! The real terminal program in a pseudo-terminal.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use tokio::sync::watch;

use super::{DEADLINE, TOKEN, binary, blocking};

const ROWS: u16 = 30;
const COLS: u16 = 120;

/// A running `ordertop` and what its terminal shows. Dropping it hangs up.
pub(crate) struct Screen {
    child: Box<dyn Child + Send + Sync>,
    /// The terminal hangs up when this and the keys are dropped, and nobody reads.
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    /// Reads what the program writes, until that ends or this hangs up.
    reader: Option<JoinHandle<()>>,
    hung_up: Arc<AtomicBool>,
    written: Arc<Mutex<Vec<u8>>>,
    terminal: Arc<Mutex<vt100::Parser>>,
    drawn: watch::Receiver<u64>,
    /// The program's settings and state live in it.
    home: PathBuf,
    /// Kept: it goes with the screen, unless it is the test's own.
    _temporary: Option<TempDir>,
}

/// The arrow up: it types nothing, so the keys after it are taken however soon before them a
/// dialog closed.
pub(crate) const UP: &str = "\x1b[A";

impl Screen {
    /// Starts `ordertop --server URL --vendor VENDOR`.
    pub(crate) fn watch_vendor(url: &str, vendor: &str) -> Self {
        Self::start(&["--server", url, "--vendor", vendor])
    }

    /// Starts `ordertop` with these arguments on 120 columns and 30 rows.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::run(&binary("ordertop"), args, &[])
    }

    /// The same with settings and state in `home`, where they stay.
    pub(crate) fn start_at(home: &Path, args: &[&str]) -> Self {
        Self::run_at(&binary("ordertop"), args, home, &[])
    }

    /// The same with more, or other, variables.
    pub(crate) fn start_with(variables: &[(&str, &str)], args: &[&str]) -> Self {
        Self::run(&binary("ordertop"), args, variables)
    }

    /// Starts another program, which may start `ordertop`, in `home`.
    pub(crate) fn start_program(program: &str, args: &[&str], home: &Path) -> Self {
        Self::run_at(Path::new(program), args, home, &[])
    }

    /// Starts a shell with job control, and `ordertop` in it. The file `pid` in
    /// its home names the program's process.
    pub(crate) fn start_in_a_shell(args: &[&str]) -> Self {
        let mut screen = Self::run(
            Path::new("bash"),
            &["--norc", "--noprofile", "--noediting", "-i"],
            &[],
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

    fn run(program: &Path, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let mut screen = Self::run_at(program, args, home.path(), variables);
        screen._temporary = Some(home);
        screen
    }

    fn run_at(program: &Path, args: &[&str], home: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = command(program, args, home);
        for (name, value) in variables {
            command.env(name, value);
        }
        Self::run_command(command, home)
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
        let hung_up = Arc::new(AtomicBool::new(false));
        let over = hung_up.clone();
        let reader = std::thread::spawn(move || draw(reader, &shown, &kept, &tell, &over));
        Self {
            child,
            master: Some(pty.master),
            keys: Some(keys),
            reader: Some(reader),
            hung_up,
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
        let to = self.keys.as_mut().expect("it did not hang up");
        to.write_all(keys.as_bytes()).expect("keys go in");
        to.flush().expect("keys go in");
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let master = self.master.as_ref().expect("it did not hang up");
        master.resize(size).expect("a size");
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

    /// Closes the terminal under the program, as a window does that is closed.
    pub(crate) fn hang_up(&mut self) {
        self.hung_up.store(true, Ordering::SeqCst);
        // What it draws now is the last that is read.
        self.press("?");
        let reader = self.reader.take().expect("hung up once");
        reader.join().expect("it reads");
        self.keys = None;
        self.master = None;
    }

    /// Waits for the end of a program whose terminal hung up. Answers for how
    /// long it kept a processor busy in all, where the system tells.
    pub(crate) async fn gone(&mut self) -> Option<Duration> {
        let process = self.child.process_id().expect("not waited for");
        let pid = rustix::process::Pid::from_raw(i32::try_from(process).expect("a process"));
        let id = rustix::process::WaitId::Pid(pid.expect("a process"));
        let options =
            rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
        let ended = blocking("the program to end", move || {
            rustix::process::waitid(id, options)
        });
        ended.await.expect("a status");
        let busy = busy(process);
        self.child.wait().expect("a status");
        busy
    }

    /// For how long the program kept a processor busy up to now.
    pub(crate) fn busy(&self) -> Option<Duration> {
        busy(self.child.process_id()?)
    }

    /// The directory that the program takes for its user's.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Waits until the program has written this since it had written so many
    /// bytes.
    pub(crate) async fn writes(&mut self, wanted: &str, since: usize) {
        let waiting = async {
            loop {
                self.drawn.mark_unchanged();
                let written = self.written();
                let found = (written[since..].windows(wanted.len()))
                    .any(|bytes| bytes == wanted.as_bytes());
                if found || self.drawn.changed().await.is_err() {
                    return found;
                }
            }
        };
        let found = tokio::time::timeout(DEADLINE, waiting).await;
        if found != Ok(true) {
            let written = self.written();
            let written = String::from_utf8_lossy(&written[since..]).into_owned();
            panic!("{wanted:?} was not written: {written:?}");
        }
    }

    /// Whether the terminal itself takes lines, shows what is typed and makes
    /// signals of keys.
    pub(crate) fn is_cooked(&self) -> bool {
        let modes = (self.master.as_ref()).and_then(|master| master.get_termios());
        let modes = format!("{:?}", modes.expect("it did not hang up").local_flags);
        ["ICANON", "ECHO", "ISIG"]
            .iter()
            .all(|mode| modes.contains(mode))
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

/// What Linux says of a process, which may have ended.
fn busy(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After the name, which may hold anything, from the process's state on.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).ok()?)
}

/// Feeds what the program writes to the terminal until the program ends, or the
/// terminal hung up.
fn draw(
    mut reader: Box<dyn Read + Send>,
    shown: &Mutex<vt100::Parser>,
    written: &Mutex<Vec<u8>>,
    tell: &watch::Sender<u64>,
    hung_up: &AtomicBool,
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
        if hung_up.load(Ordering::SeqCst) {
            return;
        }
    }
}
