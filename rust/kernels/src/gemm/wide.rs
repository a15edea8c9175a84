//! The sums of a tile four registers wide in AVX-512, of operands where they lie.
//!
//! Six rows by four registers hold about as many sums as fourteen by two, and take ten loads for 24 multiplications rather than thirty
//! for 28, without A being packed. On a core of its own either loop reaches nine tenths of the peak and more. Where another tenant of the
//! machine works on the other half of the core, and takes half of its instructions and a quarter of its loads, this one is ahead by a tenth.

use std::arch::asm;
use std::arch::x86_64::*;

use super::broadcast::Operands;

/// One step of k: four registers of B, `$u` steps on in panels, then each row times each of them. The factor of a row is at the sum of
/// what is in parentheses.
macro_rules! step {
    ($u:literal, $mask:literal, ($mov:literal, $fma:literal, $repeat:literal, $word:literal, $size:literal), $(($($address:expr),+) $s:ident $t:ident $v:ident $w:ident,)+) => {
        concat!(
            $mov, " {b0}, [{b} + 128*", $u, "]\n",
            $mov, " {b1}, [{b} + 128*", $u, " + 64]\n",
            $mov, " {b2}, [{b} + {right} + 128*", $u, "]\n",
            $mov, " {b3}", $mask, ", [{b} + {right} + 128*", $u, " + 64]\n",
            $($repeat, " {x}, ", $word, " ptr [", $($address,)+ "]\n",
              $fma, " {", stringify!($s), "}, {b0}, {x}\n",
              $fma, " {", stringify!($t), "}, {b1}, {x}\n",
              $fma, " {", stringify!($v), "}, {b2}, {x}\n",
              $fma, " {", stringify!($w), "}, {b3}, {x}\n",)+
        )
    };
}

/// The loops that these lines make, with these operands besides those that all of them have.
macro_rules! sum {
    (($from:ident, $sums:ident, $size:literal), $($i:literal $s:ident $t:ident $v:ident $w:ident,)+ [$($line:expr,)+] [$($own:tt)+]) => {
        // Scratch registers, whose names follow from their type.
        let (mut _b0, mut _b1, mut _b2, mut _b3, mut _x) = ($sums[0][0], $sums[0][0], $sums[0][0], $sums[0][0], $sums[0][0]);
        // SAFETY: only what the caller promised to be readable is read; nothing is written but the registers named.
        unsafe {
            asm!(
                $($line,)+
                $($own)+
                b = inout(reg) $from.b => _,
                right = in(reg) $from.right * $size,
                b_step = in(reg) $from.b_step * $size,
                last = in(kreg) mask($from.last, 64 / $size),
                b0 = out(zmm_reg) _b0,
                b1 = out(zmm_reg) _b1,
                b2 = out(zmm_reg) _b2,
                b3 = out(zmm_reg) _b3,
                x = out(zmm_reg) _x,
                $($s = inout(zmm_reg) $sums[$i][0],
                $t = inout(zmm_reg) $sums[$i][1],
                $v = inout(zmm_reg) $sums[$i][2],
                $w = inout(zmm_reg) $sums[$i][3],)+
                options(readonly, nostack)
            );
        }
    };
}

/// One step of rows apart with B where it lies, fetched eight steps ahead.
macro_rules! step_apart {
    ($mask:literal, $words:tt, $size:literal, $($p:ident $s:ident $t:ident $v:ident $w:ident,)+) => {
        concat!(
            "prefetcht0 [{b} + 8*{b_step}]\n",
            "prefetcht0 [{b} + 8*{b_step} + 64]\n",
            "prefetcht0 [{b} + 8*{b_step} + 128]\n",
            "prefetcht0 [{b} + 8*{b_step} + 192]\n",
            step!(0, $mask, $words, $(("{", stringify!($p), "} + {at}") $s $t $v $w,)+),
            "add {b}, {b_step}\n",
            "add {at}, ", $size, "\n",
        )
    };
}

/// The loops over k for rows apart: four steps at a time in panels, else one, with a mask where the last register may not be read whole.
macro_rules! sum_apart {
    (($starts:ident, $from:ident), $sums:ident, $size:literal, $words:tt, $($i:literal $p:ident $s:ident $t:ident $v:ident $w:ident,)+) => {{
        let ahead = if $from.ahead.is_null() { $starts[0] } else { $from.ahead };
        let packed = $from.b_step * $size == 128 && $from.last == 64 / $size;
        let fours = if packed { $from.k / 4 } else { 0 };
        sum!(($from, $sums, $size), $($i $s $t $v $w,)+ [
            "test {fours}, {fours}",
            "jz 3f",
            "2:",
            "prefetcht1 [{ahead}]",
            "add {ahead}, 64",
            step!(0, "", $words, $(("{", stringify!($p), "} + {at}") $s $t $v $w,)+),
            step!(1, "", $words, $(("{", stringify!($p), "} + {at} + ", $size) $s $t $v $w,)+),
            step!(2, "", $words, $(("{", stringify!($p), "} + {at} + 2*", $size) $s $t $v $w,)+),
            step!(3, "", $words, $(("{", stringify!($p), "} + {at} + 3*", $size) $s $t $v $w,)+),
            concat!("add {at}, 4*", $size),
            "add {b}, 4*128",
            "dec {fours}",
            "jnz 2b",
            "3:",
            "test {ones}, {ones}",
            "jz 7f",
            "kortestw {last}, {last}",
            "jnc 5f",
            "4:",
            step_apart!("", $words, $size, $($p $s $t $v $w,)+),
            "dec {ones}",
            "jnz 4b",
            "jmp 7f",
            "5:",
            step_apart!("{{{last}}}{{z}}", $words, $size, $($p $s $t $v $w,)+),
            "dec {ones}",
            "jnz 5b",
            "7:",
        ] [
            fours = inout(reg) fours => _,
            ones = inout(reg) $from.k - 4 * fours => _,
            ahead = inout(reg) ahead => _,
            at = inout(reg) 0_usize => _,
            $($p = in(reg) $starts[$i],)+
        ]);
    }};
}

