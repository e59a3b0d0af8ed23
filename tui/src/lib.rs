//! The terminal program of ordertop.
