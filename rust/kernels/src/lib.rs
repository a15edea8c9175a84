//! What a CPU does for rkeras: pure functions on slices, with instruction-set dispatch and threads.
//!
//! No tensors, no graph, no Python. Everything above this crate is free of `unsafe` (but for the Python
//! boundary); everything here that uses it says why it is sound.

pub mod memory;
