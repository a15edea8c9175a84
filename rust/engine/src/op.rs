//! What an op is. One implementation of this trait serves eager runs, the tape, and compiled plans.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use rkeras_kernels::element::{Element, cast_slice, cast_slice_mut};

use crate::error::{Error, Result};
use crate::spec::Spec;
use crate::value::Value;

/// How the dtypes of an op's operands are made to agree before it is asked anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Promotion {
    /// Operands are taken as they are.
    None,
    /// All operands are cast to their common dtype.
    Common,
    /// As `Common`, and integers become the default float.
    Float,
    /// As `Common`, but only the first n operands (the rest are indices, seeds, masks).
    CommonFirst(usize),
    /// As `Float`, but only the first n operands.
    FloatFirst(usize),
    /// Bools and integers below 32 bits are widened to 32, so that sums and products hold more.
    Accumulate,
    /// The last operand holds indices and becomes int64.
    LastIsIndex,
    /// The first operand holds indices and becomes int64; the others are cast to their common float dtype.
    FirstIsIndex,
    /// All operands become bool.
    Bool,
    /// The first operand becomes bool, the others are cast to their common dtype.
    CommonAfterCondition,
}

/// Facts about an op that the apply step, the tape and the planner use.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// The output is the first input's bytes under another shape.
    pub view: bool,
    /// Moves bytes without computing: runs on any dtype, half ones included.
    pub any_dtype: bool,
    /// What the op does with 16-bit floats.
    pub halves: Halves,
    /// Pairs (output, input) that may share one block: the op then reads the input in the output's place.
    pub in_place: &'static [(usize, usize)],
    /// An output that nobody reads may be left without memory; by default all get theirs.
    pub skips_unused: bool,
    /// Operands and results, as bits, that may be bfloat16 in a plan although the others are float32: all of these, or none.
    pub brain_beside: (u32, u32),
    /// Bit i: the vjp reads input i's numbers.
    pub reads_inputs: u32,
    /// Bit i: the vjp reads output i's numbers.
    pub reads_outputs: u32,
}

/// How an op computes on 16-bit floats. All compute in float32; what differs is how much of it there is at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Halves {
    /// Operands are cast to float32 whole before it, results back after it, by ops of their own.
    Cast,
    /// `run` takes them as they are.
    Native,
    /// `run` takes bfloat16 as it is where [`Op::takes_pairs`] says so; all else is as `Cast`.
    Pairs,
    /// Each element of the result follows from those at its place in the (broadcast) operands: a piece that the first-level cache
    /// holds is widened, computed and rounded at a time.
    Pointwise,
    /// As `Pointwise`, for pieces along the leading axis of results and operands but those whose bit is set, which are whole.
    Leading { whole: u32 },
}

impl Traits {
    /// Nothing special. Constants start from it, where `default` cannot be called.
    pub const PLAIN: Self = Self {
        view: false,
        any_dtype: false,
        halves: Halves::Cast,
        in_place: &[],
        skips_unused: false,
        brain_beside: (0, 0),
        reads_inputs: u32::MAX,
        reads_outputs: u32::MAX,
    };
    /// The vjp reads no numbers, or there is none.
    pub const UNREAD: Self = Self { reads_inputs: 0, reads_outputs: 0, ..Self::PLAIN };
    /// The same for ops that run on any dtype, as they move bytes or make numbers from none.
    pub const MOVES: Self = Self { any_dtype: true, ..Self::UNREAD };
}

impl Default for Traits {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// What most rows of a value hold: nothing was read of them in a table, so their gradient is zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    Zeros,
    True,
}

/// What an op makes of values most of whose rows rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfRest {
    /// Rows of the same places, most of which rest in turn.
    Rows(Rest),
    /// A whole, to which rows that rest contribute nothing.
    Whole,
}

/// An operation with its attributes. `Debug` must show every attribute: it is the key for sharing equal nodes.
pub trait Op: Any + Debug + Send + Sync {
    /// The registered name.
    fn name(&self) -> &'static str;

