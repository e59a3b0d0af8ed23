//! Printing packing slips: of the marked orders, or of the one under the cursor.

use ordertop::order::OrderKey;

use super::question::Question;
use super::{App, Overlay};
use crate::event::{Effect, PrintSlip};
use crate::strings;

/// Most slips that one action prints: a slip of the finger costs no more paper.
const MOST: usize = 200;

/// Slips that were handed on and are not answered yet, and what came of those before.
#[derive(Debug, Default)]
pub(super) struct Printing {
    /// How many are not answered.
    left: usize,
    /// How many were printed.
    printed: usize,
    /// How many were not.
    failed: usize,
    /// The first that was not, and why.
    first_failed: Option<(OrderKey, String)>,
}

impl App {
    /// Prints the slip of the one order that the key is meant for; asks before it
    /// prints those of several marked ones.
    pub(super) fn print_slips(&mut self, effects: &mut Vec<Effect>) {
        let marked = self.marked();
        let keys = match marked {
            0 => match (self.cursor.clone(), self.moved_words()) {
                (None, _) => return self.say(strings::NO_ORDER),
                (Some(_), Some(words)) => return self.say(words),
                (Some(key), None) => vec![key],
            },
            _ if marked > MOST => return self.say(strings::too_many_marked(marked, MOST)),
            _ => self.marked_keys(),
        };
        if self.settings.print_command.is_none() {
            return self.say(strings::NO_PRINT_COMMAND);
        }
        match keys.len() {
            1 => self.print_all(&keys, effects),
            _ => self.overlay = Overlay::Question(Question::Print(keys)),
        }
    }

    /// Hands the slips of these orders to the command, in their order.
    pub(super) fn print_all(&mut self, keys: &[OrderKey], effects: &mut Vec<Effect>) {
        let Some(command) = self.settings.print_command.clone() else {
            return self.say(strings::NO_PRINT_COMMAND);
        };
        let today = self.now.to_zoned_datetime(self.settings.time_zone.clone());
        let date = today.strftime("%d %b %Y").to_string();
        let mut slips = 0;
        for key in keys {
            let Some(row) = self.orders.get(key) else {
                continue;
            };
            let slip = PrintSlip {
                shop: self.vendor_name(&key.vendor).to_owned(),
                date: date.clone(),
                key: key.clone(),
                order: row.listed(),
                command: command.clone(),
            };
            effects.push(Effect::Print(Box::new(slip)));
            slips += 1;
        }
        self.acting.printing.left += slips;
        self.say(match keys {
            [key] if slips == 0 => strings::order_is_gone(key),
            [key] => strings::printing(key),
            _ => strings::printing_many(slips),
        });
    }

    /// A slip was printed, or was not. Of several, the last one's answer tells of all.
    pub(super) fn printed(&mut self, key: &OrderKey, result: Result<(), String>) {
        let printing = &mut self.acting.printing;
        printing.left = printing.left.saturating_sub(1);
        match &result {
            Ok(()) => printing.printed += 1,
            Err(why) => {
                printing.failed += 1;
                let first = &mut printing.first_failed;
                *first = first.take().or_else(|| Some((key.clone(), why.clone())));
            }
        }
        let all = printing.printed + printing.failed;
        if printing.left > 0 {
            let words = strings::printed_so_far(all, all + printing.left);
            return self.say(words);
        }
        let Printing {
            printed, failed, ..
        } = *printing;
        let first_failed = std::mem::take(printing).first_failed;
        self.say(match (&first_failed, all) {
            (None, 1) => strings::printed(key),
            (None, _) => strings::printed_many(printed),
            (Some((key, why)), 1) => strings::not_printed(key, why),
            (Some((key, why)), _) => strings::printed_some(printed, failed, key, why),
        });
    }
}
