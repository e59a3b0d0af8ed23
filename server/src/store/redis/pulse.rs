//! Whether Redis takes writes, and whether its messages arrive: asked every second
//! the way that commits and events go.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::shared::Shared;

/// A message that is under way for longer does not come any more.
const DEAF_AFTER: Duration = Duration::from_millis(2_500);

/// Probes that are remembered; the oldest tells all.
const MAX_SENT: usize = 64;

/// Hash tags whose slots lie in each sixteenth of the 16,384: one of them is on
/// every master of a cluster that has no more than a few.
const TAGS: [&str; 16] = [
    "10", "3", "61", "43", "11", "2", "60", "42", "12", "1", "63", "41", "13", "0", "62", "40",
];

/// One look at Redis.
pub(super) struct Pulse {
    /// Whether writes are taken.
    pub(super) written: Result<(), String>,
    probe: u64,
    /// When the probe was published everywhere; `None` when it was not.
    published: Option<Instant>,
}

/// A message to ourselves.
pub(super) struct Probe {
    number: u64,
    /// Each channel, and the key that is written beside it.
    places: Vec<(String, String)>,
}

impl Pulse {
    /// Writes, and publishes the probe.
    pub(super) async fn take(shared: &Shared, probe: Probe) -> Self {
        let Probe { number, places } = probe;
        let publish = shared.publish();
        let sending = places.iter().map(|(channel, key)| async move {
            let mut both = redis::pipe();
            both.cmd("SET").arg(key).arg(number).arg("PX").arg(60_000);
            both.ignore();
            both.cmd(publish).arg(channel).arg(number);
            let send = |mut connection| {
                let both = &both;
                async move { both.query_async::<(u64,)>(&mut connection).await }
            };
            shared.link.run(send).await
        });
        let sent = futures_util::future::join_all(sending).await;
        let error = sent.into_iter().find_map(Result::err);
        Self {
            probe: number,
            published: error.is_none().then(Instant::now),
            written: error.map_or(Ok(()), |error| Err(super::error::explain(&error))),
        }
    }
}

/// What was heard of the probes.
#[derive(Debug)]
pub(super) struct Ears {
    /// The last probe that was heard on each channel.
    heard: BTreeMap<String, u64>,
    /// The keys that are written beside each.
    keys: Vec<(String, String)>,
    number: u64,
    /// Probes that were published, with the moment.
    sent: VecDeque<(u64, Instant)>,
    /// The last probe before the present connection.
    before: u64,
}

impl Ears {
    pub(super) fn new(cluster: bool) -> Self {
        let node: u64 = rand::random();
        let names: Vec<String> = if cluster {
            let name = |tag| format!("ordertop:probe:{node:016x}:{{{tag}}}");
            TAGS.iter().map(name).collect()
        } else {
            vec![format!("ordertop:probe:{node:016x}")]
        };
        Self {
            heard: names.iter().map(|name| (name.clone(), 0)).collect(),
            keys: names
                .into_iter()
                .map(|name| (name.clone(), format!("{name}:written")))
                .collect(),
            number: 0,
            sent: VecDeque::new(),
            before: 0,
        }
    }

    /// The channels on which probes come.
    pub(super) fn channels(&self) -> Vec<String> {
        self.heard.keys().cloned().collect()
    }

    /// The next probe to send.
    pub(super) fn next_probe(&mut self) -> Probe {
        self.number += 1;
        Probe {
            number: self.number,
            places: self.keys.clone(),
        }
    }

    /// A new connection listens: what was sent before is of no interest.
    pub(super) fn begin(&mut self) {
        self.sent.clear();
        self.before = self.number;
    }

    /// A probe was published, or not.
    pub(super) fn sent(&mut self, pulse: &Pulse) {
        if let Some(at) = pulse.published
            && pulse.probe > self.before
        {
            self.sent.push_back((pulse.probe, at));
            self.sent.truncate(MAX_SENT);
        }
        let all_heard = self.heard.values().min().copied().unwrap_or_default();
        self.sent.retain(|(number, _)| *number > all_heard);
    }

    /// Something was heard.
    pub(super) fn heard(&mut self, channel: &str, payload: &str) {
        if let (Some(heard), Ok(number)) = (self.heard.get_mut(channel), payload.parse::<u64>()) {
            *heard = number.max(*heard);
        }
    }

    /// Whether a probe was published and does not arrive.
    pub(super) fn is_deaf(&self, now: Instant) -> bool {
        let all_heard = self.heard.values().min().copied().unwrap_or_default();
        let missing = self.sent.iter().find(|(number, _)| *number > all_heard);
        missing.is_some_and(|(_, at)| now.duration_since(*at) > DEAF_AFTER)
    }

    /// Whether nothing was sent yet that the present connection could hear.
    pub(super) fn is_untried(&self) -> bool {
        self.number == self.before
    }

    /// Whether the present connection was heard of everywhere.
    pub(super) fn is_settled(&self) -> bool {
        self.heard.values().all(|heard| *heard > self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulse(probe: u64, at: Instant) -> Pulse {
        Pulse {
            written: Ok(()),
            probe,
            published: Some(at),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_does_not_arrive_is_noticed_on_any_channel() {
        let mut ears = Ears::new(true);
        ears.begin();
        assert!(!ears.is_settled());
        for _ in 0..3 {
            let number = ears.next_probe().number;
            ears.sent(&pulse(number, Instant::now()));
            for channel in &ears.channels()[1..] {
                ears.heard(channel, &number.to_string());
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(ears.is_deaf(Instant::now()) && !ears.is_settled());
        ears.heard(&ears.channels()[0].clone(), "3");
        assert!(!ears.is_deaf(Instant::now()) && ears.is_settled());
        ears.begin();
        assert!(!ears.is_settled() && !ears.is_deaf(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_published_is_not_missed() {
        let mut ears = Ears::new(false);
        ears.begin();
        let number = ears.next_probe().number;
        ears.sent(&Pulse {
            published: None,
            written: Err("away".into()),
            probe: number,
        });
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(!ears.is_deaf(Instant::now()));
    }
}
