//! Puts the events of each followed vendor in order, each told once. No input or
//! output: what is missing is asked of the caller.
//!
//! Events come from this server's own commits and from Redis's messages, either
//! of which may be first, late, or lost. An event is told when it is the next one
//! by offset and by mark; one that is further on waits, and the stream is read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ordertop::order::VendorId;
use ordertop::protocol::position::Follows;
use ordertop::protocol::{Mark, Position};
use tokio::time::Instant;

use crate::store::{News, VendorEvent};

/// Most events of one vendor that wait for an earlier one; the stream has the rest.
const MAX_WAITING: usize = 1_024;
/// How long an event may wait for one before it: messages of two servers cross.
const CROSSING: Duration = Duration::from_millis(50);
/// When a question that was not answered is asked again.
const AGAIN: Duration = Duration::from_millis(500);
/// A vendor of whom nothing was heard for so long is looked at.
const QUIET: Duration = Duration::from_secs(4);

/// Every followed vendor.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    vendors: HashMap<VendorId, Track>,
    news: Vec<News>,
    /// Vendors whose stream is to be read from where they stand.
    gaps: Vec<(VendorId, Instant)>,
}

#[derive(Debug)]
struct Track {
    /// The last event that was told; `None` until it is known where to begin.
    head: Option<Position>,
    /// Events that came before their time, by offset.
    waiting: BTreeMap<u64, Arc<VendorEvent>>,
    /// Something is asked of Redis about it.
    asking: bool,
    heard: Instant,
}

/// An event as it comes, before all of it is read.
pub(super) trait Comes {
    /// Its place.
    fn position(&self) -> &Position;
    /// The mark of the one before.
    fn after(&self) -> &Mark;
    /// The event.
    fn read(self, vendor: &VendorId) -> Option<Arc<VendorEvent>>;
}

impl Comes for Arc<VendorEvent> {
    fn position(&self) -> &Position {
        &self.event.position
    }

    fn after(&self) -> &Mark {
        &self.event.after
    }

    fn read(self, _vendor: &VendorId) -> Option<Arc<VendorEvent>> {
        Some(self)
    }
}

impl Tracks {
    /// Begins with a vendor; whether it is new here.
    pub(super) fn begin(&mut self, vendor: &VendorId) -> bool {
        let new = !self.vendors.contains_key(vendor);
        if new {
            let track = Track {
                head: None,
                waiting: BTreeMap::new(),
                asking: true,
                heard: Instant::now(),
            };
            self.vendors.insert(vendor.clone(), track);
        }
        new
    }

    pub(super) fn end(&mut self, vendor: &VendorId) {
        self.vendors.remove(vendor);
    }

    /// Every vendor that is followed.
    pub(super) fn vendors(&self) -> impl Iterator<Item = &VendorId> {
        self.vendors.keys()
    }

    /// Whether it is known where this vendor's events are told from.
    pub(super) fn is_ready(&self, vendor: &VendorId) -> bool {
        self.vendors.get(vendor).is_some_and(|t| t.head.is_some())
    }

    /// What is to be told, since the last time.
    pub(super) fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Something else to be told, after what is there.
    pub(super) fn tell(&mut self, news: News) {
        self.news.push(news);
    }

    /// Events after this one are told.
    pub(super) fn starts(&mut self, vendor: &VendorId, head: Position) {
        let Some(track) = self.vendors.get_mut(vendor) else {
            return;
        };
        track.asking = false;
        if track.head.is_none() {
            track.head = Some(head);
            self.follow_on(vendor);
        }
    }

    /// An event has come.
    pub(super) fn come(&mut self, vendor: &VendorId, event: impl Comes) {
        let Some(track) = self.vendors.get_mut(vendor) else {
            return;
        };
        let follows = track
            .head
            .as_ref()
            .map(|head| head.follows(event.position(), event.after()));
        match follows {
            Some(Follows::Duplicate) => {}
            Some(Follows::AnotherHistory) => {
                let position = event.position().clone();
                self.history_changed(vendor, position);
            }
            Some(Follows::Next) => {
                let Some(event) = event.read(vendor) else {
                    return;
                };
                track.heard = Instant::now();
                track.head = Some(event.event.position.clone());
                self.news.push(News::Event(event));
                if !track.waiting.is_empty() {
                    self.follow_on(vendor);
                }
            }
            // Too early: the one before it may be on its way.
            None | Some(Follows::Gap) => {
                let offset = event.position().offset;
                if track.waiting.len() < MAX_WAITING
                    && let Some(event) = event.read(vendor)
                {
                    track.waiting.insert(offset, event);
                }
                if track.head.is_some() && !track.asking {
                    let due = Instant::now() + CROSSING;
                    self.gaps.push((vendor.clone(), due));
                }
            }
        }
    }

