//! Themes and signs.

use ordertop::order::OrderStatus;
use ordertop::protocol::EventKind;

use super::super::orders::{orders, service};
use super::super::{Stage, State};
use super::{Size, state};
use crate::model::fixture::order_of;
use crate::theme::{Depth, Glyphs, Looks, Palette, Theme, ThemeName};

pub(super) const STATES: &[State] = &[
    state("theme_dark", |size| named(size, ThemeName::Dark)),
    state("theme_ember", |size| named(size, ThemeName::Ember)),
    state("theme_light", |size| named(size, ThemeName::Light)),
    state("theme_contrast", |size| named(size, ThemeName::Contrast)),
    state("theme_terminal", |size| named(size, ThemeName::Terminal)),
    state("theme_ascii", |size| named(size, ThemeName::Ascii)),
    state("no_colour", |size| themed(size, Theme::new(Palette::Plain))),
    state("ascii_only", |size| {
        themed(
            size,
            Theme::of(&Looks::default(), Depth::None, Glyphs::AsciiOnly),
        )
    }),
];

fn named(size: Size, name: ThemeName) -> Stage {
    let looks = Looks {
        name,
        ..Looks::default()
    };
    themed(size, Theme::of(&looks, Depth::True, Glyphs::Unicode))
}

/// A bit of everything: what is new, an alarm, marks, an order's details.
fn themed(size: Size, theme: Theme) -> Stage {
    let mut stage = Stage::with(size, |settings| {
        settings.theme = theme;
        settings.alerts.alarm = true;
    });
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    let new = order_of(
        "10482",
        "Li Wei 李偉",
        OrderStatus::Paid,
        119,
        "184.00",
        "USD",
    );
    stage.event(EventKind::Created, &new, service());
    stage.rest();
    stage.keys("jj ");
    stage.rest();
    stage
}