    fn promotion(&self) -> Promotion {
        Promotion::None
    }

    /// Output specs from input specs; the only place that raises a user's shape error.
    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>>;

    /// Bytes of scratch memory that `run` wants.
    fn scratch(&self, _inputs: &[Spec]) -> usize {
        0
    }

    /// Computes the outputs by calling kernels. Never allocates in proportion to the data, never fails.
    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], scratch: &mut [u8]);

    /// The operands, as bits, that `run` takes as bfloat16 because the processor multiplies pairs of them; none if it had better have all
    /// widened. Results are float32 all the same if an op's halves are `Leading`, bfloat16 if they are `Pairs`.
    fn takes_pairs(&self, _inputs: &[Spec]) -> u32 {
        0
    }

    /// What becomes of operands most of whose rows rest, if the op can do without these; operands of which nothing is said here are
    /// single numbers.
    fn of_rest(&self, _rests: &[Option<Rest>]) -> Option<OfRest> {
        None
    }

    /// Whether `run` takes bfloat16 as it is, where no operand is of another float; halves that it does not take so go as its traits say.
    fn takes_brain(&self) -> bool {
        false
    }

    /// What runs instead when operands of bfloat16 were cast to float32 for it, if that may multiply bfloat16 nevertheless. For ops whose
    /// halves are `Cast`.
    fn of_cast_halves(&self) -> Option<Arc<dyn Op>> {
        None
    }

    /// Cotangents of the inputs, written with other ops so that they can be differentiated again.
    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>>;

    fn traits(&self) -> Traits {
        Traits::default()
    }

    /// An existing value that this op would only copy (a reshape to the same shape, a cast to the same dtype).
    fn simplify(&self, _inputs: &[Value]) -> Option<Value> {
        None
    }

    /// This op with `consumer` folded into its epilogue, and the consumer's operands that it now also takes.
    ///
    /// `output` is the spec of this op's result; `position` is the consumer's operand that holds it.
    fn absorb(&self, _consumer: &dyn Op, _operands: &[Spec], _position: usize) -> Option<Box<dyn Op>> {
        None
    }

    /// For `absorb`: what kind of epilogue this op could be for another one.
    fn as_epilogue(&self) -> Option<Epilogue> {
        None
    }

    /// Floating point operations, for the profiler and the plan's printout.
    fn flops(&self, _inputs: &[Spec], outputs: &[Spec]) -> usize {
        outputs.iter().map(Spec::size).sum()
    }
}

/// An op that a GEMM or a convolution can apply to its finished tile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Epilogue {
    /// Addition of another operand.
    Add,
    Activation(rkeras_kernels::gemm::Activation),
}

/// What a vjp is given.
pub struct Vjp<'a> {
    pub inputs: &'a [Value],
    pub outputs: &'a [Value],
    pub cotangents: &'a [Option<Value>],
    /// Which inputs a derivative is wanted for.
    pub needs: &'a [bool],
}

impl Vjp<'_> {
    /// The cotangent of output `i`; zeros if nothing depends on that output.
    pub fn cotangent(&self, i: usize) -> Result<Value> {
        match &self.cotangents[i] {
            Some(g) => Ok(g.clone()),
            None => crate::ops::fill::zeros_like(&self.outputs[i]),
        }
    }

    /// The cotangent of the only output.
    pub fn g(&self) -> Result<Value> {
        self.cotangent(0)
    }

    pub fn x(&self, i: usize) -> &Value {
        &self.inputs[i]
    }

    pub fn y(&self) -> &Value {
        &self.outputs[0]
    }

    /// Evaluates `f` only if a derivative with respect to input `i` is wanted.
    pub fn when(&self, i: usize, f: impl FnOnce() -> Result<Value>) -> Result<Option<Value>> {
        if self.needs[i] { f().map(Some) } else { Ok(None) }
    }

    /// No derivative for any input (integer results, comparisons, indices).
    pub fn none(&self) -> Result<Vec<Option<Value>>> {
        Ok(vec![None; self.inputs.len()])
    }
}

