//! Who follows which vendor, and the fan-out to them.
//!
//! Publishing never waits for a follower: each has a queue that is bounded in
//! bytes (one publication may exceed the bound, more may not). When it is full, the follower is cut off (its connection closes with
//! a code that means "come back"), and recovery repairs what it missed. Nobody
//! else notices, and nothing is dropped in silence.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ordertop::order::VendorId;
use ordertop::protocol::listed::View;
use tokio::sync::Notify;

use crate::publication::Publication;
use crate::store::Following;

/// Everyone who follows something.
#[derive(Debug, Default)]
pub struct Hub {
    followers: Mutex<Followers>,
    count: AtomicUsize,
    cut_off: AtomicU64,
}

#[derive(Debug, Default)]
struct Followers {
    by_vendor: HashMap<VendorId, Vec<Arc<Queue>>>,
    all: Vec<Arc<Queue>>,
}

impl Followers {
    fn everyone(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.by_vendor.values().flatten().chain(&self.all)
    }
}

/// What waits for one follower.
#[derive(Debug)]
struct Queue {
    /// `None` for a bell: it is woken, and nothing is kept for it.
    view: Option<View>,
    /// Changes when its connection has recovered.
    max_bytes: AtomicUsize,
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    publications: Vec<Arc<Publication>>,
    bytes: usize,
    cut_off: Option<CutOff>,
}

/// One follower; it stops following when this is dropped.
#[derive(Debug)]
pub struct Follower {
    hub: Arc<Hub>,
    following: Following,
    queue: Arc<Queue>,
}

/// Rings when something is published; what it was is read from the store.
#[derive(Debug)]
pub struct Bell(Follower);

impl Bell {
    /// Waits until something was published since the last time.
    pub async fn rung(&self) {
        self.0.queue.wake.notified().await;
    }
}

/// Why a follower is told nothing more: it must come back and recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutOff {
    /// Its queue was full: it has missed something.
    Full,
    /// The history of what it follows has changed.
    HistoryChanged,
}

impl Hub {
    /// Starts following. Everything published from now on waits for the
    /// follower, up to `max_bytes` of frames.
    #[must_use]
    pub fn follow(
        self: &Arc<Self>,
        following: Following,
        view: View,
        max_bytes: usize,
    ) -> Follower {
        self.register(following, Some(view), max_bytes)
    }

    /// Starts listening: the bell rings when something is published.
    #[must_use]
    pub fn bell(self: &Arc<Self>, following: Following) -> Bell {
        Bell(self.register(following, None, 0))
    }

