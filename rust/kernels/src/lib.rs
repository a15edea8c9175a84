//! What a CPU does for rkeras: pure functions on slices, with instruction-set dispatch and threads.
//!
//! No tensors, no graph, no Python. Everything above this crate is free of `unsafe` (but for the Python
//! boundary); everything here that uses it says why it is sound.

pub mod attention;
pub mod conv;
pub mod binary;
mod by_row;
pub mod cast;
pub mod element;
pub mod entry;
pub mod gather;
pub mod loss;
pub mod gemm;
pub mod integer;
pub mod isa;
pub mod layout;
pub mod machine;
pub mod math;
pub mod memory;
pub mod norm;
pub mod optim;
mod pairs;
pub mod parallel;
pub mod pool;
pub mod random;
pub mod recurrent;
pub mod reduce;
pub mod regions;
pub mod scan;
pub mod select;
pub mod softmax;
pub mod stored;
pub mod sort;
pub mod unary;
