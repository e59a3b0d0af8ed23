//! What the orders come to: how many came each hour, what today brought, what
//! is late and what is due. Worked out from all rows now and then, never for a
//! frame.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ordertop::order::{Currency, OrderKey, OrderStatus, VendorId};

use super::orders::Orders;

/// How many hours the counts go back.
pub const HOURS: usize = 12;
/// How near an order's ship-by time is called due.
pub const DUE_WITHIN: SignedDuration = SignedDuration::from_hours(4);
/// How old the figures may be. Walking 100,000 rows takes about a millisecond.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(10);
/// Orders that are told late or due each at once; of more only the number is told.
const MAX_TOLD: usize = 100;

/// What the orders come to: all of them, or one vendor's where his alone are
/// shown. Test orders count nowhere.
#[derive(Debug, Default)]
pub struct Figures {
    /// Orders placed in each of the last hours, the oldest first; the last one is
    /// the hour up to now.
    pub hours: [usize; HOURS],
    /// What today's orders bring, where they are paid and not refunded: by
    /// currency, scaled as a row's amount is; most orders first. Each counts with
    /// its whole total: what was paid back of one in part is not taken off.
    pub revenue: Vec<Revenue>,
    /// Orders whose ship-by time has passed.
    pub late: usize,
    /// Orders whose ship-by time is within [`DUE_WITHIN`].
    pub due: usize,
    worked_out_at: Option<Timestamp>,
    /// Whose orders they are of, where one vendor's alone are shown.
    vendor: Option<VendorId>,
    told_until: Option<Timestamp>,
    /// Nothing was told in this run yet, and `told_until` is the run before's.
    from_before: bool,
}

/// What orders of one currency bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revenue {
    /// The currency; an old server does not tell.
    pub currency: Option<Currency>,
    /// How much, scaled as a row's amount is.
    pub amount: i64,
    /// Of how many orders.
    pub orders: usize,
}

/// An order whose ship-by time came near or passed since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossed {
    /// Which.
    pub key: OrderKey,
    /// By when it was to be shipped.
    pub due: Timestamp,
    /// Whether that has passed.
    pub late: bool,
}

/// What became late or due since the last look.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// So many of them each.
    pub crossed: Vec<Crossed>,
    /// How many more are late.
    pub more_late: usize,
    /// How many more are due soon.
    pub more_due: usize,
    /// It is since the run before, which somebody left for minutes or for days.
    pub since_before: bool,
}

impl Figures {
    /// What became late or due after that is still to be told: when the run before
    /// was left.
    pub fn tell_from(&mut self, left_at: Option<Timestamp>) {
        self.told_until = left_at;
        self.from_before = left_at.is_some();
    }

    /// The next look works them out, however fresh they are.
    pub fn expire(&mut self) {
        self.worked_out_at = None;
    }

    /// Works the figures out, unless they are fresh. Says which orders became
    /// late, or due within `soon`, since the last time; at the very first time none,
    /// and none while `tell` is not set: then they are told the next time.
    pub fn follow(
        &mut self,
        orders: &Orders,
        now: Timestamp,
        zone: &TimeZone,
        soon: SignedDuration,
        tell: bool,
    ) -> News {
        let fresh = |at: Timestamp| now >= at && now.duration_since(at) < FRESH_FOR;
        let same = self.vendor.as_ref() == orders.vendor();
        if same && self.worked_out_at.is_some_and(fresh) {
            return News::default();
        }
        self.worked_out_at = Some(now);
        self.vendor = orders.vendor().cloned();
        let told_until = match tell {
            true => self.told_until.replace(now),
            false => None,
        };
        let mut news = News {
            since_before: tell && std::mem::take(&mut self.from_before),
            ..News::default()
        };
        let midnight = zone.to_datetime(now).date().to_datetime(Time::midnight());
        let today = zone.to_timestamp(midnight).unwrap_or(now);
        (self.late, self.due) = (0, 0);
        self.hours = [0; HOURS];
        self.revenue.clear();
        for row in orders.rows() {
            if row.flags().test {
                continue;
            }
            // What becomes late is told of every vendor's orders.
            let counts = (self.vendor.as_ref()).is_none_or(|vendor| *vendor == row.key.vendor);
            let placed = row.created_at();
            if counts && let Some(hour) = hour(placed, now) {
                self.hours[hour] += 1;
            }
            if counts && placed >= today && brings(row.status()) {
                self.add(row.currency(), row.amount());
            }
            let Some(due) = row.ship_by() else { continue };
            let left = due.duration_since(now);
            if counts {
                self.late += usize::from(due < now);
                self.due += usize::from(due >= now && left <= DUE_WITHIN);
            }
            let Some(since) = told_until else {
                continue;
            };
            let late = since <= due && due < now;
            let near = due.duration_since(since) > soon && left <= soon && due >= now;
            if !late && !near {
                continue;
            }
            if news.crossed.len() < MAX_TOLD {
                let key = row.key.clone();
                news.crossed.push(Crossed { key, due, late });
            } else {
                news.more_late += usize::from(late);
                news.more_due += usize::from(near);
            }
        }
        (self.revenue).sort_by(|a, b| {
            (b.orders.cmp(&a.orders)).then_with(|| code(a.currency).cmp(&code(b.currency)))
        });
        news
    }

