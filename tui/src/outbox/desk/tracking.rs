//! Parcels of orders that have left: sent, and kept when nothing answers.

use ordertop::order::OrderKey;
use ordertop::protocol::rest::TrackingChange;

use super::Desk;
use crate::event::Event;
use crate::model::outbox::Work;
use crate::strings;

impl Desk {
    /// Sends a parcel. Gives what the user should read when the screen is gone
    /// before the answer.
    pub async fn track(
        self,
        key: OrderKey,
        ticket: u64,
        tracking: TrackingChange,
    ) -> Option<String> {
        let work = Work::Tracking {
            tracking: tracking.clone(),
        };
        let entry = self.entry(&key, true, work);
        self.open().insert(ticket, vec![entry.clone()]);
        let result = (self.client)
            .change_tracking_with(&key, &tracking, &entry.id)
            .await;
        let refused = (result.as_ref().err())
            .map(|error| strings::not_tracked(&key, &strings::sentence(error), ""));
        let known = match result {
            Err(error) if error.leaves_open() && self.store.is_some() => {
                self.write_down(entry, |result| Event::TrackingKept {
                    key,
                    unanswered: Some(error),
                    result,
                })
                .await
            }
            result => {
                let result = result.map(Box::new);
                self.tell(Event::TrackingAnswer { key, result }).await
            }
        };
        self.open().remove(&ticket);
        if known { None } else { refused }
    }

    /// Writes a parcel down that was not sent.
    pub async fn keep_tracking(self, key: OrderKey, tracking: TrackingChange) -> Option<String> {
        let entry = self.entry(&key, false, Work::Tracking { tracking });
        let lost = strings::tracking_not_kept_at_the_end(&key);
        let kept = self.write_down(entry, |result| Event::TrackingKept {
            key,
            unanswered: None,
            result,
        });
        (!kept.await).then_some(lost)
    }
}
