//! The float functions: each is one line of the table below.

use crate::math::apply::{self, Cost, Map};
use crate::math::float::{Math, beyond_trig};
use crate::math::{Fma, clamp, special};
use crate::stored::OnBrain;

/// 2 √(2/π), the factor in the tanh form of GELU written with a sigmoid.
pub const GELU_SCALE: f64 = 1.595_769_121_605_731;
pub const GELU_CUBIC: f64 = 0.044_715;
/// Fixed point constants of SELU (Klambauer et al. 2017).
pub const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
pub const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

macro_rules! parameter {
    ($p:ident) => {
        f64
    };
}

/// `cost Name[parameters](x) => value` with an optional `, rare condition => value there`. In the expressions
/// `T` is the float type and `F` the multiply-add of the frame.
macro_rules! unary_ops {
    ($(
        $(#[$doc:meta])*
        $cost:ident $name:ident $([$($p:ident),+])? ($x:ident) => $body:expr $(, rare $rare:expr => $slow:expr)?;
    )*) => {
        /// A function of one float.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Unary {
            $($(#[$doc])* $name $(($(parameter!($p)),+))?,)*
        }

        mod ops {
            $(#[derive(Clone, Copy)] pub struct $name { $($(pub $p: f64),+)? })*
        }

        $(
            impl<T: Math> Map<T> for ops::$name {
                const COST: Cost = Cost::$cost;
                #[inline(always)]
                fn call<F: Fma>(self, $x: T) -> T {
                    $($(let $p = T::from_f64(self.$p);)+)?
                    $body
                }
                $(
                    #[inline(always)]
                    fn is_rare(self, $x: T) -> bool {
                        $rare
                    }
                    #[inline(always)]
                    fn call_rare(self, $x: T) -> T {
                        $slow
                    }
                )?
            }
        )*

        /// y = op(x), elementwise; f32 within the bounds of [`crate::math`], f64 as the standard library.
        ///
        /// # Panics
        /// If the lengths differ.
        pub fn unary_float<T: Math>(op: Unary, x: &[T], y: &mut [T]) {
            match op {
                $(Unary::$name $(($($p),+))? => apply::map(ops::$name { $($($p),+)? }, x, y),)*
            }
        }

        /// xy = op(xy), with the bits [`unary_float`] gives.
        pub fn unary_float_in_place<T: Math>(op: Unary, xy: &mut [T]) {
            match op {
                $(Unary::$name $(($($p),+))? => apply::map_in_place(ops::$name { $($($p),+)? }, xy),)*
            }
        }

        /// [`unary_float`] of bfloat16, computed in float32.
        ///
        /// # Panics
        /// If the lengths differ.
        pub fn unary_brain(op: Unary, x: &[u16], y: &mut [u16]) {
            match op {
                $(Unary::$name $(($($p),+))? => apply::map(OnBrain(ops::$name { $($($p),+)? }), x, y),)*
            }
        }

        /// xy = op(xy), with the bits [`unary_brain`] gives.
        pub fn unary_brain_in_place(op: Unary, xy: &mut [u16]) {
            match op {
                $(Unary::$name $(($($p),+))? => apply::map_in_place(OnBrain(ops::$name { $($($p),+)? }), xy),)*
            }
        }

        /// One of each function, the parametrised ones with 0.5.
        #[cfg(test)]
        pub(super) const ALL: &[Unary] = &[$(Unary::$name $(($(unary_ops!(@half $p)),+))?),*];
    };
    (@make $name:ident) => { ops::$name {} };
    (@make $name:ident $($p:ident)+) => { ops::$name { $($p),+ } };
    (@half $p:ident) => { 0.5 };
}

/// The library's f64 function on the element.
macro_rules! library {
    ($x:ident.$f:ident) => {
        T::from_f64($x.to_f64().$f())
    };
}

unary_ops! {
    Light Neg(x) => -x;
    Light Abs(x) => x.abs();
    /// -1, 0 or 1; NaN for NaN.
    Light Sign(x) => if x > T::ZERO { T::ONE } else if x < T::ZERO { -T::ONE } else { x };
    Light Sqrt(x) => x.sqrt();
    Light Rsqrt(x) => T::ONE / x.sqrt();
    Light Square(x) => x * x;
    Light Reciprocal(x) => T::ONE / x;
    Light Floor(x) => x.floor();
    Light Ceil(x) => x.ceil();
    /// Halves go to the even neighbour.
    Light Round(x) => x.round_ties_even();
    Light Trunc(x) => x.trunc();

    Medium Exp(x) => T::exp::<F>(x);
    Medium Exp2(x) => T::exp2::<F>(x);
    Medium Expm1(x) => T::expm1::<F>(x);
    Medium Log(x) => T::log::<F>(x);
    Medium Log1p(x) => T::log1p::<F>(x);
    Medium Log2(x) => T::log2::<F>(x);
    Medium Log10(x) => T::log10::<F>(x);
    Medium Sin(x) => T::sin::<F>(x), rare beyond_trig(x) => library!(x.sin);
    Medium Cos(x) => T::cos::<F>(x), rare beyond_trig(x) => library!(x.cos);
    Medium Tan(x) => T::tan::<F>(x), rare beyond_trig(x) => library!(x.tan);
    Heavy Asin(x) => library!(x.asin);
    Heavy Acos(x) => library!(x.acos);
    Heavy Atan(x) => library!(x.atan);
    Medium Sinh(x) => T::sinh::<F>(x);
    Medium Cosh(x) => T::cosh::<F>(x);
    Medium Tanh(x) => T::tanh::<F>(x);
    Heavy Asinh(x) => library!(x.asinh);
    Heavy Acosh(x) => library!(x.acosh);
    Heavy Atanh(x) => library!(x.atanh);
    Medium Erf(x) => T::erf::<F>(x);
    Heavy Erfinv(x) => T::from_f64(special::erfinv(x.to_f64()));
    Heavy Lgamma(x) => T::from_f64(special::lgamma(x.to_f64()));
    Heavy Digamma(x) => T::from_f64(special::digamma(x.to_f64()));

    /// max(x, 0)
    Light Relu(x) => if x < T::ZERO { T::ZERO } else { x };
    /// min(max(x, 0), 6)
    Light Relu6(x) => clamp(x, T::ZERO, T::from_f64(6.0));
    Medium Sigmoid(x) => T::sigmoid::<F>(x);
    /// log(1 + e^x)
    Medium Softplus(x) => T::softplus::<F>(x);
    /// x / (1 + |x|)
    Light Softsign(x) => x / (T::ONE + x.abs());
    /// log(sigmoid(x))
    Medium LogSigmoid(x) => -T::softplus::<F>(-x);
    /// x sigmoid(x)
    Medium Silu(x) => x * T::sigmoid::<F>(x);
    /// x/2 (1 + erf(x/√2))
    Medium Gelu(x) => T::gelu::<F>(x);
    /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
    Medium GeluTanh(x) => {
        let inner = F::fma(T::from_f64(GELU_CUBIC) * x * x, x, x);
        x * T::sigmoid::<F>(T::from_f64(GELU_SCALE) * inner)
    };
    /// scale (x if x > 0 else alpha (e^x - 1))
    Medium Selu(x) => {
        let negative = T::from_f64(SELU_SCALE * SELU_ALPHA) * T::expm1::<F>(x);
        if x > T::ZERO { T::from_f64(SELU_SCALE) * x } else { negative }
    };
    /// relu6(x + 3) / 6
    Light HardSigmoid(x) => clamp(x + T::from_f64(3.0), T::ZERO, T::from_f64(6.0)) / T::from_f64(6.0);
    /// x hard_sigmoid(x), also known as hard swish
    Light HardSilu(x) => x * (clamp(x + T::from_f64(3.0), T::ZERO, T::from_f64(6.0)) / T::from_f64(6.0));
    /// x held between -1 and 1
    Light HardTanh(x) => clamp(x, -T::ONE, T::ONE);
    /// x tanh(softplus(x)), with tanh(log(1 + e)) = n / (n + 2) for n = e (e + 2)
    Medium Mish(x) => {
        let e = T::exp::<F>(clamp(x, T::LOWEST, T::from_f64(25.0)));
        let n = e * (e + T::from_f64(2.0));
        x * (n / (n + T::from_f64(2.0)))
    };
    /// x - tanh(x)
    Medium TanhShrink(x) => x - T::tanh::<F>(x);
    /// 0 up to -1, (x + 1)²/4 up to 1, then x
    Light SparsePlus(x) => {
        let middle = T::from_f64(0.25) * (x + T::ONE) * (x + T::ONE);
        let upper = if x >= T::ONE { x } else { middle };
        if x <= -T::ONE { T::ZERO } else { upper }
    };
    /// (x + 1)/2 held between 0 and 1
    Light SparseSigmoid(x) => clamp(T::from_f64(0.5) * (x + T::ONE), T::ZERO, T::ONE);

    /// x if x > 0 else alpha x
    Light LeakyRelu[alpha](x) => if x > T::ZERO { x } else { alpha * x };
    /// x if x > 0 else alpha (e^x - 1)
    Medium Elu[alpha](x) => {
        let negative = alpha * T::expm1::<F>(x);
        if x > T::ZERO { x } else { negative }
    };
    /// x if x > 0 else alpha (e^(x/alpha) - 1)
    Medium Celu[alpha](x) => {
        let negative = alpha * T::expm1::<F>(x / alpha);
        if x > T::ZERO { x } else { negative }
    };
    /// x if x > threshold else value
    Light Threshold[threshold, value](x) => if x > threshold || x.is_nan() { x } else { value };
    /// x moved towards 0 by the threshold, 0 within it
    Light SoftShrink[threshold](x) => {
        let lower = if x < -threshold { x + threshold } else { x * T::ZERO };
        if x > threshold { x - threshold } else { lower }
    };
    /// x, but 0 where |x| ≤ threshold
    Light HardShrink[threshold](x) => if x.abs() <= threshold { T::ZERO } else { x };
    /// (x + √(x² + b)) / 2
    Light Squareplus[b](x) => T::from_f64(0.5) * (x + (x * x + b).sqrt());
    /// x^exponent
    Medium PowBy[exponent](x) => T::pow::<F>(x, exponent);
    /// x factor + term
    Light Affine[factor, term](x) => x * factor + term;
    /// x held between low and high
    Light Clip[low, high](x) => clamp(x, low, high);
}
