//! Batches of an in-memory data set, assembled straight into a session's arguments.

use rkeras_kernels::gather;

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::run::Session;
use crate::spec::Spec;
use crate::tensor::Tensor;

/// Which samples a step saw, as positions in the order.
pub struct Rows {
    pub start: usize,
    pub end: usize,
}

/// Arrays whose first axes are samples, an order to take them in, and a batch size.
pub struct Feed<'a> {
    data: &'a [Tensor],
    order: Option<&'a [i64]>,
    samples: usize,
    batch_size: usize,
}

impl<'a> Feed<'a> {
    pub fn new(data: &'a [Tensor], order: Option<&'a Tensor>, batch_size: usize) -> Result<Self> {
        let first = data.first().ok_or_else(|| Error::value("a step needs at least one array of data"))?;
        let rows = *first.spec().shape.first().ok_or_else(|| Error::value("a scalar is no data set"))?;
        if let Some(other) = data.iter().find(|d| d.spec().shape.first() != Some(&rows)) {
            return Err(Error::value(format!(
                "arrays of one data set have different numbers of samples: {} and {}",
                first.spec(),
                other.spec()
            )));
        }
        if batch_size == 0 {
            return Err(Error::value("batch_size must be at least 1"));
        }
        let order: Option<&[i64]> = order.map(Tensor::as_slice::<i64>);
        if let Some(bad) = order.and_then(|o| o.iter().find(|i| **i < 0 || **i >= rows as i64)) {
            return Err(Error::value(format!("sample {bad} of an order over {rows} samples")));
        }
        Ok(Self { data, order, samples: order.map_or(rows, <[i64]>::len), batch_size })
    }

    /// Gives the samples of one step to the session: in place if they lie in a row, else gathered and cast.
    pub fn fill(&self, session: &mut Session<'_>, step: usize) -> Result<Rows> {
        let start = step * self.batch_size;
        let end = (start + self.batch_size).min(self.samples);
        if start >= end {
            return Err(Error::internal(format!("step {step} lies behind the last sample")));
        }
        for (i, data) in self.data.iter().enumerate() {
            let Some(wanted) = session.arg_spec(i) else { continue };
            let mut given: Spec = data.spec().clone();
            given.shape[0] = end - start;
            if given.shape != wanted.shape {
                return Err(Error::value(format!("a batch of {given} was fed to a step made for {wanted}")));
            }
            match self.order {
                None if given.dtype == wanted.dtype => session.set_arg(i, &data.rows(start, end))?,
                order => {
                    let row = data.spec().size() / data.spec().shape[0].max(1);
                    let sequence: Vec<i64>;
                    let indices = match order {
                        Some(o) => &o[start..end],
                        None => {
                            sequence = (start as i64..end as i64).collect();
                            &sequence
                        }
                    };
                    fill_rows(session, i, data, wanted, row, indices)?;
                }
            }
        }
        Ok(Rows { start, end })
    }
}

fn fill_rows(
    session: &mut Session<'_>,
    i: usize,
    data: &Tensor,
    wanted: &Spec,
    row: usize,
    indices: &[i64],
) -> Result<()> {
    let from = data.spec().dtype;
    if from == wanted.dtype {
        return session.fill_arg(i, wanted.bytes(), |out| {
            gather::gather_rows(row * from.size(), data.bytes(), indices, out);
        });
    }
    if wanted.dtype != DType::F32 && wanted.dtype != DType::F64 && from.is_float() {
        return Err(Error::dtype(format!("data of {from} was fed to a step made for {}", wanted.dtype)));
    }
    session.fill_arg(i, wanted.bytes(), |out| {
        crate::ops::cast::gather_cast(from, wanted.dtype, row, data.bytes(), indices, out);
    })
}
