//! Alerts: what reaches somebody who does not look at the screen. Decides what
//! rings when; does nothing itself: [`Alerts::settle`] gives a [`Signal`], which
//! the loop carries out.
//!
//! What always holds: at most one bell and one notification a second, however
//! many alerts there are; no alert twice for the same thing, over restarts too;
//! in quiet hours and while muted nothing but the alarm's line.

pub mod command;
pub mod osc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::alerts::{
    Alarm, Alert, AlertSettings, Kind, Notification, Signal, Silence, Told, Way,
};
use crate::strings;

/// Bells and notifications are at least so far apart.
const APART: SignedDuration = SignedDuration::from_secs(1);
/// How long nothing gets through before it is told: a short break heals itself.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(10);
/// How long `m` mutes.
pub const MUTE_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Commands of one moment; more are left out, counted and told.
const MAX_COMMANDS: usize = 256;

/// The state of all alerts.
#[derive(Debug, Default)]
pub struct Alerts {
    /// Which kind takes which ways.
    pub settings: AlertSettings,
    /// The alarm.
    pub alarm: Alarm,
    /// What was told already.
    pub told: Told,
    /// Whether the terminal has the focus; `None` when it does not say.
    pub focused: Option<bool>,
    /// Whether the command's last failure was told.
    pub command_failed: bool,
    muted_until: Option<Timestamp>,
    bell: bool,
    bell_at: Option<Timestamp>,
    notify: Option<(Alert, usize)>,
    notified_at: Option<Timestamp>,
    commands: Vec<Alert>,
    /// How many found no room among them.
    lost: usize,
    link: Link,
}

/// What is known of the connection's breaks.
#[derive(Debug, Default)]
struct Link {
    was_up: bool,
    lost_since: Option<Timestamp>,
    told: bool,
}

