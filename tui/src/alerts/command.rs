//! The command of an alert: run beside the screen, a bounded number at once,
//! each for a bounded time, and never with the server's token.

use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::args::TOKEN_VARIABLE;
use crate::child::{PATIENCE, ended_within};
use crate::event::Event;
use crate::model::alerts::{Alert, AlertSettings};

/// How many run at once.
const AT_ONCE: usize = 4;
/// How many wait for one of those to end.
const QUEUE: usize = 256;

/// Runs the command of the settings, some at once and the others after them. They
/// have threads of their own: leaving the program waits for none of them.
#[derive(Debug)]
pub struct Commands {
    line: Option<Vec<String>>,
    runs: Arc<Mutex<Runs>>,
    answers: mpsc::Sender<Event>,
    patience: Duration,
}

/// What runs and what waits.
#[derive(Debug, Default)]
struct Runs {
    running: usize,
    waiting: VecDeque<Alert>,
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
            runs: Arc::default(),
            answers,
            patience: PATIENCE,
        }
    }

    /// Runs the command for an alert, now or when others have ended. False when
    /// too many wait already: then it never runs.
    pub fn run(&self, alert: Alert) -> bool {
        let line = self.line.as_ref().and_then(|line| line.split_first());
        let Some((program, arguments)) = line else {
            return true;
        };
        let mut runs = lock(&self.runs);
        if runs.running >= AT_ONCE {
            let room = runs.waiting.len() < QUEUE;
            if room {
                runs.waiting.push_back(alert);
            }
            return room;
        }
        runs.running += 1;
        drop(runs);
        let (program, arguments) = (program.clone(), arguments.to_vec());
        let (answers, runs, patience) = (self.answers.clone(), self.runs.clone(), self.patience);
        thread::spawn(move || {
            let mut next = Some(alert);
            while let Some(alert) = next {
                let result = run(&program, &arguments, &alert, patience);
                next = end(&runs);
                // Nobody listens any more when the screen is gone.
                let _ = answers.blocking_send(Event::AlertCommand(result));
            }
        });
        true
    }
}

fn lock(runs: &Mutex<Runs>) -> MutexGuard<'_, Runs> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One has ended: gives the one that takes its place.
fn end(runs: &Mutex<Runs>) -> Option<Alert> {
    let mut runs = lock(runs);
    let next = runs.waiting.pop_front();
    runs.running -= usize::from(next.is_none());
    next
}

fn run(
    program: &str,
    arguments: &[String],
    alert: &Alert,
    patience: Duration,
) -> Result<(), String> {
    let started = Command::new(program)
        .args(arguments)
        .envs(alert.variables())
        .env_remove(TOKEN_VARIABLE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started.and_then(|mut child| ended_within(&mut child, patience)) {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(format!("{program}: {status}")),
        Ok(None) => Err(format!("{program}: killed after {} s", patience.as_secs())),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::model::alerts::Kind;
    use crate::model::fixture::{listed, vendor};
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
        commands.run(alert());
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
        commands_.run(alert());
        let why = came(&mut answered).await.unwrap_err();
        assert!(why.contains("exit status: 1"), "{why}");
        let (commands_, mut answered) = commands("/nowhere/at-all x", false);
        commands_.run(alert());
        assert!(came(&mut answered).await.is_err());
        let (_, mut answered) = commands("say 'x", false);
        assert!(came(&mut answered).await.unwrap_err().contains("quote"));
    }

    #[tokio::test]
    async fn a_crowd_of_alerts_runs_some_at_once_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("echo x >> '{}/seen'", folder.path().display());
        let (commands, mut answered) = commands(&line, true);
        for _ in 0..40 {
            assert!(commands.run(alert()));
            assert!(lock(&commands.runs).running <= AT_ONCE);
        }
        for _ in 0..40 {
            assert_eq!(came(&mut answered).await, Ok(()));
        }
        let seen = std::fs::read_to_string(folder.path().join("seen")).unwrap();
        assert_eq!(seen.lines().count(), 40);
        assert_eq!(lock(&commands.runs).waiting.len(), 0);
    }

    #[tokio::test]
    async fn their_number_and_time_are_bounded() {
        let (mut commands, mut answered) = commands("sleep 600", false);
        commands.patience = Duration::from_millis(50);
        // Nothing is answered before this thread listens: the channel holds 8.
        let taken = (0..AT_ONCE + QUEUE + 60).filter(|_| commands.run(alert()));
        let taken = taken.count();
        assert!(
            (AT_ONCE + QUEUE..AT_ONCE + QUEUE + 20).contains(&taken),
            "{taken}"
        );
        assert_eq!(lock(&commands.runs).running, AT_ONCE);
        for _ in 0..8 {
            let why = came(&mut answered).await.unwrap_err();
            assert!(why.contains("killed"), "{why}");
        }
    }
}