/// An operand's bytes.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub spec: &'a Spec,
    bytes: &'a [u8],
    /// The operand's numbers are in this output's block (in-place run): read them there.
    pub in_output: Option<usize>,
}

impl<'a> View<'a> {
    pub fn new(spec: &'a Spec, bytes: &'a [u8]) -> Self {
        Self { spec, bytes, in_output: None }
    }

    pub fn placed_in(spec: &'a Spec, output: usize) -> Self {
        Self { spec, bytes: &[], in_output: Some(output) }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn get<T: Element>(&self) -> &'a [T] {
        // An empty slice has no address that could be aligned.
        if self.bytes.is_empty() { &[] } else { cast_slice(self.bytes) }
    }

    pub fn shape(&self) -> &'a [usize] {
        &self.spec.shape
    }
}

/// A result's bytes, to be written in full.
pub struct ViewMut<'a> {
    pub spec: &'a Spec,
    bytes: &'a mut [u8],
    /// Nobody reads this output: it has no bytes and need not be computed.
    pub unused: bool,
}

impl<'a> ViewMut<'a> {
    pub fn new(spec: &'a Spec, bytes: &'a mut [u8]) -> Self {
        Self { spec, bytes, unused: false }
    }

    pub fn unused(spec: &'a Spec) -> Self {
        Self { spec, bytes: &mut [], unused: true }
    }

    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes
    }

    pub fn get<T: Element>(&mut self) -> &mut [T] {
        if self.bytes.is_empty() { &mut [] } else { cast_slice_mut(self.bytes) }
    }

    /// The elements, unless nobody reads them.
    pub fn wanted<T: Element>(&mut self) -> Option<&mut [T]> {
        if self.unused { None } else { Some(self.get()) }
    }

    pub fn shape(&self) -> &'a [usize] {
        &self.spec.shape
    }
}

/// Checks the operand count.
pub fn arity(name: &str, inputs: &[Spec], wanted: usize) -> Result<()> {
    if inputs.len() != wanted {
        return Err(Error::value(format!("{name} takes {wanted} operands, got {}", inputs.len())));
    }
    Ok(())
}

/// Runs `$body` with the type alias `$T` bound to the element type of a float dtype (float32 or float64).
#[macro_export]
macro_rules! with_float {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::dtype::DType::F64 => {
                type $T = f64;
                $body
            }
            other => unreachable!("infer let {other} through to a float kernel"),
        }
    };
}

/// As [`with_float`], for kernels that take bfloat16 as it is stored.
#[macro_export]
macro_rules! with_stored_float {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::DType::BF16 => { type $T = rkeras_kernels::cast::BF16; $body }
            other => $crate::with_float!(other, $T => $body),
        }
    };
}

/// Runs `$body` with `$T` bound to the element type of an integer dtype (bool as its byte).
#[macro_export]
macro_rules! with_int {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::DType::U8 | $crate::dtype::DType::Bool => { type $T = u8; $body }
            $crate::dtype::DType::U16 => { type $T = u16; $body }
            $crate::dtype::DType::U32 => { type $T = u32; $body }
            $crate::dtype::DType::U64 => { type $T = u64; $body }
            $crate::dtype::DType::I8 => { type $T = i8; $body }
            $crate::dtype::DType::I16 => { type $T = i16; $body }
            $crate::dtype::DType::I32 => { type $T = i32; $body }
            $crate::dtype::DType::I64 => { type $T = i64; $body }
            other => unreachable!("infer let {other} through to an integer kernel"),
        }
    };
}

/// Runs `$body` with `$T` bound to the element type of any computed dtype.
#[macro_export]
macro_rules! with_number {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::DType::F32 => { type $T = f32; $body }
            $crate::dtype::DType::F64 => { type $T = f64; $body }
            other => $crate::with_int!(other, $T => $body),
        }
    };
}