    fn register(
        self: &Arc<Self>,
        following: Following,
        view: Option<View>,
        max_bytes: usize,
    ) -> Follower {
        let queue = Arc::new(Queue {
            view,
            max_bytes: AtomicUsize::new(max_bytes),
            waiting: Mutex::default(),
            wake: Notify::new(),
        });
        let mut followers = self.lock();
        match &following {
            Following::Vendor(vendor) => {
                followers
                    .by_vendor
                    .entry(vendor.clone())
                    .or_default()
                    .push(queue.clone());
            }
            Following::All => followers.all.push(queue.clone()),
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        drop(followers);
        Follower {
            hub: self.clone(),
            following,
            queue,
        }
    }

    /// Hands a batch to everyone whom it concerns; in its order for each.
    pub fn publish(&self, batch: &[Arc<Publication>]) {
        let followers = self.lock();
        let mut rest = batch;
        while let Some((first, _)) = rest.split_first() {
            let Some((vendor, _)) = first.event() else {
                rest = &rest[1..];
                continue;
            };
            // A run of one vendor's events: one visit a follower.
            let same = |p: &&Arc<Publication>| p.event().is_some_and(|(v, _)| v == vendor);
            let run = rest.iter().take_while(same).count();
            for queue in followers.by_vendor.get(vendor).into_iter().flatten() {
                self.push(queue, &rest[..run]);
            }
            rest = &rest[run..];
        }
        for queue in &followers.all {
            self.push(queue, batch);
        }
    }

    fn push(&self, queue: &Queue, publications: &[Arc<Publication>]) {
        if queue.push(publications).is_err() {
            self.cut_off.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Hands something to everyone, whomever they follow.
    pub fn tell_all(&self, publication: &Arc<Publication>) {
        let followers = self.lock();
        let one = std::slice::from_ref(publication);
        for queue in followers.everyone() {
            self.push(queue, one);
        }
    }

    /// Sends everyone who follows this vendor back to ask where it stands: what
    /// they were told is not its history any more.
    pub fn ask_anew(&self, vendor: &VendorId) {
        let followers = self.lock();
        let of_vendor = followers.by_vendor.get(vendor).into_iter().flatten();
        for queue in of_vendor.chain(&followers.all) {
            queue.cut_off(CutOff::HistoryChanged);
        }
    }

    /// How many follow.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether nobody follows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many were cut off since the start.
    #[must_use]
    pub fn cut_off(&self) -> u64 {
        self.cut_off.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Followers> {
        self.followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&self, publications: &[Arc<Publication>]) -> Result<(), CutOff> {
        let Some(view) = self.view else {
            self.wake.notify_one();
            return Ok(());
        };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.cut_off.is_some() {
            return Ok(());
        }
        // What is published at once is never too much by itself: only who had
        // something left to read is slow.
        let behind = !waiting.publications.is_empty();
        for publication in publications {
            waiting.bytes += publication.frame(view).len();
            waiting.publications.push(publication.clone());
        }
        if behind && waiting.bytes > self.max_bytes.load(Ordering::Relaxed) {
            *waiting = Waiting {
                cut_off: Some(CutOff::Full),
                ..Waiting::default()
            };
        }
        let cut_off = waiting.cut_off;
        drop(waiting);
        self.wake.notify_one();
        cut_off.map_or(Ok(()), Err)
    }

    fn cut_off(&self, why: CutOff) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = Waiting {
            cut_off: waiting.cut_off.or(Some(why)),
            ..Waiting::default()
        };
        drop(waiting);
        self.wake.notify_one();
    }
}

impl Follower {
    /// All that waits, oldest first; waits while there is nothing. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// When the follower was cut off.
    pub async fn next(&self) -> Result<Vec<Arc<Publication>>, CutOff> {
        loop {
            {
                let mut waiting = self
                    .queue
                    .waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                if let Some(why) = waiting.cut_off {
                    return Err(why);
                }
                if !waiting.publications.is_empty() {
                    waiting.bytes = 0;
                    return Ok(std::mem::take(&mut waiting.publications));
                }
            }
            self.queue.wake.notified().await;
        }
    }

    /// Bounds what waits by so many bytes from now on. What waits already stays.
    pub fn bound(&self, max_bytes: usize) {
        self.queue.max_bytes.store(max_bytes, Ordering::Relaxed);
    }

    /// Waits until the follower is cut off.
    pub async fn cut_off(&self) -> CutOff {
        loop {
            // Registered before the look, so that no wake between is missed.
            let woken = self.queue.wake.notified();
            let waiting = self.queue.waiting.lock();
            let why = waiting.unwrap_or_else(PoisonError::into_inner).cut_off;
            if let Some(why) = why {
                return why;
            }
            woken.await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut followers = self.hub.lock();
        let remove = |queues: &mut Vec<Arc<Queue>>| {
            if let Some(at) = queues
                .iter()
                .position(|queue| Arc::ptr_eq(queue, &self.queue))
            {
                queues.swap_remove(at);
            }
        };
        match &self.following {
            Following::All => remove(&mut followers.all),
            Following::Vendor(vendor) => {
                if let Some(queues) = followers.by_vendor.get_mut(vendor) {
                    remove(queues);
                    if queues.is_empty() {
                        followers.by_vendor.remove(vendor);
                    }
                }
            }
        }
        self.hub.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use ordertop::protocol::message::VendorAdded;

    fn publication() -> Arc<Publication> {
        Arc::new(Publication::vendor_added(VendorAdded {
            vendor_id: VendorId::new("42").unwrap(),
            name: "Acme".into(),
            position: "0:aa".parse().unwrap(),
            timestamp: Timestamp::UNIX_EPOCH,
        }))
    }

    #[tokio::test]
    async fn a_full_queue_cuts_off_its_follower_alone() {
        let hub = Arc::new(Hub::default());
        let slow = hub.follow(Following::All, View::Support, 150);
        let quick = hub.follow(Following::All, View::Support, 1_000_000);
        hub.publish(&[publication()]);
        hub.publish(&[publication()]);
        assert_eq!(slow.next().await.unwrap_err(), CutOff::Full);
        assert_eq!(slow.cut_off().await, CutOff::Full);
        assert_eq!(quick.next().await.unwrap().len(), 2);
        assert_eq!(hub.cut_off(), 1);
    }

    #[tokio::test]
    async fn who_keeps_up_is_not_cut_off_by_one_large_commit() {
        let hub = Arc::new(Hub::default());
        let quick = hub.follow(Following::All, View::Support, 150);
        let commit: Vec<_> = (0..10).map(|_| publication()).collect();
        hub.publish(&commit);
        assert_eq!(quick.next().await.unwrap().len(), 10);
        hub.publish(&commit);
        assert_eq!(quick.next().await.unwrap().len(), 10);
    }

    #[tokio::test]
    async fn a_bound_that_is_lowered_counts_from_then_on() {
        let hub = Arc::new(Hub::default());
        let follower = hub.follow(Following::All, View::Support, 1_000_000);
        for _ in 0..3 {
            hub.publish(&[publication()]);
        }
        follower.bound(150);
        assert_eq!(follower.next().await.unwrap().len(), 3);
        hub.publish(&[publication()]);
        hub.publish(&[publication()]);
        assert_eq!(follower.next().await.unwrap_err(), CutOff::Full);
    }

    #[tokio::test]
    async fn a_follower_that_goes_is_forgotten() {
        let hub = Arc::new(Hub::default());
        let vendor = VendorId::new("42").unwrap();
        let follower = hub.follow(Following::Vendor(vendor), View::Vendor, 100);
        assert_eq!(hub.len(), 1);
        drop(follower);
        assert!(hub.is_empty());
        assert!(hub.lock().by_vendor.is_empty());
    }

    #[tokio::test]
    async fn what_is_published_while_waiting_wakes() {
        let hub = Arc::new(Hub::default());
        let follower = hub.follow(Following::All, View::Support, 1_000_000);
        let waiting = tokio::spawn(async move { follower.next().await.map(|all| all.len()) });
        hub.publish(&[publication()]);
        assert_eq!(waiting.await.unwrap(), Ok(1));
    }
}
