//! What a tensor program is: values, ops, differentiation, graphs, plans. Knows kernels, knows no Python.
//!
//! Read in this order: `op` (what an op is), `apply` (how one runs), `tape` (derivatives), `trace` and `graph`
//! (programs), `passes`, `plan`, `run` (execution). Each op family is one file under `ops`.
#![forbid(unsafe_code)]

pub mod apply;
pub mod attrs;
pub mod dtype;
pub mod error;
pub mod feed;
pub mod graph;
mod halves;
pub mod op;
pub mod ops;
pub mod passes;
mod pieces;
mod placement;
pub mod plan;
pub mod profile;
pub mod registry;
pub mod run;
pub mod scope;
pub mod spec;
pub mod tape;
pub mod tensor;
pub mod trace;
pub mod value;
pub mod variable;
