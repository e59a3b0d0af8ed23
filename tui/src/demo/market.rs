//! The marketplace of the demo: makes orders up. The same seed makes the same
//! orders, at the same distance from "now".

use jiff::{SignedDuration, Timestamp};
use ordertop::order::intake::{Intake, Moments};
use ordertop::order::placement::{PlacedLine, PlacedTotals, Placement, PlacementError};
use ordertop::order::{Flags, OrderStatus, Shipment, VendorId};
use ordertop::protocol::rest::Vendor;
use rand::{RngExt, SeedableRng};

use super::Dice;
use super::goods::{Article, SHOPS, Shop};
use super::people::{country, pick};

/// How far back the oldest order of the opening lies.
pub(super) const SPAN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How soon an order is promised to leave.
const PROMISE: SignedDuration = SignedDuration::from_hours(48);
/// The first order number of a shop; a shop that opened today is not believable.
const FIRST_NUMBER: u64 = 10_401;

const WISHES: &[&str] = &[
    "Please leave it with the neighbour.",
    "Bitte nicht klingeln, Baby schläft.",
    "C’est un cadeau : sans facture dans le colis, merci !",
    "のし紙をお願いします。",
    "الرجاء الاتصال قبل التوصيل",
    "Deixar na portaria, por favor.",
    "Is the blue one darker than on the photo?",
];

/// Makes orders up.
pub(super) struct Market {
    dice: Dice,
    /// The next order number of each shop.
    numbers: Vec<u64>,
    groups: u64,
}

/// Tells an order's fate before it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Paid, shipped, delivered, completed as time goes by.
    Usual,
    /// Never paid; at the door perhaps.
    Unpaid,
    /// Paid, and held up.
    Late,
    Cancelled,
    Refunded,
    Disputed,
}

