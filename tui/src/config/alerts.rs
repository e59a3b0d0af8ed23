//! `[alerts]`: what rings when.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::section::Section;
use crate::alerts::AlertSettings;

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
                let words = error.message().replace('\n', ", ");
                reader.mistake(&value.span(), format!("{name}: {words}"));
            }
        }
    }
    alerts.finish();
    settings(sound).unwrap_or_default()
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

    use crate::alerts::{Kind, Way};
    use crate::config::Config;

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
    }
}
