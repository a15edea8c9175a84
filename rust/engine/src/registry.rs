//! Every op by name: how Python reaches them, and what the tests walk so that none goes untested.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::attrs::Attrs;
use crate::error::{Error, Result};
use crate::op::Op;
use crate::ops;

/// Makes an op from its attributes.
pub type Make = fn(&Attrs) -> Result<Arc<dyn Op>>;

/// A registered name and its constructor.
pub type Entry = (&'static str, Make);

/// One line for each family.
const FAMILIES: &[&[Entry]] = &[
    ops::attention::OPS,
    ops::binary::OPS,
    ops::cast::OPS,
    ops::conv::OPS,
    ops::fill::OPS,
    ops::index::OPS,
    ops::loss::OPS,
    ops::matmul::OPS,
    ops::norm::OPS,
    ops::optimizer::OPS,
    ops::order::OPS,
    ops::pool::OPS,
    ops::random::OPS,
    ops::recurrent::OPS,
    ops::reduce::OPS,
    ops::select::OPS,
    ops::shape::OPS,
    ops::slope::OPS,
    ops::softmax::OPS,
    ops::structure::OPS,
    ops::predicate::OPS,
    ops::unary::OPS,
];

fn table() -> &'static FxHashMap<&'static str, Make> {
    static TABLE: OnceLock<FxHashMap<&'static str, Make>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let tables = ops::unary::entries().chain(ops::binary::entries());
        FAMILIES.iter().flat_map(|f| f.iter().copied()).chain(tables).collect()
    })
}

/// The op called `name` with these attributes.
pub fn make(name: &str, attrs: &Attrs) -> Result<Arc<dyn Op>> {
    let make = table().get(name).ok_or_else(|| Error::value(format!("there is no op called {name:?}")))?;
    make(attrs)
}

/// All registered names, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = table().keys().copied().collect();
    names.sort_unstable();
    names
}