impl Alerts {
    /// Nothing told yet.
    #[must_use]
    pub fn new(settings: AlertSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Takes an alert in; what it comes to is said by [`Self::settle`].
    pub fn raise(&mut self, alert: Alert) {
        let takes = |way| self.settings.takes(alert.kind, way);
        self.bell |= takes(Way::Bell);
        if takes(Way::Command) && self.settings.command.is_some() {
            match self.commands.len() < MAX_COMMANDS {
                true => self.commands.push(alert.clone()),
                false => self.lost += 1,
            }
        }
        if takes(Way::Alarm) {
            self.alarm.raise(alert.kind, alert.key.clone());
        }
        if takes(Way::Notify) {
            match &mut self.notify {
                Some((_, more)) => *more += 1,
                None => self.notify = Some((alert, 0)),
            }
        }
    }

    /// Whether nothing makes a noise now, and why.
    #[must_use]
    pub fn silence(&self, now: Timestamp, zone: &TimeZone) -> Option<Silence> {
        if let Some(until) = self.muted_until.filter(|until| now < *until) {
            return Some(Silence::Muted(until));
        }
        let quiet = self.settings.quiet?;
        quiet.contains(now, zone).then_some(Silence::Quiet)
    }

    /// Mutes for [`MUTE_FOR`], or ends that. Says whether it is muted now.
    pub fn toggle_mute(&mut self, now: Timestamp) -> bool {
        self.muted_until = match self.muted_until.filter(|until| now < *until) {
            Some(_) => None,
            None => now.checked_add(MUTE_FOR).ok(),
        };
        self.muted_until.is_some()
    }

    /// Until when it is muted.
    #[must_use]
    pub fn muted_until(&self) -> Option<Timestamp> {
        self.muted_until
    }

    /// Goes on as it was left.
    pub fn restore_mute(&mut self, until: Option<Timestamp>) {
        self.muted_until = until;
    }

    /// Follows whether anything gets through: `None` while nobody knows.
    pub fn follow_link(&mut self, up: Option<bool>, now: Timestamp) {
        let link = &mut self.link;
        match up {
            Some(true) => {
                let back = std::mem::take(&mut link.told);
                (link.was_up, link.lost_since) = (true, None);
                if back {
                    self.raise(about_link(Kind::ConnectionBack));
                }
            }
            Some(false) if link.was_up => {
                let since = *link.lost_since.get_or_insert(now);
                if !link.told && now.duration_since(since) >= LOST_AFTER {
                    link.told = true;
                    self.raise(about_link(Kind::ConnectionLost));
                }
            }
            _ => {}
        }
    }

    /// What is to be done now, for all that was raised. To be called at least
    /// once a second: what has to wait its second is told then.
    pub fn settle(&mut self, now: Timestamp, zone: &TimeZone, title: &str) -> Signal {
        let silent = self.silence(now, zone).is_some();
        self.bell |= self.alarm.rings(now, self.settings.alarm_every_s);
        if silent {
            // Not told later either: a crowd of old news at seven in the morning helps nobody.
            self.bell = false;
            self.notify = None;
            self.commands.clear();
            self.lost = 0;
            return Signal::default();
        }
        let free = |last: Option<Timestamp>| {
            // A clock that was set back does not silence anything.
            last.is_none_or(|last| now < last || now.duration_since(last) >= APART)
        };
        let mut signal = Signal {
            commands: std::mem::take(&mut self.commands),
            lost: std::mem::take(&mut self.lost),
            ..Signal::default()
        };
        if self.bell && free(self.bell_at) {
            self.bell = false;
            self.bell_at = Some(now);
            signal.bell = true;
        }
        if self.focused == Some(true) && !self.settings.notify_when_focused {
            self.notify = None;
        }
        if self.notify.is_some() && free(self.notified_at) {
            self.notified_at = Some(now);
            signal.notification = self.notify.take().map(|(first, more)| Notification {
                title: title.to_owned(),
                body: strings::alert_and_more(&first.text, more),
            });
        }
        signal
    }
}

fn about_link(kind: Kind) -> Alert {
    Alert {
        kind,
        key: None,
        text: strings::alert_link(kind == Kind::ConnectionBack).into(),
        buyer: String::new(),
        total: String::new(),
        status: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::at;

    fn alert(kind: Kind, text: &str) -> Alert {
        Alert {
            text: text.into(),
            ..about_link(kind)
        }
    }

    fn settle(alerts: &mut Alerts, millis: i64) -> Signal {
        let now = at(0).checked_add(SignedDuration::from_millis(millis));
        alerts.settle(now.unwrap(), &TimeZone::UTC, "Acme")
    }

    fn body(signal: &Signal) -> Option<&str> {
        signal.notification.as_ref().map(|n| n.body.as_str())
    }

    #[test]
    fn a_burst_rings_once_a_second_and_says_how_many() {
        let mut alerts = Alerts::default();
        for i in 0..13 {
            alerts.raise(alert(Kind::NewOrder, &format!("new #{i}")));
        }
        let first = settle(&mut alerts, 0);
        assert!(first.bell);
        assert_eq!(body(&first), Some("new #0 and 12 more"));
        for i in 0..5 {
            alerts.raise(alert(Kind::NewOrder, &format!("newer #{i}")));
            assert!(settle(&mut alerts, 100 + i).is_empty());
        }
        let second = settle(&mut alerts, 1_000);
        assert!(second.bell);
        assert_eq!(body(&second), Some("newer #0 and 4 more"));
        assert!(settle(&mut alerts, 2_000).is_empty());
    }

    #[test]
    fn a_terminal_in_focus_rings_and_does_not_notify() {
        let mut alerts = Alerts::default();
        for (focused, always, notified) in [
            (Some(true), false, false),
            (Some(false), false, true),
            (None, false, true),
            (Some(true), true, true),
        ] {
            alerts = Alerts::new(AlertSettings {
                notify_when_focused: always,
                ..alerts.settings
            });
            alerts.focused = focused;
            alerts.raise(alert(Kind::NewOrder, "new"));
            let signal = settle(&mut alerts, 0);
            assert!(signal.bell);
            assert_eq!(signal.notification.is_some(), notified, "{focused:?}");
        }
    }

    #[test]
    fn quiet_hours_and_mute_silence_all_but_the_line() {
        let mut alerts = Alerts::new(AlertSettings {
            alarm: true,
            command: Some("true".into()),
            quiet: Some("13:00-15:00".parse().unwrap()),
            ..AlertSettings::default()
        });
        let zone = TimeZone::UTC;
        assert_eq!(alerts.silence(at(0), &zone), Some(Silence::Quiet));
        alerts.raise(alert(Kind::NewOrder, "new"));
        assert!(settle(&mut alerts, 0).is_empty());
        assert_eq!(alerts.alarm.count(), 1);
        // Awake: nothing old is told, but the alarm rings on.
        let awake = settle(&mut alerts, 3_700_000);
        assert!(awake.bell && awake.notification.is_none() && awake.commands.is_empty());
        alerts.settings.quiet = None;
        assert!(alerts.toggle_mute(at(0)));
        alerts.raise(alert(Kind::Dispute, "dispute"));
        assert!(settle(&mut alerts, 3_599_000).is_empty());
        assert!(alerts.silence(at(3_600), &zone).is_none());
        assert!(alerts.toggle_mute(at(0)) ^ alerts.toggle_mute(at(0)));
    }

    #[test]
    fn a_short_break_is_not_told_and_a_long_one_is_told_once() {
        let mut alerts = Alerts::default();
        let told = |alerts: &mut Alerts, up, second| {
            alerts.follow_link(up, at(second));
            body(&settle(alerts, second * 1_000)).map(str::to_owned)
        };
        assert_eq!(told(&mut alerts, Some(false), 0), None, "never up");
        assert_eq!(told(&mut alerts, Some(false), 60), None);
        assert_eq!(told(&mut alerts, Some(true), 61), None);
        assert_eq!(told(&mut alerts, Some(false), 62), None);
        assert_eq!(told(&mut alerts, Some(true), 70), None, "a short one");
        assert_eq!(told(&mut alerts, Some(false), 80), None);
        assert_eq!(
            told(&mut alerts, Some(false), 90).as_deref(),
            Some(strings::alert_link(false))
        );
        assert_eq!(told(&mut alerts, Some(false), 200), None);
        assert_eq!(
            told(&mut alerts, Some(true), 201).as_deref(),
            Some(strings::alert_link(true))
        );
        assert_eq!(told(&mut alerts, Some(true), 210), None);
    }

    #[test]
    fn commands_run_for_each_up_to_a_bound() {
        let mut alerts = Alerts::new(AlertSettings {
            command: Some("true".into()),
            ..AlertSettings::default()
        });
        for _ in 0..100 {
            alerts.raise(alert(Kind::NewOrder, "new"));
        }
        alerts.raise(alert(Kind::Late, "late"));
        let signal = settle(&mut alerts, 0);
        assert_eq!((signal.commands.len(), signal.lost), (100, 0));
        for _ in 0..MAX_COMMANDS + 7 {
            alerts.raise(alert(Kind::NewOrder, "new"));
        }
        let signal = settle(&mut alerts, 1_000);
        assert_eq!((signal.commands.len(), signal.lost), (MAX_COMMANDS, 7));
        assert!(settle(&mut alerts, 5_000).is_empty());
    }
}
