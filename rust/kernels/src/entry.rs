//! The kernels compiled once, here, for the types they are called with.
//!
//! A generic function is compiled in every crate that calls it; with three instruction sets and many tile
//! shapes that made minutes of each build of the engine. The methods below are not generic: what they call is
//! compiled with this crate and nowhere else.

use crate::attention::{self, AttentionShape};
use crate::binary::{self, Slope};
use crate::cast::BF16;
use crate::conv::{self, ConvShape};
use crate::element::{Element, Float};
use crate::pool::{self, PoolShape};
use crate::reduce::{self, Reduce, Reduction};
use crate::stored::Stored;
use crate::unary::{self, Predicate, Unary, UnaryInt};
use crate::{loss, norm, random, recurrent, softmax};

/// Declares a trait whose methods are these functions, implemented for each of the types.
macro_rules! entry {
    ($(#[$doc:meta])* trait $trait:ident: $bound:ident for [$($t:ident)*] $body:tt) => {
        entry!(@declare $(#[$doc])* $trait $bound $body);
        $(entry!(@implement $trait $t $body);)*
    };
    (@declare $(#[$doc:meta])* $trait:ident $bound:ident {
        $(fn $name:ident($($arg:ident: $ty:ty),* $(,)?) = $($target:ident)::+;)*
    }) => {
        $(#[$doc])*
        pub trait $trait: $bound {
            $(#[doc = concat!("See `", stringify!($($target)::+), "`.")] fn $name($($arg: $ty),*);)*
        }
    };
    (@implement $trait:ident $t:ident {
        $(fn $name:ident($($arg:ident: $ty:ty),* $(,)?) = $($target:ident)::+;)*
    }) => {
        impl $trait for $t {
            $(fn $name($($arg: $ty),*) {
                $($target)::+::<$t>($($arg),*);
            })*
        }
    };
}

entry! {
    /// Kernels for floats.
    trait FloatKernels: Float for [f32 f64] {
    fn unary(op: Unary, x: &[Self], y: &mut [Self]) = unary::unary_float;
    fn unary_in_place(op: Unary, xy: &mut [Self]) = unary::unary_float_in_place;
    fn pull_back(op: Slope, x: &[Self], g: &[Self], dx: &mut [Self]) = binary::pull_back;
    fn pull_back_in_place(op: Slope, xy: &mut [Self], other: &[Self], xy_is_x: bool) = binary::pull_back_in_place;
    fn predicate(ask: Predicate, x: &[Self], y: &mut [u8]) = unary::predicate;
    fn reduce(op: Reduce, r: &Reduction, x: &[Self], y: &mut [Self]) = reduce::reduce_float;
    fn softmax(outer: usize, n: usize, inner: usize, x: &[Self], y: &mut [Self]) = softmax::softmax;
    fn log_softmax(outer: usize, n: usize, inner: usize, x: &[Self], y: &mut [Self]) = softmax::log_softmax;
    fn softmax_grad(outer: usize, n: usize, inner: usize, y: &[Self], g: &[Self], dx: &mut [Self])
        = softmax::softmax_grad;
    fn log_softmax_grad(outer: usize, n: usize, inner: usize, y: &[Self], g: &[Self], dx: &mut [Self])
        = softmax::log_softmax_grad;
    fn categorical(rows: usize, n: usize, logits: bool, eps: Self, t: &[Self], s: &[Self], out: &mut [Self])
        = loss::categorical;
    fn categorical_grad(
        rows: usize, n: usize, logits: bool, eps: Self, t: &[Self], s: &[Self], g: &[Self], out: &mut [Self],
    ) = loss::categorical_grad;
    fn sparse_categorical(
        rows: usize, n: usize, logits: bool, eps: Self, labels: &[i64], s: &[Self], out: &mut [Self],
    ) = loss::sparse_categorical;
    fn sparse_categorical_grad(
        rows: usize, n: usize, logits: bool, eps: Self, labels: &[i64], s: &[Self], g: &[Self], out: &mut [Self],
    ) = loss::sparse_categorical_grad;
    fn binary_entropy(logits: bool, eps: Self, t: &[Self], s: &[Self], out: &mut [Self]) = loss::binary;
    fn binary_entropy_grad(logits: bool, eps: Self, t: &[Self], s: &[Self], g: &[Self], out: &mut [Self])
        = loss::binary_grad;
    fn uniform(seed: u64, stream: u64, low: Self, high: Self, out: &mut [Self]) = random::uniform;
    fn normal(seed: u64, stream: u64, mean: Self, deviation: Self, out: &mut [Self]) = random::normal;
    fn truncated_normal(seed: u64, stream: u64, mean: Self, deviation: Self, out: &mut [Self])
        = random::truncated_normal;
    fn dropout(x: &[Self], seed: u64, stream: u64, rate: f64, y: &mut [Self]) = random::dropout;
    fn conv_forward(s: &ConvShape, x: &[Self], w: &[Self], epilogue: &conv::Epilogue<'_, Self>, y: &mut [Self])
        = conv::forward;
    fn conv_backward_data(s: &ConvShape, g: &[Self], w: &[Self], dx: &mut [Self]) = conv::backward_data;
    fn conv_backward_weights(s: &ConvShape, x: &[Self], g: &[Self], dw: &mut [Self]) = conv::backward_weights;
    fn recurrent_forward(
        kind: recurrent::Kind, s: &recurrent::Sizes<'_>, i: &recurrent::Inputs<'_, Self>,
        o: recurrent::Outputs<'_, Self>,
    ) = recurrent::forward;
    fn recurrent_backward(
        kind: recurrent::Kind, s: &recurrent::Sizes<'_>, i: &recurrent::Saved<'_, Self>,
        o: recurrent::Slopes<'_, Self>,
    ) = recurrent::backward;
    fn attention(
        s: &AttentionShape, q: &[Self], k: &[Self], v: &[Self], change: &attention::Change<'_, Self>, out: &mut [Self],
        statistics: &mut [Self],
    ) = attention::forward;
    fn attention_gradient(
        s: &AttentionShape, given: &attention::Given<'_, Self>, dq: &mut [Self], dk: &mut [Self], dv: &mut [Self],
    ) = attention::gradient;
    }
}

entry! {
    /// Kernels for integers.
    trait IntegerKernels: Element for [u8 u16 u32 u64 i8 i16 i32 i64] {
    fn unary(op: UnaryInt, x: &[Self], y: &mut [Self]) = unary::unary_int;
    fn unary_in_place(op: UnaryInt, xy: &mut [Self]) = unary::unary_int_in_place;
    fn reduce(op: Reduce, r: &Reduction, x: &[Self], y: &mut [Self]) = reduce::reduce_int;
    }
}

entry! {
    /// Kernels for floats and for bfloat16 as it is stored; parameters and statistics are what is computed with.
    trait StoredKernels: Stored for [f32 f64 BF16] {
    fn avg_pool(s: &PoolShape, x: &[Self::Bits], y: &mut [Self::Bits]) = pool::avg_forward;
    fn avg_pool_grad(s: &PoolShape, g: &[Self::Bits], dx: &mut [Self::Bits]) = pool::avg_backward;
    fn batch_norm(
        outer: usize, c: usize, inner: usize, x: &[Self::Bits], gamma: &[Self::Float], beta: &[Self::Float], epsilon: f64,
        y: &mut [Self::Bits], mean: &mut [Self::Float], var: &mut [Self::Float],
    ) = norm::batch_norm;
    fn batch_norm_grad(
        outer: usize, c: usize, inner: usize, x: &[Self::Bits], gamma: &[Self::Float], mean: &[Self::Float], var: &[Self::Float],
        epsilon: f64, g: &[Self::Bits], dx: Option<&mut [Self::Bits]>, dgamma: &mut [Self::Float], dbeta: &mut [Self::Float],
    ) = norm::batch_norm_grad;
    fn layer_norm(
        rows: usize, n: usize, x: &[Self::Bits], gamma: &[Self::Float], beta: &[Self::Float], epsilon: f64,
        y: &mut [Self::Bits], mean: &mut [Self::Float], rstd: &mut [Self::Float],
    ) = norm::layer_norm;
    fn layer_norm_grad(
        rows: usize, n: usize, x: &[Self::Bits], gamma: &[Self::Float], mean: &[Self::Float], rstd: &[Self::Float], g: &[Self::Bits],
        dx: Option<&mut [Self::Bits]>, dgamma: &mut [Self::Float], dbeta: &mut [Self::Float],
    ) = norm::layer_norm_grad;
    }
}

/// Max pooling for a stored type and types of the tap index.
macro_rules! max_pool {
    ($($t:ident: $($index:ident)*;)*) => {$($(
        impl MaxPool<$index> for $t {
            fn forward(s: &PoolShape, x: &[Self::Bits], y: Option<&mut [Self::Bits]>, index: Option<&mut [$index]>) {
                pool::max_forward::<$t, $index>(s, x, y, index);
            }
            fn backward(s: &PoolShape, g: &[Self::Bits], index: &[$index], dx: &mut [Self::Bits]) {
                pool::max_backward::<$t, $index>(s, g, index, dx);
            }
            fn gather(s: &PoolShape, x: &[Self::Bits], index: &[$index], y: &mut [Self::Bits]) {
                pool::max_gather::<$t, $index>(s, x, index, y);
            }
        }
    )*)*};
}

/// Max pooling, with the type of the tap index.
pub trait MaxPool<I>: Stored {
    /// See `pool::max_forward`.
    fn forward(s: &PoolShape, x: &[Self::Bits], y: Option<&mut [Self::Bits]>, index: Option<&mut [I]>);
    /// See `pool::max_backward`.
    fn backward(s: &PoolShape, g: &[Self::Bits], index: &[I], dx: &mut [Self::Bits]);
    /// See `pool::max_gather`.
    fn gather(s: &PoolShape, x: &[Self::Bits], index: &[I], y: &mut [Self::Bits]);
}

max_pool! { f32: u8 u32; f64: u8 u32; BF16: u8 u32; }
