//! Attributes as they come from Python: a small map that each op's constructor reads and checks.

use std::collections::BTreeMap;

use crate::dtype::DType;
use crate::error::{Error, Result};

/// One attribute value.
#[derive(Clone, Debug, PartialEq)]
pub enum Attr {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
}

/// An op's attributes by name.
#[derive(Clone, Debug, Default)]
pub struct Attrs {
    op: String,
    map: BTreeMap<String, Attr>,
}

impl Attrs {
    pub fn new(op: &str) -> Self {
        Self { op: op.to_string(), map: BTreeMap::new() }
    }

    /// The op's registered name.
    pub fn op(&self) -> &str {
        &self.op
    }

    pub fn set(&mut self, name: &str, value: Attr) {
        self.map.insert(name.to_string(), value);
    }

    fn get(&self, name: &str) -> Option<&Attr> {
        self.map.get(name).filter(|a| **a != Attr::None)
    }

    fn required<T>(&self, name: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| Error::value(format!("{}: argument {name} is required", self.op)))
    }

    fn wrong<T>(&self, name: &str, wanted: &str, got: &Attr) -> Result<T> {
        Err(Error::dtype(format!("{}: argument {name} must be {wanted}, got {got:?}", self.op)))
    }

    pub fn opt_int(&self, name: &str) -> Result<Option<i64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Attr::Int(i)) => Ok(Some(*i)),
            Some(Attr::Bool(b)) => Ok(Some(i64::from(*b))),
            Some(Attr::Ints(v)) if v.len() == 1 => Ok(Some(v[0])),
            Some(other) => self.wrong(name, "an integer", other),
        }
    }

    pub fn int(&self, name: &str) -> Result<i64> {
        let value = self.opt_int(name)?;
        self.required(name, value)
    }

    pub fn int_or(&self, name: &str, default: i64) -> Result<i64> {
        Ok(self.opt_int(name)?.unwrap_or(default))
    }

    pub fn opt_float(&self, name: &str) -> Result<Option<f64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Attr::Float(f)) => Ok(Some(*f)),
            Some(Attr::Int(i)) => Ok(Some(*i as f64)),
            Some(Attr::Bool(b)) => Ok(Some(f64::from(u8::from(*b)))),
            Some(other) => self.wrong(name, "a number", other),
        }
    }

    pub fn float(&self, name: &str) -> Result<f64> {
        let value = self.opt_float(name)?;
        self.required(name, value)
    }

    pub fn float_or(&self, name: &str, default: f64) -> Result<f64> {
        Ok(self.opt_float(name)?.unwrap_or(default))
    }

    pub fn bool_or(&self, name: &str, default: bool) -> Result<bool> {
        match self.get(name) {
            None => Ok(default),
            Some(Attr::Bool(b)) => Ok(*b),
            Some(Attr::Int(i)) => Ok(*i != 0),
            Some(other) => self.wrong(name, "a bool", other),
        }
    }

    /// A list of integers; a single integer counts as a list of one.
    pub fn opt_ints(&self, name: &str) -> Result<Option<Vec<i64>>> {
        match self.get(name) {
            None => Ok(None),
            Some(Attr::Ints(v)) => Ok(Some(v.clone())),
            Some(Attr::Int(i)) => Ok(Some(vec![*i])),
            Some(Attr::Floats(v)) if v.is_empty() => Ok(Some(vec![])),
            Some(other) => self.wrong(name, "integers", other),
        }
    }

    pub fn ints(&self, name: &str) -> Result<Vec<i64>> {
        let value = self.opt_ints(name)?;
        self.required(name, value)
    }

    /// Integers that must not be negative: shapes, sizes.
    pub fn sizes(&self, name: &str) -> Result<Vec<usize>> {
        self.ints(name)?
            .into_iter()
            .map(|i| {
                usize::try_from(i)
                    .map_err(|_| Error::value(format!("{}: {name} must not be negative, got {i}", self.op)))
            })
            .collect()
    }

    pub fn opt_str(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Attr::Str(s)) => Ok(Some(s)),
            Some(other) => self.wrong(name, "a string", other),
        }
    }

    pub fn str(&self, name: &str) -> Result<&str> {
        let value = self.opt_str(name)?;
        self.required(name, value)
    }

    pub fn opt_dtype(&self, name: &str) -> Result<Option<DType>> {
        self.opt_str(name)?.map(DType::parse).transpose()
    }

    pub fn dtype(&self, name: &str) -> Result<DType> {
        let value = self.opt_dtype(name)?;
        self.required(name, value)
    }
}