    fn add(&mut self, currency: Option<Currency>, amount: i64) {
        // A marketplace has a handful of currencies: a list beats a map.
        let known = (self.revenue.iter_mut()).find(|one| one.currency == currency);
        match known {
            Some(one) => {
                one.amount = one.amount.saturating_add(amount);
                one.orders += 1;
            }
            None => self.revenue.push(Revenue {
                currency,
                amount,
                orders: 1,
            }),
        }
    }
}

fn code(currency: Option<Currency>) -> String {
    currency.map_or_else(String::new, |currency| currency.code().to_owned())
}

/// In which of the last hours a moment lies.
fn hour(placed: Timestamp, now: Timestamp) -> Option<usize> {
    let ago = now.duration_since(placed).as_hours().max(0);
    (HOURS - 1).checked_sub(usize::try_from(ago).ok()?)
}

/// Whether an order that stands there is paid, and stayed so.
fn brings(status: OrderStatus) -> bool {
    use OrderStatus::{Completed, Delivered, Paid, Shipped};
    matches!(status, Paid | Shipped | Delivered | Completed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{at, order_of, packed, vendor};

    const HOUR_S: i64 = 3_600;
    const SOON: SignedDuration = SignedDuration::from_hours(1);

    struct Shop(Orders);

    impl Shop {
        fn put(&mut self, number: &str, status: OrderStatus, second: i64, total: (&str, &str)) {
            self.put_due(number, status, second, total, None);
        }

        fn put_due(
            &mut self,
            number: &str,
            status: OrderStatus,
            second: i64,
            (total, currency): (&str, &str),
            due: Option<i64>,
        ) {
            let order = order_of(number, "Ana", status, second, total, currency);
            let mut order = (*order).clone();
            order.ship_by = due.map(at);
            order.flags.test = number.starts_with('T');
            let key = order.key(&vendor());
            self.0.put(key, packed(&order), "Acme", None);
        }

        fn figures(&self, second: i64, zone: &TimeZone) -> Figures {
            let mut figures = Figures::default();
            figures.follow(&self.0, at(second), zone, SOON, true);
            figures
        }
    }

    #[test]
    fn orders_are_counted_by_hour() {
        use OrderStatus::{Cancelled, Paid};
        let mut shop = Shop(Orders::default());
        for (number, second) in [
            ("1", 0),
            ("2", -10),
            ("3", -HOUR_S - 1),
            ("4", -11 * HOUR_S - 5),
            ("5", -12 * HOUR_S - 5),
            ("6", 60),
            ("T7", 0),
        ] {
            shop.put(number, Paid, second, ("1.00", "EUR"));
        }
        shop.put("8", Cancelled, -20, ("1.00", "EUR"));
        let hours = shop.figures(0, &TimeZone::UTC).hours;
        assert_eq!(hours, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4]);
    }

    #[test]
    fn revenue_is_of_the_local_day_paid_and_not_refunded() {
        use OrderStatus::{Cancelled, Completed, Paid, Pending, Refunded, Shipped};
        let mut shop = Shop(Orders::default());
        shop.put("1", Paid, -60, ("1200.40", "EUR"));
        shop.put("2", Shipped, -120, ("3.70", "EUR"));
        shop.put("3", Completed, -120, ("310.00", "USD"));
        for (number, status) in [
            ("4", Refunded),
            ("5", Cancelled),
            ("6", Pending),
            ("T7", Paid),
        ] {
            shop.put(number, status, -60, ("99.00", "EUR"));
        }
        // The fixture's day is 2026-11-23, 14:00 UTC.
        shop.put("8", Paid, -14 * HOUR_S - 1, ("5.00", "USD"));
        let sums = |figures: &Figures| -> Vec<(String, i64)> {
            let sum = |one: &Revenue| (code(one.currency), one.amount);
            figures.revenue.iter().map(sum).collect()
        };
        let utc = shop.figures(0, &TimeZone::UTC);
        let expected = [
            ("EUR".to_owned(), 12_041_000),
            ("USD".to_owned(), 3_100_000),
        ];
        assert_eq!(sums(&utc), expected);
        // Farther east the day began later by the world's clock: at 15:00 UTC.
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        assert!(shop.figures(HOUR_S - 1, &tokyo).revenue.len() == 2);
        assert!(shop.figures(HOUR_S, &tokyo).revenue.is_empty());
    }

    #[test]
    fn an_order_becomes_due_and_late_once() {
        use OrderStatus::{Paid, Shipped};
        let mut shop = Shop(Orders::default());
        let total = ("1.00", "EUR");
        shop.put_due("1", Paid, 0, total, Some(2 * HOUR_S));
        shop.put_due("2", Paid, 0, total, Some(-5));
        shop.put_due("3", Shipped, 0, total, Some(2 * HOUR_S));
        shop.put_due("T4", Paid, 0, total, Some(2 * HOUR_S));
        shop.put_due("5", Paid, 0, total, Some(5 * HOUR_S));
        let mut figures = Figures::default();
        let mut told = Vec::new();
        for second in (0..3 * HOUR_S).step_by(10) {
            let now = at(second);
            let crossed = figures
                .follow(&shop.0, now, &TimeZone::UTC, SOON, true)
                .crossed;
            if second == 0 {
                assert!(crossed.is_empty(), "the first look tells nothing");
                assert_eq!((figures.late, figures.due), (1, 1));
            }
            for one in crossed {
                told.push((one.key.number.to_string(), one.late, second));
            }
        }
        let expected = [
            ("1".to_owned(), false, HOUR_S),
            ("1".to_owned(), true, 2 * HOUR_S + 10),
        ];
        assert_eq!(told, expected);
        assert_eq!((figures.late, figures.due), (2, 1));
    }

    #[test]
    fn of_a_crowd_that_became_late_the_number_is_told() {
        let mut shop = Shop(Orders::default());
        for i in 0..MAX_TOLD + 30 {
            let number = format!("L{i}");
            shop.put_due(&number, OrderStatus::Paid, 0, ("1.00", "EUR"), Some(60));
        }
        let mut figures = shop.figures(0, &TimeZone::UTC);
        let later = |figures: &mut Figures, second, tell| {
            figures.follow(&shop.0, at(second), &TimeZone::UTC, SOON, tell)
        };
        assert_eq!(later(&mut figures, 70, false), News::default());
        let news = later(&mut figures, 80, true);
        assert_eq!((news.crossed.len(), news.more_late), (MAX_TOLD, 30));
        assert_eq!(later(&mut figures, 90, true), News::default());
    }

    #[test]
    fn what_became_late_since_the_run_before_is_known_to_be_so() {
        let mut shop = Shop(Orders::default());
        for (number, due) in [("1", -50), ("2", -150), ("3", 60)] {
            shop.put_due(number, OrderStatus::Paid, -900, ("1.00", "EUR"), Some(due));
        }
        let mut figures = Figures::default();
        figures.tell_from(Some(at(-100)));
        let news = figures.follow(&shop.0, at(0), &TimeZone::UTC, SOON, true);
        let late = news.crossed.iter().filter(|one| one.late).count();
        assert_eq!((late, news.since_before), (1, true), "2 was late before");
        let news = figures.follow(&shop.0, at(70), &TimeZone::UTC, SOON, true);
        assert_eq!((news.crossed.len(), news.since_before), (1, false));
    }

    #[test]
    fn figures_stay_for_a_while() {
        let mut shop = Shop(Orders::default());
        let mut figures = shop.figures(0, &TimeZone::UTC);
        shop.put("1", OrderStatus::Paid, 0, ("1.00", "EUR"));
        let look = |figures: &mut Figures, second| {
            figures.follow(&shop.0, at(second), &TimeZone::UTC, SOON, true);
            figures.hours[HOURS - 1]
        };
        assert_eq!(look(&mut figures, 9), 0);
        assert_eq!(look(&mut figures, 10), 1);
        figures.expire();
        assert_eq!(look(&mut figures, 11), 1);
    }
}