impl Market {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::seed_from_u64(seed),
            numbers: vec![FIRST_NUMBER; SHOPS.len()],
            groups: 700,
        }
    }

    /// The vendors, each with its name.
    pub(super) fn vendors() -> Result<Vec<Vendor>, ordertop::order::InvalidId> {
        let vendor = |shop: &Shop| {
            Ok(Vendor {
                id: VendorId::new(shop.id)?,
                name: shop.name.to_owned(),
            })
        };
        SHOPS.iter().map(vendor).collect()
    }

    /// Dice for what is not an order.
    pub(super) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// The order at `index` of the `count` that are there when the demo opens,
    /// oldest first; they crowd towards `now`.
    pub(super) fn opening_order(
        &mut self,
        index: u64,
        count: u64,
        now: Timestamp,
    ) -> Result<Intake, PlacementError> {
        // However few there are, no status is missing: the oldest have one each,
        // and are old enough for it.
        let wanted = usize::try_from(index)
            .ok()
            .and_then(|index| OrderStatus::ALL.get(index));
        let share = match wanted {
            Some(_) => self.dice.random_range(0.98..1.0),
            None => {
                let from_now = (count - index) as f64 - self.dice.random_range(0.0..1.0);
                (from_now / count as f64).powi(2)
            }
        };
        let age = SignedDuration::from_secs((SPAN.as_secs_f64() * share) as i64);
        let placed_at = now - age;
        let shop = self.dice.random_range(0..SHOPS.len());
        let placement = self.placement(shop, placed_at);
        let mut intake = placement.check(None, now)?;
        let fate = match wanted {
            Some(OrderStatus::Pending) => Fate::Unpaid,
            Some(OrderStatus::Paid) => Fate::Late,
            Some(OrderStatus::Cancelled) => Fate::Cancelled,
            Some(OrderStatus::Refunded) => Fate::Refunded,
            Some(OrderStatus::Disputed) => Fate::Disputed,
            Some(_) => Fate::Usual,
            None => self.fate(),
        };
        let until = match wanted {
            // It stopped here, whatever time has gone by.
            Some(status @ (OrderStatus::Shipped | OrderStatus::Delivered)) => *status,
            _ => OrderStatus::Completed,
        };
        self.live(&mut intake, &SHOPS[shop], fate, until, now);
        Ok(intake)
    }

    /// A paid order of `vendor` for the person who watches to ship.
    pub(super) fn invitation(
        &mut self,
        vendor: &VendorId,
        now: Timestamp,
    ) -> Result<Intake, PlacementError> {
        let placed_at = now - SignedDuration::from_mins(7);
        let mut intake = self
            .placement(shop_of(vendor), placed_at)
            .check(None, now)?;
        intake.status = OrderStatus::Paid;
        intake.flags = Flags::default();
        intake.moments.paid_at = Some(placed_at + SignedDuration::from_mins(2));
        Ok(intake)
    }

    /// An order that comes in now; of `favourite` more often than not, where
    /// one is named.
    pub(super) fn new_order(&mut self, favourite: Option<&VendorId>, now: Timestamp) -> Placement {
        let shop = match favourite {
            Some(vendor) if self.dice.random_bool(0.6) => shop_of(vendor),
            _ => self.dice.random_range(0..SHOPS.len()),
        };
        let mut placement = self.placement(shop, now);
        let paid = self.dice.random_bool(0.7);
        let status = if paid {
            OrderStatus::Paid
        } else {
            OrderStatus::Pending
        };
        placement.status = Some(status.to_string());
        placement.flags.pay_on_delivery = !paid && self.dice.random_bool(0.3);
        placement
    }

    /// What a vendor hands to the carrier.
    pub(super) fn shipment(&mut self, vendor: &VendorId) -> Shipment {
        self.parcel(&SHOPS[shop_of(vendor)])
    }

    fn fate(&mut self) -> Fate {
        match self.dice.random_range(0..100) {
            0..84 => Fate::Usual,
            84..90 => Fate::Unpaid,
            90..93 => Fate::Late,
            93..96 => Fate::Cancelled,
            96..98 => Fate::Refunded,
            _ => Fate::Disputed,
        }
    }

    fn placement(&mut self, shop: usize, placed_at: Timestamp) -> Placement {
        let number = self.numbers[shop];
        self.numbers[shop] += 1;
        let shop = &SHOPS[shop];
        let dice = &mut self.dice;
        let person = country(pick(shop.buyers, dice)).person(dice);
        let mut ship_to = person.home;
        if dice.random_bool(0.1) {
            let friend = country(pick(shop.buyers, dice)).person(dice);
            ship_to = friend.home;
            ship_to.name = friend.buyer.name;
        }
        let group = dice.random_bool(0.15).then(|| {
            self.groups += 1;
            format!("G-{}", self.groups)
        });
        // Each article once.
        let (first, articles) = (
            dice.random_range(0..shop.goods.len()),
            dice.random_range(1..=3),
        );
        let lines = shop.goods.iter().cycle().skip(first).take(articles);
        let lines = lines.map(|article| line(*article, dice)).collect();
        let promised = dice.random_bool(0.8);
        Placement {
            vendor_id: Some(shop.id.to_owned()),
            order_number: format!("{}{number}", shop.prefix),
            group,
            status: None,
            currency: shop.currency.to_owned(),
            placed_at: Some(placed_at),
            ship_by: promised.then(|| placed_at + PROMISE),
            buyer: person.buyer,
            ship_to,
            buyer_note: dice.random_bool(0.1).then(|| pick(WISHES, dice).to_owned()),
            lines,
            totals: PlacedTotals {
                shipping: Some(pick(shop.shipping, dice).to_owned()),
                ..PlacedTotals::default()
            },
            flags: Flags {
                test: dice.random_bool(0.01),
                ..Flags::default()
            },
        }
    }

    /// Lets time go by for an order, up to `now` and no further than `until`.
    fn live(
        &mut self,
        order: &mut Intake,
        shop: &Shop,
        fate: Fate,
        until: OrderStatus,
        now: Timestamp,
    ) {
        let placed_at = order.content.placed_at;
        if fate == Fate::Unpaid {
            order.flags.pay_on_delivery = self.dice.random_bool(0.5);
            order.flags.on_hold = !order.flags.pay_on_delivery && self.dice.random_bool(0.4);
            return;
        }
        let mut hours = |from: i64, to: i64| {
            SignedDuration::from_mins(self.dice.random_range(from * 60..to * 60))
        };
        let paid_at = placed_at + hours(0, 1);
        let shipped_at = paid_at + hours(2, 46);
        let delivered_at = shipped_at + hours(18, 100);
        let completed_at = delivered_at + SignedDuration::from_hours(7 * 24);
        let due = |at: Timestamp, status| at <= now && status <= until && fate != Fate::Late;
        let moments = &mut order.moments;
        if paid_at > now {
            return;
        }
        *moments = Moments {
            paid_at: Some(paid_at),
            ..Moments::default()
        };
        order.status = OrderStatus::Paid;
        if fate == Fate::Cancelled {
            let cancelled_at = paid_at + SignedDuration::from_mins(50);
            if cancelled_at <= now {
                order.status = OrderStatus::Cancelled;
                moments.cancelled_at = Some(cancelled_at);
            }
            return;
        }
        if !due(shipped_at, OrderStatus::Shipped) {
            return;
        }
        order.status = OrderStatus::Shipped;
        moments.shipped_at = Some(shipped_at);
        if due(delivered_at, OrderStatus::Delivered) {
            order.status = OrderStatus::Delivered;
            moments.delivered_at = Some(delivered_at);
        }
        if fate == Fate::Usual && due(completed_at, OrderStatus::Completed) {
            order.status = OrderStatus::Completed;
            moments.completed_at = Some(completed_at);
        }
        let mut parcel = self.parcel(shop);
        parcel.shipped_at = Some(shipped_at);
        parcel.delivered_at = order.moments.delivered_at;
        order.content.shipments = vec![parcel];
        for line in &mut order.content.lines {
            line.qty_shipped = line.qty;
        }
        match fate {
            Fate::Refunded => {
                order.status = OrderStatus::Refunded;
                order.content.totals.refunded = order.content.totals.total;
            }
            Fate::Disputed => order.status = OrderStatus::Disputed,
            Fate::Usual | Fate::Unpaid | Fate::Late | Fate::Cancelled => {}
        }
    }

    fn parcel(&mut self, shop: &Shop) -> Shipment {
        let number = self.dice.random_range(10_000_000_000_u64..100_000_000_000);
        Shipment {
            carrier: Some(shop.carrier.to_owned()),
            tracking_number: Some(format!("{number}")),
            ..Shipment::default()
        }
    }
}

