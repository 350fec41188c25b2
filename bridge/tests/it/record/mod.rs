//! The record: what was changed, by whom it can be asked for, how long it is kept.

mod log;
