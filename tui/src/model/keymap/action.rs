//! What a key can mean.

/// What a key can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The next step of the order under the cursor.
    NextStep,
    /// Any status that may be set.
    SetStatus,
    /// Undo the last own change.
    Undo,
    /// Write a note about the order.
    AddNote,
    /// Add or correct a parcel of an order that has left.
    Track,
    /// Print the order's packing slip.
    Print,
    /// Mark the order under the cursor, or take its mark.
    Mark,
    /// Begin a range of marks, or end it.
    MarkRange,
    /// Mark all that tab and filter let through.
    MarkAll,
    /// Turn the marks of all that tab and filter let through.
    InvertMarks,
    /// Open the order, or the order of a notification.
    Open,
    /// Back: close, clear the filter.
    Back,
    /// Type a filter.
    Find,
    /// Pick how the list is sorted.
    Sort,
    /// Pick one vendor, or all.
    Vendor,
    /// Hold the list, or let it go.
    Hold,
    /// Pick a saved view.
    Views,
    /// Save what is shown as a view.
    SaveView,
    /// Pick what to do.
    Commands,
    /// Show one status alone: the digit says which.
    Tab,
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the top.
    Top,
    /// To the bottom.
    Bottom,
    /// To the next pane.
    NextPane,
    /// To the pane before.
    PreviousPane,
    /// To the order of the newest notification.
    Jump,
    /// Dismiss a notification.
    Dismiss,
    /// Dismiss all notifications.
    DismissAll,
    /// Acknowledge the alarm.
    Acknowledge,
    /// Mute the alerts, or end that.
    Mute,
    /// Real-time off, or on.
    Realtime,
    /// Look now.
    Refresh,
    /// What waits for the server.
    Outbox,
    /// Show or hide the hint.
    Hint,
    /// Copy the hint.
    Copy,
    /// Copy the link to the order's parcel.
    CopyLink,
    /// Take the mouse, or give it back.
    Mouse,
    /// Pick the theme.
    Theme,
    /// Draw everything again.
    Redraw,
    /// Give the terminal to the shell; `fg` continues.
    Suspend,
    /// Help.
    Help,
    /// Leave.
    Quit,
    /// Dialog: do it.
    Confirm,
    /// Dialog: leave it.
    Cancel,
    /// Dialog: the next field.
    NextField,
    /// Dialog: the field before.
    PreviousField,
}

impl Action {
    /// Whether it changes an order, which a screen that only reads does not.
    #[must_use]
    pub fn acts(self) -> bool {
        matches!(
            self,
            Self::NextStep | Self::SetStatus | Self::Undo | Self::Track | Self::AddNote
        )
    }
}