fn line((sku, title, unit_price, variants): Article, dice: &mut Dice) -> PlacedLine {
    PlacedLine {
        sku: sku.to_owned(),
        title: title.to_owned(),
        variant: (!variants.is_empty()).then(|| pick(variants, dice).to_owned()),
        // One, mostly.
        qty: dice.random_range(1_u32..=4).saturating_sub(2).max(1).into(),
        unit_price: unit_price.to_owned(),
    }
}

/// Which shop a vendor is; the first, where it is none of ours.
fn shop_of(vendor: &VendorId) -> usize {
    let found = SHOPS.iter().position(|shop| shop.id == vendor.as_str());
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T17:00:00Z".parse().unwrap()
    }

    fn opening(seed: u64, count: u64) -> Vec<Intake> {
        let mut market = Market::new(seed);
        (0..count)
            .map(|i| market.opening_order(i, count, now()).unwrap())
            .collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_orders() {
        assert_eq!(opening(7, 50), opening(7, 50));
        assert_ne!(opening(7, 50), opening(8, 50));
    }

    #[test]
    fn every_status_currency_and_vendor_is_there() {
        for (seed, count) in [(1, 8), (2, 250), (3, 250)] {
            let orders = opening(seed, count);
            let statuses: BTreeSet<_> = orders.iter().map(|order| order.status).collect();
            assert_eq!(
                statuses.len(),
                OrderStatus::ALL.len(),
                "{count} of seed {seed}"
            );
        }
        let orders = opening(1, 250);
        let currencies: BTreeSet<_> = orders
            .iter()
            .map(|order| order.content.currency.code().to_owned())
            .collect();
        let all = ["BRL", "EUR", "GBP", "JPY", "KWD", "USD"].map(String::from);
        assert_eq!(currencies, all.into());
        let vendors: BTreeSet<_> = orders.iter().map(|order| order.vendor_id.clone()).collect();
        assert_eq!(vendors.len(), SHOPS.len());
    }

    #[test]
    fn no_two_orders_share_a_number_and_all_lie_in_the_past() {
        let orders = opening(1, 2_000);
        let keys: std::collections::HashSet<_> = orders.iter().map(Intake::key).collect();
        assert_eq!(keys.len(), orders.len());
        for order in &orders {
            let moments = order.moments;
            let times = [
                Some(order.content.placed_at),
                moments.paid_at,
                moments.shipped_at,
                moments.delivered_at,
                moments.completed_at,
                Some(now()),
            ];
            let times: Vec<_> = times.into_iter().flatten().collect();
            assert!(times.is_sorted(), "{}: {times:?}", order.number);
            assert!(order.content.placed_at >= now() - SPAN);
        }
    }

    #[test]
    fn names_are_of_many_scripts_and_stay_as_they_are() {
        let orders = opening(1, 400);
        let names: String = orders
            .iter()
            .filter_map(|o| o.content.buyer.name.clone())
            .collect();
        for script in ['佐', 'م', 'כ', 'ü', 'ễ', '김', '陳', 'ã', 'ł'] {
            assert!(names.contains(script), "{script}");
        }
        for shop in SHOPS {
            assert!(shop.goods.len() >= 3, "an order has up to three articles");
            for (_, title, ..) in shop.goods {
                assert_eq!(ordertop::order::text::clean(title, 200), *title);
            }
        }
    }

    #[test]
    fn a_new_order_can_be_placed_and_the_invitation_can_be_shipped() {
        let mut market = Market::new(1);
        let vendor = VendorId::new("kumo").unwrap();
        for _ in 0..50 {
            let order = market.new_order(Some(&vendor), now());
            order.check(None, now()).unwrap();
        }
        let invitation = market.invitation(&vendor, now()).unwrap();
        assert_eq!(
            (invitation.vendor_id, invitation.status),
            (vendor, OrderStatus::Paid)
        );
    }
}
