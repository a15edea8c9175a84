//! Functions of one tensor, element by element.

mod float;
mod int;
mod predicate;

pub use float::{GELU_CUBIC, GELU_SCALE, SELU_ALPHA, SELU_SCALE};
pub use float::{Unary, unary_brain, unary_brain_in_place, unary_float, unary_float_in_place};
pub use int::{UnaryInt, unary_int, unary_int_in_place};
pub use predicate::{Predicate, logical_not, predicate};

#[cfg(test)]
mod tests;
