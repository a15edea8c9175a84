//! The ops, one family a file. To add one: implement `Op`, list it in the family's `OPS`.

pub mod binary;
pub mod cast;
pub mod compose;
pub mod fill;
pub mod matmul;
pub mod reduce;
pub mod select;
pub mod shape;
pub mod structure;
pub mod unary;
