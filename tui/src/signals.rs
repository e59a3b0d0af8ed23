//! The signals that end, stop and continue the program, and how it stops itself.
//!
//! Stopping is for a shell with job control: it takes the terminal, and gives it
//! back with `fg`. A program that a terminal window or tmux started by itself has
//! no such shell; stopped, it could never be continued from the keyboard.

use std::io;
use std::time::Duration;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signalled {
    /// TERM, HUP, INT: leave.
    Stop,
    /// TSTP: give the terminal back and stop.
    Suspend,
    /// CONT: the terminal may have been somebody else's meanwhile.
    Continued,
    /// WINCH: the terminal has another size. A console of Windows tells it among the keys.
    Resized,
}

#[cfg(unix)]
pub(crate) use unix::{Signals, leave_anyway, stop_until_continued};

#[cfg(unix)]
mod unix {
    use super::{Duration, Signalled, io};
    use rustix::process::{self, Signal as Number};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals that the loop hears.
    pub(crate) struct Signals {
        stop: [Signal; 3],
        suspend: Signal,
        continued: Signal,
        resized: Signal,
    }

    impl Signals {
        /// # Errors
        /// When the system gives no handler.
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self {
                stop: [
                    signal(SignalKind::terminate())?,
                    signal(SignalKind::hangup())?,
                    signal(SignalKind::interrupt())?,
                ],
                suspend: listen(Number::TSTP)?,
                continued: listen(Number::CONT)?,
                resized: signal(SignalKind::window_change())?,
            })
        }

        /// The next one; ending comes first.
        pub(crate) async fn next(&mut self) -> Signalled {
            let [terminate, hangup, interrupt] = &mut self.stop;
            tokio::select! {
                biased;
                _ = terminate.recv() => Signalled::Stop,
                _ = hangup.recv() => Signalled::Stop,
                _ = interrupt.recv() => Signalled::Stop,
                _ = self.continued.recv() => Signalled::Continued,
                _ = self.suspend.recv() => Signalled::Suspend,
                _ = self.resized.recv() => Signalled::Resized,
            }
        }
    }

    impl Signals {
        /// What was heard of stopping and continuing is over: the stop that it was
        /// about has been.
        pub(crate) fn forget_stops(&mut self) {
            for signal in [&mut self.suspend, &mut self.continued] {
                let waker = std::task::Waker::noop();
                let mut context = std::task::Context::from_waker(waker);
                while signal.poll_recv(&mut context).is_ready() {}
            }
        }
    }

    /// How long a terminal may take to be given back at the very end.
    const GIVING_BACK: std::time::Duration = std::time::Duration::from_millis(500);

    fn listen(number: Number) -> io::Result<Signal> {
        signal(SignalKind::from_raw(number.as_raw()))
    }

    /// Ends the program that long after it was told to end, should it still run:
    /// a terminal that takes nothing holds the loop while a frame is written.
    ///
    /// # Errors
    /// When the system gives no handler.
    pub(crate) fn leave_anyway(after: Duration) -> io::Result<tokio::task::JoinHandle<()>> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
                _ = interrupt.recv() => {}
            }
            tokio::time::sleep(after).await;
            // A terminal that takes nothing holds whoever writes to it: the program
            // ends beside that.
            std::thread::spawn(crate::terminal::give_back);
            tokio::time::sleep(GIVING_BACK).await;
            let _ = crossterm::terminal::disable_raw_mode();
            std::process::exit(1);
        }))
    }

    /// Stops the job, which is the process group, and comes back once it was
    /// continued. Gives false, and stops nothing, where no shell would continue
    /// it: its group is the session's own.
    ///
    /// It is stopped by STOP, as the handler of TSTP is ours and cannot be given
    /// back without unsafe code.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) async fn stop_until_continued() -> io::Result<bool> {
        if process::getpgrp() == process::getsid(None)? {
            return Ok(false);
        }
        // Before the stop, or its end could be missed. Another thread than this
        // one may be told to stop first: what follows waits for the end of it.
        let mut continued = listen(Number::CONT)?;
        process::kill_current_process_group(Number::STOP)?;
        continued.recv().await;
        Ok(true)
    }
}

#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) fn forget_stops(&mut self) {}

    pub(crate) async fn next(&mut self) -> Signalled {
        let _ = tokio::signal::ctrl_c().await;
        Signalled::Stop
    }
}

#[cfg(not(unix))]
pub(crate) fn leave_anyway(_: Duration) -> io::Result<tokio::task::JoinHandle<()>> {
    Ok(tokio::spawn(std::future::ready(())))
}

#[cfg(not(unix))]
pub(crate) async fn stop_until_continued() -> io::Result<bool> {
    Ok(false)
}
