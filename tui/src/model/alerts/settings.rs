//! `[alerts]` of the configuration: which kind of alert takes which ways.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::kind::Kind;
use super::quiet::QuietHours;

/// How often an alarm may ring, in seconds.
const ALARM_RANGE: std::ops::RangeInclusive<u64> = 5..=3_600;
/// How long before its ship-by time an order may be told, in minutes: up to a week.
const SOON_RANGE: std::ops::RangeInclusive<u64> = 1..=10_080;

/// A way in which an alert reaches somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The terminal's bell.
    Bell,
    /// A desktop notification, by the terminal.
    Notify,
    /// The command of the settings.
    Command,
    /// A line on the screen that rings again until it is acknowledged.
    Alarm,
}

/// By which escape sequence the terminal is asked for a desktop notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifyBy {
    /// Found out from the terminal's environment variables.
    #[default]
    Auto,
    /// OSC 9: iTerm2 and many others; one text.
    Osc9,
    /// OSC 777: urxvt, foot, VTE, WezTerm, Ghostty; title and text.
    Osc777,
    /// OSC 99: kitty.
    Osc99,
    /// Never.
    Off,
}

/// `[alerts]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertSettings {
    /// How desktop notifications are asked for.
    pub notify: NotifyBy,
    /// Whether to notify while the terminal has the focus; the bell rings in any case.
    pub notify_when_focused: bool,
    /// An order came.
    pub new_order: Vec<Way>,
    /// An order's ship-by time passed.
    pub late: Vec<Way>,
    /// An order's ship-by time is near.
    pub due_soon: Vec<Way>,
    /// How near, in minutes: 1 to 10080.
    #[serde(deserialize_with = "soon")]
    pub due_soon_min: u64,
    /// A buyer disputes an order.
    pub dispute: Vec<Way>,
    /// A change of ours was refused.
    pub refused: Vec<Way>,
    /// Somebody else cancelled an order.
    pub cancelled: Vec<Way>,
    /// Nothing gets through any more.
    pub connection_lost: Vec<Way>,
    /// The connection is back after that was told.
    pub connection_back: Vec<Way>,
    /// New orders raise the alarm too, as if `new_order` named it.
    pub alarm: bool,
    /// How often the alarm rings until it is acknowledged, in seconds: 5 to 3600.
    #[serde(deserialize_with = "alarm_every")]
    pub alarm_every_s: u64,
    /// What the way `command` runs: a program and its arguments, quoted as for a
    /// shell; what happened is in its environment (`ORDERTOP_EVENT`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Give the command to `sh -c` instead of starting its program itself.
    pub shell: bool,
    /// When nothing rings, notifies or runs, in local time: `22:00-07:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
}

impl Default for AlertSettings {
    fn default() -> Self {
        use Way::{Bell, Command, Notify};
        Self {
            notify: NotifyBy::Auto,
            notify_when_focused: false,
            new_order: vec![Bell, Notify, Command],
            late: vec![Bell, Notify],
            due_soon: vec![Notify],
            due_soon_min: 60,
            dispute: vec![Bell, Notify],
            refused: vec![Bell],
            cancelled: vec![Notify],
            connection_lost: vec![Notify],
            connection_back: vec![Notify],
            alarm: false,
            alarm_every_s: 30,
            command: None,
            shell: false,
            quiet: None,
        }
    }
}

impl AlertSettings {
    /// Whether this kind of alert takes this way.
    #[must_use]
    pub fn takes(&self, kind: Kind, way: Way) -> bool {
        let ways = match kind {
            Kind::NewOrder => &self.new_order,
            Kind::Late => &self.late,
            Kind::DueSoon => &self.due_soon,
            Kind::Dispute => &self.dispute,
            Kind::Refused => &self.refused,
            Kind::Cancelled => &self.cancelled,
            Kind::ConnectionLost => &self.connection_lost,
            Kind::ConnectionBack => &self.connection_back,
        };
        ways.contains(&way) || (way == Way::Alarm && kind == Kind::NewOrder && self.alarm)
    }

    /// Whether any kind of alert raises the alarm.
    #[must_use]
    pub fn raises_alarms(&self) -> bool {
        Kind::ALL.iter().any(|kind| self.takes(*kind, Way::Alarm))
    }

    /// The program and the arguments of the command; `None` without one.
    ///
    /// # Errors
    /// When a quote is not closed, or there is no program in it.
    pub fn command_line(&self) -> Result<Option<Vec<String>>, String> {
        let Some(command) = &self.command else {
            return Ok(None);
        };
        if self.shell {
            return Ok(Some(vec!["sh".into(), "-c".into(), command.clone()]));
        }
        match shlex::split(command) {
            None => Err("command: a quote is not closed".into()),
            Some(words) if words.is_empty() => Err("command: names no program".into()),
            Some(words) => Ok(Some(words)),
        }
    }
}

fn soon<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    within(from, SOON_RANGE, "minutes")
}

fn alarm_every<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    within(from, ALARM_RANGE, "seconds")
}

fn within<'de, D: Deserializer<'de>>(
    from: D,
    range: std::ops::RangeInclusive<u64>,
    unit: &str,
) -> Result<u64, D::Error> {
    let value = u64::deserialize(from)?;
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = range.into_inner();
    Err(de::Error::custom(format!(
        "{value} {unit}: give {least} to {most}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AlertSettings, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn new_orders_ring_and_notify_when_nothing_is_said() {
        let settings = read("").unwrap();
        assert_eq!(settings, AlertSettings::default());
        assert!(settings.takes(Kind::NewOrder, Way::Bell));
        assert!(settings.takes(Kind::NewOrder, Way::Notify));
        assert!(!settings.takes(Kind::NewOrder, Way::Alarm));
        let alarm = read("alarm = true").unwrap();
        assert!(alarm.takes(Kind::NewOrder, Way::Alarm) && !alarm.takes(Kind::Late, Way::Alarm));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let settings = AlertSettings {
            command: Some("notify-send 'an order'".into()),
            quiet: Some("22:00-07:00".parse().unwrap()),
            ..AlertSettings::default()
        };
        let text = toml::to_string(&settings).unwrap();
        assert!(text.contains("quiet = \"22:00-07:00\""), "{text}");
        assert_eq!(read(&text).unwrap(), settings);
    }

    #[test]
    fn mistakes_are_refused_with_what_is_allowed() {
        for (text, why) in [
            ("bel = true", "unknown field `bel`"),
            ("late = [\"ring\"]", "unknown variant `ring`"),
            ("notify = \"osc8\"", "unknown variant `osc8`"),
            ("alarm_every_s = 1", "1 seconds: give 5 to 3600"),
            ("due_soon_min = 0", "0 minutes: give 1 to 10080"),
            ("quiet = \"22-7\"", "two times of day"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn a_command_is_taken_apart_unless_a_shell_is_asked_for() {
        let with = |command: &str, shell| AlertSettings {
            command: Some(command.into()),
            shell,
            ..AlertSettings::default()
        };
        assert_eq!(
            with("say 'an order; rm x'", false).command_line(),
            Ok(Some(vec!["say".into(), "an order; rm x".into()]))
        );
        assert_eq!(
            with("say $ORDERTOP_NUMBER", true).command_line(),
            Ok(Some(vec![
                "sh".into(),
                "-c".into(),
                "say $ORDERTOP_NUMBER".into()
            ]))
        );
        assert!(with("say 'an", false).command_line().is_err());
        assert!(with(" ", false).command_line().is_err());
        assert_eq!(AlertSettings::default().command_line(), Ok(None));
    }
}
