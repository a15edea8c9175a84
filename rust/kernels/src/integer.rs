//! Integer elements, with arithmetic that never panics.

use crate::element::Element;

/// One of the eight integer types. All arithmetic wraps.
pub trait Integer: Element {
    fn wrapping_neg(self) -> Self;
    fn wrapping_abs(self) -> Self;
    fn signum(self) -> Self;
    fn wrapping_add(self, other: Self) -> Self;
    fn wrapping_sub(self, other: Self) -> Self;
    fn wrapping_mul(self, other: Self) -> Self;
    /// A negative exponent gives 0, but 1 and -1 keep their size.
    fn wrapping_pow(self, exponent: Self) -> Self;
    /// The quotient rounded down; 0 if the divisor is.
    fn floor_divide(self, divisor: Self) -> Self;
    fn bit_not(self) -> Self;
    fn bit_and(self, other: Self) -> Self;
    fn bit_or(self, other: Self) -> Self;
    fn bit_xor(self, other: Self) -> Self;
    /// 0 if the count is negative or not below the width.
    fn shift_left(self, count: Self) -> Self;
    /// 0, or -1 for a negative value, if the count is negative or not below the width.
    fn shift_right(self, count: Self) -> Self;
}

macro_rules! integer {
    ($($t:ident)*) => {$(
        #[allow(unused_comparisons, reason = "one body for signed and unsigned types")]
        impl Integer for $t {
            integer!(@forward $t: wrapping_add wrapping_sub wrapping_mul);
            integer!(@operator $t: bit_and & bit_or | bit_xor ^);
            #[inline(always)]
            fn wrapping_neg(self) -> Self {
                $t::wrapping_neg(self)
            }
            #[inline(always)]
            fn wrapping_abs(self) -> Self {
                if self < 0 { $t::wrapping_neg(self) } else { self }
            }
            #[inline(always)]
            fn signum(self) -> Self {
                if self < 0 { $t::wrapping_neg(1) } else { $t::from(self > 0) }
            }
            #[inline(always)]
            fn wrapping_pow(self, exponent: Self) -> Self {
                let odd = exponent & 1 != 0;
                if exponent < 0 {
                    return match self {
                        1 => 1,
                        _ if $t::MIN != 0 && self == $t::wrapping_neg(1) => if odd { self } else { 1 },
                        _ => 0,
                    };
                }
                let (mut base, mut rest, mut power) = (self, exponent, 1);
                while rest != 0 {
                    if rest & 1 != 0 {
                        power = $t::wrapping_mul(power, base);
                    }
                    base = $t::wrapping_mul(base, base);
                    rest >>= 1;
                }
                power
            }
            #[inline(always)]
            fn floor_divide(self, divisor: Self) -> Self {
                if divisor == 0 {
                    return 0;
                }
                let (quotient, rest) = ($t::wrapping_div(self, divisor), $t::wrapping_rem(self, divisor));
                if rest != 0 && (rest < 0) != (divisor < 0) { quotient - 1 } else { quotient }
            }
            #[inline(always)]
            fn bit_not(self) -> Self {
                !self
            }
            #[inline(always)]
            fn shift_left(self, count: Self) -> Self {
                // A negative count is a large unsigned one.
                if (count as u64) < u64::from($t::BITS) { $t::wrapping_shl(self, count as u32) } else { 0 }
            }
            #[inline(always)]
            fn shift_right(self, count: Self) -> Self {
                let count = if (count as u64) < u64::from($t::BITS) { count as u32 } else { $t::BITS };
                // In two steps, because a shift by the whole width is not defined.
                let half = count / 2;
                $t::wrapping_shr($t::wrapping_shr(self, half), count - half)
            }
        }
    )*};
    (@forward $t:ident: $($f:ident)*) => {$(
        #[inline(always)]
        fn $f(self, other: Self) -> Self {
            $t::$f(self, other)
        }
    )*};
    (@operator $t:ident: $($f:ident $op:tt)*) => {$(
        #[inline(always)]
        fn $f(self, other: Self) -> Self {
            self $op other
        }
    )*};
}
integer!(i8 i16 i32 i64 u8 u16 u32 u64);
