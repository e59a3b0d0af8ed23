//! The server of ordertop.
