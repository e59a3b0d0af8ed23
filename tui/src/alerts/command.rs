//! The command of an alert: run beside the screen, a bounded number at once,
//! each for a bounded time, and never with the server's token.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{Alert, AlertSettings};
use crate::args::TOKEN_VARIABLE;
use crate::event::Event;

/// How many run at once; what comes meanwhile runs none.
const AT_ONCE: usize = 4;
/// How long one may run before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether one ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs the command of the settings. Each run has a thread of its own: leaving
/// the program waits for none of them.
#[derive(Debug)]
pub struct Commands {
    line: Option<Vec<String>>,
    /// Each run holds a clone.
    running: Arc<()>,
    answers: mpsc::Sender<Event>,
    patience: Duration,
}

impl Commands {
    /// The command of `settings`; what came of each run is sent to `answers` as
    /// [`Event::AlertCommand`]. One that cannot be taken apart is told at once.
    #[must_use]
    pub fn new(settings: &AlertSettings, answers: mpsc::Sender<Event>) -> Self {
        let line = settings.command_line().unwrap_or_else(|wrong| {
            // The queue is empty at the start.
            let _ = answers.try_send(Event::AlertCommand(Err(wrong)));
            None
        });
        Self {
            line,
            running: Arc::new(()),
            answers,
            patience: PATIENCE,
        }
    }

    /// Runs the command for an alert, unless too many run already.
    pub fn run(&self, alert: &Alert) {
        let line = self.line.as_ref().and_then(|line| line.split_first());
        let Some((program, arguments)) = line else {
            return;
        };
        if self.running() >= AT_ONCE {
            return;
        }
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(alert.variables())
            .env_remove(TOKEN_VARIABLE)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let (program, answers) = (program.clone(), self.answers.clone());
        let (patience, running) = (self.patience, self.running.clone());
        thread::spawn(move || {
            let result = match finished(&mut command, patience) {
                Ok(Some(status)) if status.success() => Ok(()),
                Ok(Some(status)) => Err(format!("{program}: {status}")),
                Ok(None) => Err(format!("{program}: killed after {} s", patience.as_secs())),
                Err(error) => Err(format!("{program}: {error}")),
            };
            drop(running);
            // Nobody listens any more when the screen is gone.
            let _ = answers.blocking_send(Event::AlertCommand(result));
        });
    }

    fn running(&self) -> usize {
        Arc::strong_count(&self.running) - 1
    }
}

/// How the command ended; `None` when it had to be killed.
fn finished(command: &mut Command, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::alerts::Kind;
    use crate::fixture::{listed, vendor};
    use ordertop::order::OrderStatus;

    fn alert() -> Alert {
        Alert {
            kind: Kind::NewOrder,
            key: Some(listed("7", OrderStatus::Paid, 0).key(&vendor())),
            text: "new #7; rm -rf".into(),
            buyer: "Ana $(x)".into(),
            total: "1.00 EUR".into(),
            status: "Paid".into(),
        }
    }

    fn commands(command: &str, shell: bool) -> (Commands, mpsc::Receiver<Event>) {
        let (answers, answered) = mpsc::channel(8);
        let settings = AlertSettings {
            command: Some(command.into()),
            shell,
            ..AlertSettings::default()
        };
        (Commands::new(&settings, answers), answered)
    }

    async fn came(answered: &mut mpsc::Receiver<Event>) -> Result<(), String> {
        match answered.recv().await {
            Some(Event::AlertCommand(result)) => result,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn it_finds_the_order_in_its_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seen");
        let line = format!(
            "printf '%s|' \"$ORDERTOP_EVENT\" \"$ORDERTOP_NUMBER\" \"$ORDERTOP_VENDOR\" \
             \"$ORDERTOP_BUYER\" \"$ORDERTOP_TOTAL\" \"$ORDERTOP_STATUS\" \"$ORDERTOP_TEXT\" \
             \"${{ORDERTOP_MASTER_TOKEN-none}}\" > '{}'",
            file.display()
        );
        let (commands, mut answered) = commands(&line, true);
        commands.run(&alert());
        assert_eq!(came(&mut answered).await, Ok(()));
        let seen = std::fs::read_to_string(&file).unwrap();
        assert_eq!(
            seen,
            "new_order|7|42|Ana $(x)|1.00 EUR|Paid|new #7; rm -rf|none|"
        );
    }

    #[tokio::test]
    async fn failures_are_told() {
        let (commands_, mut answered) = commands("false", false);
        commands_.run(&alert());
        let why = came(&mut answered).await.unwrap_err();
        assert!(why.contains("exit status: 1"), "{why}");
        let (commands_, mut answered) = commands("/nowhere/at-all x", false);
        commands_.run(&alert());
        assert!(came(&mut answered).await.is_err());
        let (_, mut answered) = commands("say 'x", false);
        assert!(came(&mut answered).await.unwrap_err().contains("quote"));
    }

    #[tokio::test]
    async fn their_number_and_time_are_bounded() {
        let (mut commands, mut answered) = commands("sleep 600", false);
        commands.patience = Duration::from_millis(50);
        for _ in 0..20 {
            commands.run(&alert());
        }
        assert_eq!(commands.running(), AT_ONCE);
        for _ in 0..AT_ONCE {
            let why = came(&mut answered).await.unwrap_err();
            assert!(why.contains("killed"), "{why}");
        }
        assert!(answered.try_recv().is_err());
    }
}
