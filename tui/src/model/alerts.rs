//! Alerts as data: what can be told, by which ways, what was told already, the alarm and the quiet hours.

mod alarm;
mod kind;
mod quiet;
mod settings;
mod signal;
mod told;

pub use alarm::Alarm;
pub use kind::{Kind, Silence};
pub use quiet::QuietHours;
pub use settings::{AlertSettings, NotifyBy, Way};
pub use signal::{Alert, Notification, Signal};
pub use told::Told;