/// One step of rows side by side.
macro_rules! step_together {
    ($mask:literal, $words:tt, $size:literal, $($i:literal $s:ident $t:ident $v:ident $w:ident,)+) => {
        concat!(
            step!(0, $mask, $words, $(("{a} + ", $i, "*", $size) $s $t $v $w,)+),
            "add {a}, {a_step}\n",
            "add {b}, {b_step}\n",
        )
    };
}

/// The loops over k for rows side by side.
macro_rules! sum_together {
    (($from:ident), $sums:ident, $size:literal, $words:tt, $($i:literal $p:ident $s:ident $t:ident $v:ident $w:ident,)+) => {{
        let ahead = if $from.ahead.is_null() { $from.a } else { $from.ahead };
        let fours = if $from.last == 64 / $size { $from.k / 4 } else { 0 };
        sum!(($from, $sums, $size), $($i $s $t $v $w,)+ [
            "test {fours}, {fours}",
            "jz 3f",
            "2:",
            "prefetcht1 [{ahead}]",
            "prefetcht1 [{ahead} + 64]",
            "add {ahead}, 128",
            step_together!("", $words, $size, $($i $s $t $v $w,)+),
            step_together!("", $words, $size, $($i $s $t $v $w,)+),
            step_together!("", $words, $size, $($i $s $t $v $w,)+),
            step_together!("", $words, $size, $($i $s $t $v $w,)+),
            "dec {fours}",
            "jnz 2b",
            "3:",
            "test {ones}, {ones}",
            "jz 5f",
            "4:",
            step_together!("{{{last}}}{{z}}", $words, $size, $($i $s $t $v $w,)+),
            "dec {ones}",
            "jnz 4b",
            "5:",
        ] [
            fours = inout(reg) fours => _,
            ones = inout(reg) $from.k - 4 * fours => _,
            ahead = inout(reg) ahead => _,
            a = inout(reg) $from.a => _,
            a_step = in(reg) $from.a_step * $size,
        ]);
    }};
}

/// The first lanes; sixteen bits if all, which is what the loops ask for.
#[inline(always)]
fn mask(lanes: usize, all: usize) -> u16 {
    if lanes == all { u16::MAX } else { (1 << lanes) - 1 }
}

/// The loop for a number of rows, with the names of their addresses and sums.
macro_rules! rows {
    ($sum:ident!$from:tt, $sums:ident, $size:literal, $words:tt, $count:ident, $($rows:literal: $($i:literal $p:ident $s:ident $t:ident $v:ident $w:ident)+;)+) => {
        // Constant conditions, so that only one loop is compiled.
        $(if const { $count == $rows } {
            $sum!($from, $sums, $size, $words, $($i $p $s $t $v $w,)+);
        } else)+ {
            unreachable!("no tile of so many rows")
        }
    };
}

/// A loop for each number of rows: 1, 2, 4 and 6.
macro_rules! sizes {
    ($sum:ident!$from:tt, $sums:ident, $size:literal, $words:tt, $count:ident) => {
        rows!($sum!$from, $sums, $size, $words, $count,
            1: 0 p0 s0 t0 v0 w0;
            2: 0 p0 s0 t0 v0 w0 1 p1 s1 t1 v1 w1;
            4: 0 p0 s0 t0 v0 w0 1 p1 s1 t1 v1 w1 2 p2 s2 t2 v2 w2 3 p3 s3 t3 v3 w3;
            6: 0 p0 s0 t0 v0 w0 1 p1 s1 t1 v1 w1 2 p2 s2 t2 v2 w2 3 p3 s3 t3 v3 w3 4 p4 s4 t4 v4 w4 5 p5 s5 t5 v5 w5;
        )
    };
}

macro_rules! sums {
    ($together:ident, $apart:ident, $t:ty, $reg:ty, $size:literal, $words:tt) => {
        /// Adds to the sums of a tile of `ROWS` rows (1, 2, 4 or 6) by four registers, the factors of a step side by side.
        ///
        /// # Safety
        /// AVX-512 must be present, and the operands readable over the tile.
        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        pub unsafe fn $together<const ROWS: usize, const REGS: usize>(mut sums: [[$reg; REGS]; ROWS], from: Operands<$t>) -> [[$reg; REGS]; ROWS] {
            sizes!(sum_together!(from), sums, $size, $words, ROWS);
            sums
        }

        /// As the function above, the factors of a row side by side.
        ///
        /// # Safety
        /// AVX-512 must be present, and the operands readable over the tile.
        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        pub unsafe fn $apart<const ROWS: usize, const REGS: usize>(
            mut sums: [[$reg; REGS]; ROWS],
            starts: [*const $t; ROWS],
            from: Operands<$t>,
        ) -> [[$reg; REGS]; ROWS] {
            sizes!(sum_apart!(starts, from), sums, $size, $words, ROWS);
            sums
        }
    };
}
sums!(together_f32, apart_f32, f32, __m512, 4, ("vmovups", "vfmadd231ps", "vbroadcastss", "dword", 4));
// Pairs of bfloat16 in the place of each float32.
sums!(together_pairs, apart_pairs, f32, __m512, 4, ("vmovups", "vdpbf16ps", "vbroadcastss", "dword", 4));
sums!(together_f64, apart_f64, f64, __m512d, 8, ("vmovupd", "vfmadd231pd", "vbroadcastsd", "qword", 8));
