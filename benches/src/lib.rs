//! Shared pieces of the benches: the peak measurement and the row printer.
