//! The ops, one family a file. To add one: implement `Op`, list it in the family's `OPS`.

pub mod attention;
pub mod binary;
pub mod cast;
pub mod compose;
pub mod conv;
pub mod conv_pool;
mod conv_window;
pub mod fill;
pub mod index;
pub mod loss;
pub mod matmul;
pub mod norm;
pub mod optimizer;
pub mod order;
pub mod pool;
pub mod predicate;
pub mod random;
pub mod recurrent;
pub mod reduce;
pub mod select;
pub mod shape;
pub mod slope;
pub mod softmax;
pub mod structure;
pub mod unary;
