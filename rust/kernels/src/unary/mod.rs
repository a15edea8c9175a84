//! Functions of one tensor, element by element.

mod float;
mod int;
mod predicate;

pub use float::{Unary, unary_float, unary_float_in_place};
pub use int::{Integer, UnaryInt, unary_int, unary_int_in_place};
pub use predicate::{Predicate, logical_not, predicate};

