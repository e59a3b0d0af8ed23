//! A value that is costly to find out: looked for once for all who ask within a while.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

/// A value with a time to live. One look at a time, which goes on when the caller that began it
/// goes away; callers meanwhile wait for that look.
pub struct Cached<T> {
    /// Time for which a value is given again, from the end of its look.
    fresh: Duration,
    last: Mutex<Option<Look<T>>>,
}

struct Look<T> {
    ended: Arc<OnceLock<Instant>>,
    value: Shared<BoxFuture<'static, Option<T>>>,
}

impl<T: Clone + Send + Sync + 'static> Cached<T> {
    /// A cache whose values are good for `fresh`.
    #[must_use]
    pub fn new(fresh: Duration) -> Self {
        let last = Mutex::new(None);
        Self { fresh, last }
    }

    /// Answers the value, looking for it unless that was done a moment ago or is under way.
    /// `None` where the look panicked.
    pub async fn get<F>(&self, look: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let value = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let is_good = |look: &&Look<T>| {
                let ended = look.ended.get();
                ended.is_none_or(|ended| ended.elapsed() < self.fresh)
            };
            match last.as_ref().filter(is_good) {
                Some(look) => look.value.clone(),
                None => last.insert(Look::begin(look())).value.clone(),
            }
        };
        value.await
    }
}

impl<T: Clone + Send + Sync + 'static> Look<T> {
    fn begin(look: impl Future<Output = T> + Send + 'static) -> Self {
        let ended = Arc::new(OnceLock::new());
        let at = ended.clone();
        // A task of its own: whoever asked first may hang up.
        let looking = tokio::spawn(async move {
            let value = AssertUnwindSafe(look).catch_unwind().await.ok();
            let _ = at.set(Instant::now());
            value
        });
        let value = async move { looking.await.ok().flatten() };
        let value = value.boxed().shared();
        Self { ended, value }
    }
}

impl<T> std::fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cached")
            .field("fresh", &self.fresh)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    /// A look that ends when it is told to, and counts.
    #[derive(Default)]
    struct Source {
        looks: AtomicUsize,
        go: Notify,
    }

    impl Source {
        async fn look(self: Arc<Self>) -> usize {
            let n = self.looks.fetch_add(1, Ordering::SeqCst) + 1;
            self.go.notified().await;
            n
        }
    }

    #[tokio::test]
    async fn a_hundred_callers_share_one_look() {
        let source = Arc::new(Source::default());
        let cached = Cached::new(Duration::from_secs(60));
        let callers = (0..100).map(|_| cached.get(|| source.clone().look()));
        source.go.notify_one();
        let values = futures_util::future::join_all(callers).await;
        assert_eq!(values, vec![Some(1); 100]);
        assert_eq!(cached.get(|| source.clone().look()).await, Some(1));
        assert_eq!(source.looks.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_look_goes_on_when_its_caller_hangs_up() {
        let source = Arc::new(Source::default());
        let cached = Cached::new(Duration::from_secs(60));
        let hung_up = cached.get(|| source.clone().look()).now_or_never();
        assert_eq!(hung_up, None);
        source.go.notify_one();
        assert_eq!(cached.get(|| source.clone().look()).await, Some(1));
    }

    #[tokio::test]
    async fn an_old_value_is_looked_for_anew_and_a_panic_is_none() {
        let source = Arc::new(Source::default());
        let cached = Cached::new(Duration::ZERO);
        for n in 1..=3 {
            source.go.notify_one();
            assert_eq!(cached.get(|| source.clone().look()).await, Some(n));
        }
        let broken = cached.get(|| async { panic!("a look that breaks") });
        assert_eq!(broken.await, None);
    }
}
