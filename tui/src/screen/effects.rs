//! Carries out what the state asks of the world. What takes time runs beside the
//! loop, and comes back as an event.

use ordertop::order::OrderKey;

use super::{Screen, print};
use crate::config;
use crate::event::{Effect, Event, PrintSlip};
use crate::model::views::SavedView;
use crate::slip;
use crate::strings;
use crate::theme::ThemeName;

impl Screen {
    pub(super) fn carry_out(&mut self, effect: Effect) -> anyhow::Result<()> {
        match effect {
            Effect::Quit => self.leaving = true,
            Effect::Redraw => self.terminal.forget(),
            Effect::Suspend => self.suspended = true,
            Effect::SetRealtime(on) => self.client.set_realtime(on),
            Effect::Refresh => self.client.refresh(),
            Effect::Copy(text) => self.terminal.copy(&text)?,
            Effect::SaveView(view) => self.save_view(*view),
            Effect::KeepTheme(name) => self.keep_theme(name),
            Effect::SetMouse(on) => self.terminal.set_mouse(on)?,
            Effect::Alert(signal) => {
                self.terminal.send(&self.channel.bytes(&signal))?;
                let mut lost = signal.lost;
                for alert in signal.commands {
                    lost += usize::from(!self.commands.run(alert));
                }
                if lost > 0 {
                    self.app.say(strings::alert_commands_lost(lost));
                }
            }
            Effect::ChangeStatus {
                key,
                ticket,
                change,
            } => {
                self.steps
                    .spawn(self.desk.clone().change(key, ticket, *change));
                // Answered ones are taken off as they go.
                while self.steps.try_join_next().is_some() {}
            }
            Effect::AddNote { key, ticket, note } => {
                (self.steps).spawn(self.desk.clone().add_note(key, ticket, note));
            }
            Effect::KeepNote { key, note } => {
                self.steps.spawn(self.desk.clone().keep_note(key, note));
            }
            Effect::Track {
                key,
                ticket,
                tracking,
            } => {
                (self.steps).spawn(self.desk.clone().track(key, ticket, tracking));
            }
            Effect::KeepTracking { key, tracking } => {
                (self.steps).spawn(self.desk.clone().keep_tracking(key, tracking));
            }
            Effect::Print(slip) => self.print(*slip),
            Effect::ChangeStatuses { ticket, rows } => {
                (self.steps).spawn(self.desk.clone().change_many(ticket, rows));
            }
            Effect::Keep {
                key,
                ticket,
                to,
                change,
            } => {
                let desk = self.desk.clone();
                (self.steps).spawn(desk.keep_unsent(key, ticket, to, *change));
            }
            Effect::KeepMany { ticket, rows } => {
                (self.steps).spawn(self.desk.clone().keep_many_unsent(ticket, rows));
            }
            Effect::SendKept { entry, ticket } => {
                tokio::spawn(self.desk.clone().send(*entry, ticket));
            }
            Effect::DropKept { id } => {
                tokio::spawn(self.desk.clone().drop_kept(id));
            }
            Effect::FetchOrder(key) => self.fetch(key),
        }
        Ok(())
    }

    fn print(&mut self, slip: PrintSlip) {
        let (client, answers) = (self.client.clone(), self.answers.clone());
        let printer = self.printer.clone();
        self.prints.spawn(async move {
            // One after the other: pages of two slips must not mix.
            let _turn = printer.lock().await;
            let PrintSlip {
                key,
                order,
                shop,
                date,
                command,
            } = slip;
            // The buyer's note is in the look-up alone.
            let whole = client.rest().detail(&key).await;
            let text = match &whole {
                Ok(whole) => slip::slip(whole, &shop, &date),
                Err(_) => slip::slip(&order, &shop, &date),
            };
            let printing = tokio::task::spawn_blocking(move || print::print(&command, text));
            let result = printing
                .await
                .unwrap_or_else(|error| Err(error.to_string()));
            let refused = (result.as_ref().err()).map(|why| strings::not_printed(&key, why));
            match answers.send(Event::Printed { key, result }).await {
                Ok(()) => None,
                Err(_) => refused,
            }
        });
    }

    /// Looks up one order and its history; of two that are asked for, the later.
    fn fetch(&mut self, key: OrderKey) {
        if let Some(before) = self.fetching.take() {
            before.abort();
        }
        let (client, answers) = (self.client.clone(), self.answers.clone());
        let task = tokio::spawn(async move {
            let (detail, history) =
                tokio::join!(client.rest().detail(&key), client.rest().history(&key));
            let detail = Event::Detail {
                key: key.clone(),
                result: detail.map(Box::new),
            };
            let history = Event::History {
                key,
                result: history,
            };
            for answer in [detail, history] {
                if answers.send(answer).await.is_err() {
                    return;
                }
            }
        });
        self.fetching = Some(task.abort_handle());
    }

    /// Writes it beside the loop: a disk may be slow.
    fn save_view(&mut self, view: SavedView) {
        let (answers, file) = (self.answers.clone(), self.config_file.clone());
        tokio::task::spawn_blocking(move || {
            let result = match file {
                Some(file) => config::save_view(&file, &view).map_err(|error| error.to_string()),
                None => Err(strings::NO_CONFIG_FILE.to_owned()),
            };
            let name = view.name;
            // Nobody listens any more: the user has left.
            let _ = answers.blocking_send(Event::ViewSaved { name, result });
        });
    }

    /// The same for the theme's name.
    fn keep_theme(&mut self, name: ThemeName) {
        let (answers, file) = (self.answers.clone(), self.config_file.clone());
        tokio::task::spawn_blocking(move || {
            let result = match file {
                Some(file) => config::keep_theme(&file, name).map_err(|error| error.to_string()),
                None => Err(strings::NO_CONFIG_FILE.to_owned()),
            };
            let _ = answers.blocking_send(Event::ThemeKept { name, result });
        });
    }
}
