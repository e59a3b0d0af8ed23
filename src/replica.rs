//! A vendor's orders as last known: a snapshot plus the events after it.