    /// Tells what waited and is next now.
    fn follow_on(&mut self, vendor: &VendorId) {
        loop {
            let Some(track) = self.vendors.get_mut(vendor) else {
                return;
            };
            let Some(head) = track.head.clone() else {
                return;
            };
            track.waiting = track.waiting.split_off(&(head.offset + 1));
            let Some((offset, event)) = track.waiting.pop_first() else {
                return;
            };
            if offset > head.offset + 1 {
                track.waiting.insert(offset, event);
                if !track.asking {
                    self.gaps.push((vendor.clone(), Instant::now() + CROSSING));
                }
                return;
            }
            if event.event.after != head.mark {
                let position = event.event.position.clone();
                self.history_changed(vendor, position);
                continue;
            }
            track.heard = Instant::now();
            track.head = Some(event.event.position.clone());
            self.news.push(News::Event(event));
        }
    }

    /// What was told is not the history any more: it goes on after `head`.
    fn history_changed(&mut self, vendor: &VendorId, head: Position) {
        if let Some(track) = self.vendors.get_mut(vendor) {
            track.head = Some(head);
            track.waiting.clear();
            track.heard = Instant::now();
            self.news.push(News::HistoryChanged(vendor.clone()));
        }
    }

    /// Vendors whose stream is to be read now, with where from; each is being
    /// asked about until [`Self::answered`].
    pub(super) fn due_gaps(&mut self, now: Instant) -> Vec<(VendorId, Position)> {
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.gaps)
            .into_iter()
            .partition(|(_, at)| *at <= now);
        self.gaps = later;
        let mut asked = Vec::new();
        for (vendor, _) in due {
            let Some(track) = self.vendors.get_mut(&vendor) else {
                continue;
            };
            if let Some(head) = &track.head
                && !track.asking
                && !track.waiting.is_empty()
            {
                track.asking = true;
                asked.push((vendor, head.clone()));
            }
        }
        asked
    }

    /// When the next gap is due.
    pub(super) fn next_gap(&self) -> Option<Instant> {
        self.gaps.iter().map(|(_, at)| *at).min()
    }

    /// Vendors of whom nothing was heard for a while, at most so many, the longest silent
    /// first, to be compared with what Redis says; each is being asked about until
    /// [`Self::answered`].
    pub(super) fn quiet(&mut self, most: usize, now: Instant) -> Vec<(VendorId, Position)> {
        let silent = |(vendor, track): (&VendorId, &Track)| {
            let quiet = !track.asking && now.duration_since(track.heard) >= QUIET;
            (quiet && track.head.is_some()).then(|| (track.heard, vendor.clone()))
        };
        let mut silent: Vec<_> = self.vendors.iter().filter_map(silent).collect();
        if silent.len() > most {
            silent.select_nth_unstable(most);
            silent.truncate(most);
        }
        let silent = silent.into_iter().map(|(_, vendor)| vendor);
        self.compare(silent.collect())
    }

    /// Every vendor, to be compared likewise.
    pub(super) fn everyone(&mut self) -> Vec<(VendorId, Position)> {
        self.compare(self.vendors.keys().cloned().collect())
    }

    fn compare(&mut self, vendors: Vec<VendorId>) -> Vec<(VendorId, Position)> {
        let mut compared = Vec::with_capacity(vendors.len());
        for vendor in vendors {
            if let Some(track) = self.vendors.get_mut(&vendor)
                && !track.asking
                && let Some(head) = &track.head
            {
                track.asking = true;
                compared.push((vendor, head.clone()));
            }
        }
        compared
    }

    /// Whether a vendor that is followed stands before `there`.
    pub(super) fn is_behind(&self, vendor: &VendorId, there: &Position) -> bool {
        let head = self.head(vendor);
        head.is_some_and(|head| head.offset < there.offset)
    }

    /// A commit at `there` is known of for a while. Whether the vendor's stream is to be
    /// read: no message told of it.
    pub(super) fn hinted(&mut self, vendor: &VendorId, there: &Position) -> bool {
        let behind = self.is_behind(vendor, there);
        match self.vendors.get_mut(vendor) {
            Some(track) if behind && !track.asking => {
                track.asking = true;
                true
            }
            _ => false,
        }
    }

    /// Where Redis says that a vendor stands, which was at `then` here when it was
    /// asked. Whether its stream is to be read.
    pub(super) fn answered(
        &mut self,
        vendor: &VendorId,
        then: &Position,
        there: Option<&Position>,
    ) -> bool {
        let Some(track) = self.vendors.get_mut(vendor) else {
            return false;
        };
        track.asking = false;
        track.heard = Instant::now();
        let Some(there) = there else { return false };
        let unmoved = track.head.as_ref() == Some(then);
        if unmoved
            && (there.offset < then.offset
                || (there.offset == then.offset && there.mark != then.mark))
        {
            self.history_changed(vendor, there.clone());
            return false;
        }
        let behind = track
            .head
            .as_ref()
            .is_some_and(|head| head.offset < there.offset);
        track.asking = behind;
        if !behind && !track.waiting.is_empty() {
            // It came while we asked, and registered nothing.
            self.gaps.push((vendor.clone(), Instant::now() + CROSSING));
        }
        behind
    }

    /// Nothing could be asked: again later.
    pub(super) fn unanswered(&mut self, vendor: &VendorId) {
        if let Some(track) = self.vendors.get_mut(vendor) {
            track.asking = false;
            if !track.waiting.is_empty() {
                self.gaps.push((vendor.clone(), Instant::now() + AGAIN));
            }
        }
    }

    /// What was read of a vendor's stream. Whether there may be more.
    pub(super) fn read(&mut self, vendor: &VendorId, events: Vec<Arc<VendorEvent>>) {
        if let Some(track) = self.vendors.get_mut(vendor) {
            track.asking = false;
        }
        for event in events {
            self.come(vendor, event);
        }
        let waits = |track: &Track| !track.asking && !track.waiting.is_empty();
        if self.vendors.get(vendor).is_some_and(waits) {
            self.gaps.push((vendor.clone(), Instant::now() + CROSSING));
        }
    }

    /// The stream cannot be read from where we stand: it goes on after `head`.
    pub(super) fn lost(&mut self, vendor: &VendorId, head: Position) {
        if let Some(track) = self.vendors.get_mut(vendor) {
            track.asking = false;
        }
        self.history_changed(vendor, head);
    }

    /// Where a vendor stands here.
    pub(super) fn head(&self, vendor: &VendorId) -> Option<&Position> {
        self.vendors.get(vendor)?.head.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Event;
    use jiff::Timestamp;
    use ordertop::order::placement::Placement;
    use ordertop::order::{Actor, ActorKind, VendorOrder};
    use ordertop::protocol::EventKind;
    use proptest::prelude::*;

    fn acme() -> VendorId {
        VendorId::new("42").unwrap()
    }

    /// A history: each event's mark is its offset and the history's letter.
    fn position(history: char, offset: u64) -> Position {
        let letter = if offset == 0 { 'a' } else { history };
        format!("{offset}:{letter}{offset}").parse().unwrap()
    }

    fn order() -> Arc<VendorOrder> {
        let placement: Placement = serde_json::from_str(
            r#"{"vendor_id":"42","order_number":"A-1","currency":"EUR","lines":[{"sku":"M","unit_price":"5"}]}"#,
        )
        .unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let intake = placement.check(None, at).unwrap();
        Arc::new(intake.place(Actor::new(ActorKind::Service, "t"), at))
    }

    fn event(order: &Arc<VendorOrder>, history: char, offset: u64) -> Arc<VendorEvent> {
        Arc::new(VendorEvent {
            vendor: acme(),
            event: Event {
                kind: EventKind::Updated,
                position: position(history, offset),
                after: position(history, offset - 1).mark,
                at: Timestamp::UNIX_EPOCH,
                previous_status: None,
                actor: Actor::new(ActorKind::Service, "t"),
                order: order.clone(),
            },
        })
    }

    fn begun(offset: u64) -> Tracks {
        let mut tracks = Tracks::default();
        assert!(tracks.begin(&acme()) && !tracks.begin(&acme()));
        tracks.starts(&acme(), position('a', offset));
        tracks
    }

    /// What was told: offsets, and `None` for a change of history.
    fn told(tracks: &mut Tracks) -> Vec<Option<u64>> {
        let told = tracks.news().into_iter().map(|news| match news {
            News::Event(event) => Some(event.event.position.offset),
            News::HistoryChanged(_) => None,
            other => panic!("{other:?}"),
        });
        told.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_before_it_is_known_where_to_begin_waits() {
        let order = order();
        let mut tracks = Tracks::default();
        tracks.begin(&acme());
        for offset in [6, 5, 4] {
            tracks.come(&acme(), event(&order, 'a', offset));
        }
        assert!(told(&mut tracks).is_empty());
        tracks.starts(&acme(), position('a', 4));
        assert_eq!(told(&mut tracks), [Some(5), Some(6)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gap_is_read_after_a_moment_and_only_if_it_is_still_there() {
        let order = order();
        let mut tracks = begun(0);
        tracks.come(&acme(), event(&order, 'a', 2));
        assert!(tracks.due_gaps(Instant::now()).is_empty());
        tokio::time::advance(CROSSING).await;
        assert_eq!(
            tracks.due_gaps(Instant::now()),
            [(acme(), position('a', 0))]
        );
        tracks.read(&acme(), vec![event(&order, 'a', 1)]);
        assert_eq!(told(&mut tracks), [Some(1), Some(2)]);

        tracks.come(&acme(), event(&order, 'a', 4));
        tracks.come(&acme(), event(&order, 'a', 3));
        tokio::time::advance(CROSSING).await;
        assert!(tracks.due_gaps(Instant::now()).is_empty());
        assert_eq!(told(&mut tracks), [Some(3), Some(4)]);
    }

    #[tokio::test(start_paused = true)]
    async fn another_history_is_told_once_and_gone_on_with() {
        let order = order();
        let mut tracks = begun(0);
        for offset in 1..=3 {
            tracks.come(&acme(), event(&order, 'a', offset));
        }
        // A failover lost the third; another one came instead, and a fourth.
        tracks.come(&acme(), event(&order, 'b', 4));
        tracks.come(&acme(), event(&order, 'b', 5));
        let all = [Some(1), Some(2), Some(3), None, Some(5)];
        assert_eq!(told(&mut tracks), all);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_vendor_whose_history_is_shorter_than_told_has_changed() {
        let mut tracks = begun(7);
        assert!(tracks.quiet(10, Instant::now()).is_empty());
        tokio::time::advance(QUIET).await;
        let asked = tracks.quiet(10, Instant::now());
        assert_eq!(asked, [(acme(), position('a', 7))]);
        assert!(tracks.everyone().is_empty(), "asked already");
        let there = position('a', 5);
        assert!(!tracks.answered(&acme(), &asked[0].1, Some(&there)));
        assert_eq!(told(&mut tracks), [None]);
        assert_eq!(tracks.head(&acme()), Some(&there));
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_quiet_vendors_some_are_asked_for_at_a_time_and_each_in_turn() {
        let mut tracks = Tracks::default();
        let vendors: Vec<VendorId> = (0..25)
            .map(|n| VendorId::new(&n.to_string()).unwrap())
            .collect();
        for vendor in &vendors {
            tracks.begin(vendor);
            tracks.starts(vendor, position('a', 0));
        }
        tokio::time::advance(QUIET).await;
        let mut asked = Vec::new();
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(1)).await;
            let now = tracks.quiet(10, Instant::now());
            for (vendor, then) in &now {
                assert!(!tracks.answered(vendor, then, Some(then)));
            }
            asked.extend(now.into_iter().map(|(vendor, _)| vendor));
        }
        asked.sort();
        let mut all = vendors;
        all.sort();
        assert_eq!(asked, all);
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_that_no_message_told_of_is_read_once() {
        let order = order();
        let mut tracks = begun(1);
        assert!(!tracks.hinted(&acme(), &position('a', 1)));
        assert!(tracks.hinted(&acme(), &position('a', 2)));
        assert!(
            !tracks.hinted(&acme(), &position('a', 2)),
            "it is being read"
        );
        tracks.read(&acme(), vec![event(&order, 'a', 2)]);
        assert_eq!(told(&mut tracks), [Some(2)]);
        assert!(!tracks.hinted(&acme(), &position('a', 2)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_older_than_what_was_told_meanwhile_means_nothing() {
        let order = order();
        let mut tracks = begun(1);
        let asked = tracks.everyone();
        tracks.come(&acme(), event(&order, 'a', 2));
        assert!(!tracks.answered(&acme(), &asked[0].1, Some(&position('a', 1))));
        assert_eq!(told(&mut tracks), [Some(2)]);
    }

    proptest! {
        /// However messages are lost, doubled and mixed up: with the stream read
        /// where a gap is due, each event is told once and in order.
        #[test]
        fn each_event_is_told_once_and_in_order(
            coming in proptest::collection::vec(1_u64..20, 0..80),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(async {
                let order = order();
                let mut tracks = begun(0);
                let newest = coming.iter().copied().max().unwrap_or_default();
                for (n, offset) in coming.iter().enumerate() {
                    tracks.come(&acme(), event(&order, 'a', *offset));
                    if n % 7 == 6 {
                        tokio::time::advance(CROSSING).await;
                        for (vendor, since) in tracks.due_gaps(Instant::now()) {
                            let read = (since.offset + 1..=newest.min(since.offset + 3))
                                .map(|offset| event(&order, 'a', offset));
                            tracks.read(&vendor, read.collect());
                        }
                    }
                }
                let asked = tracks.everyone();
                for (vendor, then) in asked {
                    if tracks.answered(&vendor, &then, Some(&position('a', newest))) {
                        let read = (then.offset + 1..=newest).map(|o| event(&order, 'a', o));
                        tracks.read(&vendor, read.collect());
                    }
                }
                let all: Vec<_> = (1..=newest).map(Some).collect();
                assert_eq!(told(&mut tracks), all);
            });
        }
    }
}
