//! The terminal program of ordertop: a live table of a shop's orders.
//!
//! A key or a change comes in as an [`event::Event`]; [`app::App::update`]
//! takes it and answers with [`event::Effect`]s, without input or output, on data of the
//! [`model`] and in the words of [`strings`];
//! [`view::draw`] turns the state into cells; [`screen`] owns the one loop that
//! ties them to terminal, network and clock.

pub mod alerts;
pub mod app;
pub mod args;
pub mod beat;
mod child;
pub mod commands;
pub mod config;
pub mod demo;
pub mod event;
mod files;
pub mod model;
pub mod outbox;
pub mod plain;
pub mod record;
pub mod screen;
mod signals;
pub mod slip;
#[cfg(test)]
mod snapshots;
pub mod start;
pub mod state;
pub mod stdout;
pub mod strings;
pub mod svg;
pub mod terminal;
pub mod theme;
pub mod view;

pub use app::Hint;
pub use screen::{ScreenOptions, run_screen};
