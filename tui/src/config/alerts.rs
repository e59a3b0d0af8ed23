//! `[alerts]`: what rings when.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::mistake::did_you_mean;
use super::section::{Section, kind};
use crate::model::alerts::AlertSettings;

/// The alerts. Each key is read by itself, so that one mistake hides no other.
pub(super) fn read(mut alerts: Section<'_, '_>) -> AlertSettings {
    let reader = alerts.reader;
    let mut sound = DeTable::new();
    for name in names() {
        let Some(value) = alerts.value(&name) else {
            continue;
        };
        let key = Spanned::new(value.span(), name.clone().into());
        let mut alone = DeTable::new();
        alone.insert(key.clone(), value.clone());
        match settings(alone) {
            Ok(_) => {
                sound.insert(key, value.clone());
            }
            Err(error) => {
                let at = error.span().filter(|at| !at.is_empty());
                let at = at.unwrap_or_else(|| value.span());
                reader.mistake(&at, in_words(&name, value, error.message()));
            }
        }
    }
    alerts.finish();
    settings(sound).unwrap_or_default()
}

/// A mistake as the other sections tell it.
fn in_words(name: &str, value: &Spanned<DeValue<'_>>, said: &str) -> String {
    // serde's words: unknown variant `ring`, expected one of `bell`, `notify`
    if let Some(rest) = said.strip_prefix("unknown variant `")
        && let Some((wrong, known)) = rest.split_once('`')
    {
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let hint = did_you_mean(wrong, known);
        return format!("unknown name \"{wrong}\" in {name}{hint}");
    }
    // invalid type: string "bell", expected a sequence
    let wanted = match said.split_once(", expected ") {
        Some((before, wanted)) if before.starts_with("invalid type") => {
            Some(match wanted.lines().next().unwrap_or_default() {
                "a sequence" => "a list such as [\"bell\"]",
                "a boolean" => "true or false",
                "u64" => "a whole number",
                "a string" => "a text in quotes",
                other => other,
            })
        }
        _ if said == "wanted string or table" => Some("a text in quotes"),
        _ => None,
    };
    match (wanted, value.get_ref()) {
        (Some(wanted), DeValue::Array(_)) => {
            format!("{name} has something that is not {wanted}")
        }
        (Some(wanted), other) => format!("{name} is {}, not {wanted}", kind(other)),
        (None, _) => format!("{name}: {}", said.replace('\n', ", ")),
    }
}

fn settings(table: DeTable<'_>) -> Result<AlertSettings, toml::de::Error> {
    let settings = AlertSettings::deserialize(Deserializer::from(Spanned::new(0..0, table)))?;
    // A command that cannot be started is told now, not when an order comes.
    (settings.command_line()).map_err(serde::de::Error::custom)?;
    Ok(settings)
}

/// Every key that there is: those of settings in which nothing is left out.
fn names() -> Vec<String> {
    let all = AlertSettings {
        command: Some("true".to_owned()),
        quiet: "22:00-07:00".parse().ok(),
        ..AlertSettings::default()
    };
    match toml::Table::try_from(&all) {
        Ok(table) => table.keys().cloned().collect(),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;
    use crate::model::alerts::Kind;
    use crate::model::alerts::Way;

    #[test]
    fn alerts_are_read() {
        let text = "[alerts]\nnew_order = [\"bell\", \"alarm\"]\nquiet = \"22:00-07:00\"\ncommand = \"say order\"\nalarm_every_s = 60\n";
        let alerts = Config::read(Path::new("a"), text).unwrap().alerts;
        assert!(alerts.takes(Kind::NewOrder, Way::Alarm));
        assert!(!alerts.takes(Kind::NewOrder, Way::Notify));
        assert!(alerts.quiet.is_some() && alerts.alarm_every_s == 60);
        assert_eq!(
            alerts.command_line().unwrap().unwrap(),
            ["say".to_owned(), "order".to_owned()]
        );
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let text = "[alerts]\nnew_ordr = [\"bell\"]\nlate = [\"ring\"]\nquiet = \"late\"\nalarm_every_s = 1\ncommand = \"say 'x\"\n";
        let mistakes = Config::read(Path::new("a"), text).unwrap_err();
        let lines: Vec<usize> = mistakes.all.iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6], "{mistakes}");
        assert!(mistakes.to_string().contains("\"new_order\""), "{mistakes}");
        let text = "[alerts]\nlate = [\"bell\", \"notfy\"]\nnotify = \"osc7\"\nalarm = 1\nnew_order = \"bell\"\nrefused = [3]\n";
        let mistakes = Config::read(Path::new("a"), text).unwrap_err().to_string();
        let wanted = [
            "a:2:17: unknown name \"notfy\" in late: did you mean \"notify\"?",
            "a:3:10: unknown name \"osc7\" in notify: did you mean \"osc9\"?",
            "a:4:9: alarm is a whole number, not true or false",
            "a:5:13: new_order is a text, not a list such as [\"bell\"]",
            "a:6:12: refused has something that is not a text in quotes",
        ];
        assert_eq!(mistakes.lines().collect::<Vec<_>>(), wanted, "{mistakes}");
    }
}
