//! The sums of a tile in AVX-512: of rows whose factors lie side by side, and of rows each at an address of its own.
//!
//! Every multiplication takes its factor from memory, repeated over the register by the instruction itself, or, where loads are scarce
//! (`isa`), each factor is loaded once for the two registers of a row: 45 instructions and 16 loads for 28 multiplications rather than 31
//! and 30. On a quiet Emerald Rapids both reach the peak; on a busy one the first reached 84 % of what the multiplications alone reached,
//! the second, as a compiler writes it, 63 to 73 %.

use std::arch::asm;
use std::arch::x86_64::*;

use crate::isa::loads_are_scarce;

/// Where the operands of a tile start, and how far apart (in elements) their parts for successive k lie.
#[derive(Clone, Copy)]
pub struct Operands<T> {
    pub k: usize,
    pub a: *const T,
    pub a_step: usize,
    pub b: *const T,
    pub b_step: usize,
    /// How far after the first register of a step of B the third is, if a tile is four wide.
    pub right: usize,
    /// Lanes of the last register that may be read.
    pub last: usize,
    /// Where to fetch what is needed soon into the second-level cache, or null: for every four steps two lines, or
    /// one if rows are apart.
    pub ahead: *const T,
}

/// One step of k: the registers of B, `$u` steps on and the last one with this mask, then each row times each of them. The factor of
/// a row is `$x + $y * $z` elements after an address.
macro_rules! step {
    ($u:literal, $mask:literal, ($mov:literal, $fma:literal, $word:literal, $times:literal, $size:literal, $repeat:literal), $($base:ident $x:literal $y:literal $z:literal: $lo:ident,)+) => {
        concat!(
            $mov, " {b0}", $mask, ", [{b} + 64*", $u, "]\n",
            $($fma, " {", stringify!($lo), "}, {b0}, ", $word, " ptr [{", stringify!($base), "} + ", $size, "*(", $x, " + ", $y, "*", $z, ")]{{", $times, "}}\n",)+
        )
    };
    ($u:literal, $mask:literal, ($mov:literal, $fma:literal, $word:literal, $times:literal, $size:literal, $repeat:literal), $($base:ident $x:literal $y:literal $z:literal: $lo:ident $hi:ident,)+) => {
        concat!(
            $mov, " {b0}, [{b} + 128*", $u, "]\n",
            $mov, " {b1}", $mask, ", [{b} + 128*", $u, " + 64]\n",
            $($fma, " {", stringify!($lo), "}, {b0}, ", $word, " ptr [{", stringify!($base), "} + ", $size, "*(", $x, " + ", $y, "*", $z, ")]{{", $times, "}}\n",
              $fma, " {", stringify!($hi), "}, {b1}, ", $word, " ptr [{", stringify!($base), "} + ", $size, "*(", $x, " + ", $y, "*", $z, ")]{{", $times, "}}\n",)+
        )
    };
}

/// As `step`, each factor loaded once for the registers of its row.
macro_rules! step_repeated {
    ($u:literal, ($mov:literal, $fma:literal, $word:literal, $times:literal, $size:literal, $repeat:literal), $($base:ident $x:literal $y:literal $z:literal: $lo:ident,)+) => {
        concat!(
            $mov, " {b0}, [{b} + 64*", $u, "]\n",
            $($repeat, " {x}, ", $word, " ptr [{", stringify!($base), "} + ", $size, "*(", $x, " + ", $y, "*", $z, ")]\n",
              $fma, " {", stringify!($lo), "}, {b0}, {x}\n",)+
        )
    };
    ($u:literal, ($mov:literal, $fma:literal, $word:literal, $times:literal, $size:literal, $repeat:literal), $($base:ident $x:literal $y:literal $z:literal: $lo:ident $hi:ident,)+) => {
        concat!(
            $mov, " {b0}, [{b} + 128*", $u, "]\n",
            $mov, " {b1}, [{b} + 128*", $u, " + 64]\n",
            $($repeat, " {x}, ", $word, " ptr [{", stringify!($base), "} + ", $size, "*(", $x, " + ", $y, "*", $z, ")]\n",
              $fma, " {", stringify!($lo), "}, {b0}, {x}\n",
              $fma, " {", stringify!($hi), "}, {b1}, {x}\n",)+
        )
    };
}

/// The loops over k: four steps at a time where the operands are packed as the tile is shaped, and one with a mask where the last
/// register may not be read whole. A masked load takes the place of a multiplication: no other loop has one.
macro_rules! sum {
    ($from:ident, $sums:ident, $mask:ident, $size:literal, $regs:literal, $rows:literal, $words:tt, $($i:literal $($name:ident)+ : $($r:literal)+,)+) => {{
        let packed = $from.a_step == $rows && $from.b_step == $regs * 64 / $size;
        let (fours, ones, masked) = match $from.k {
            k if $from.last < 64 / $size => (0, 0, k),
            k if packed => (k / 4, k % 4, 0),
            k => (0, k, 0),
        };
        let ahead = if $from.ahead.is_null() { $from.a } else { $from.ahead };
        // Scratch registers, whose names follow from their type.
        let (mut _b0, mut _b1, mut _x) = ($sums[0][0], $sums[0][0], $sums[0][0]);
        // SAFETY: only what the caller promised to be readable is read; nothing is written but the registers named.
        unsafe {
            asm!(
                "test {repeated}, {repeated} /* {b1} */",
                "jz 22f",
                "test {fours}, {fours}",
                "jz 13f",
                "12:",
                "prefetcht1 [{ahead}]",
                "prefetcht1 [{ahead} + 64]",
                "add {ahead}, 128",
                step_repeated!(0, $words, $(a $i $rows 0: $($name)+,)+),
                step_repeated!(1, $words, $(a $i $rows 1: $($name)+,)+),
                step_repeated!(2, $words, $(a $i $rows 2: $($name)+,)+),
                step_repeated!(3, $words, $(a $i $rows 3: $($name)+,)+),
                concat!("add {a}, 4*", $rows, "*", $size),
                concat!("add {b}, 4*64*", $regs),
                "dec {fours}",
                "jnz 12b",
                "13:",
                "test {ones}, {ones}",
                "jz 5f",
                "14:",
                step_repeated!(0, $words, $(a $i $rows 0: $($name)+,)+),
                "add {a}, {a_step}",
                "add {b}, {b_step}",
                "dec {ones}",
                "jnz 14b",
                "jmp 5f",
                "22:",
                "test {fours}, {fours}",
                "jz 3f",
                "2:",
                "prefetcht1 [{ahead}]",
                "prefetcht1 [{ahead} + 64]",
                "add {ahead}, 128",
                step!(0, "", $words, $(a $i $rows 0: $($name)+,)+),
                step!(1, "", $words, $(a $i $rows 1: $($name)+,)+),
                step!(2, "", $words, $(a $i $rows 2: $($name)+,)+),
                step!(3, "", $words, $(a $i $rows 3: $($name)+,)+),
                concat!("add {a}, 4*", $rows, "*", $size),
                concat!("add {b}, 4*64*", $regs),
                "dec {fours}",
                "jnz 2b",
                "3:",
                "test {ones}, {ones}",
                "jz 5f",
                "4:",
                step!(0, "", $words, $(a $i $rows 0: $($name)+,)+),
                "add {a}, {a_step}",
                "add {b}, {b_step}",
                "dec {ones}",
                "jnz 4b",
                "5:",
                "test {masked}, {masked}",
                "jz 7f",
                "6:",
                step!(0, "{{{last}}}{{z}}", $words, $(a $i $rows 0: $($name)+,)+),
                "add {a}, {a_step}",
                "add {b}, {b_step}",
                "dec {masked}",
                "jnz 6b",
                "7:",
                fours = inout(reg) fours => _,
                ones = inout(reg) ones => _,
                ahead = inout(reg) ahead => _,
                masked = inout(reg) masked => _,
                a = inout(reg) $from.a => _,
                b = inout(reg) $from.b => _,
                a_step = in(reg) $from.a_step * $size,
                b_step = in(reg) $from.b_step * $size,
                last = in(kreg) $mask,
                repeated = in(reg) usize::from(loads_are_scarce()),
                b0 = out(zmm_reg) _b0,
                b1 = out(zmm_reg) _b1,
                x = out(zmm_reg) _x,
                $($($name = inout(zmm_reg) $sums[$i][$r],)+)+
                options(readonly, nostack)
            );
        }
    }};
}

/// The loop for a number of rows, with the names of its sums.
macro_rules! rows {
    ($from:ident, $sums:ident, $mask:ident, $size:literal, $words:tt, $count:ident, $regs:ident, $($rows:literal: $($i:literal $lo:ident $hi:ident)+;)+) => {
        // Constant conditions, so that only one loop is compiled.
        $(if const { $count == $rows && $regs == 1 } {
            sum!($from, $sums, $mask, $size, 1, $rows, $words, $($i $lo : 0,)+);
        } else if const { $count == $rows && $regs == 2 } {
            sum!($from, $sums, $mask, $size, 2, $rows, $words, $($i $lo $hi : 0 1,)+);
        } else)+ {
            unreachable!("no tile of so many rows or registers")
        }
    };
}

/// One step of k, each row at an address of its own. B, which may lie anywhere, is fetched eight steps ahead.
macro_rules! step_apart {
    ($u:literal, $mask:literal, $words:tt, $($p:ident: $($name:ident)+,)+) => {
        concat!(
            "prefetcht0 [{b} + 8*{b_step}]\n",
            "prefetcht0 [{b} + 8*{b_step} + 64]\n",
            step!(0, $mask, $words, $($p $u 0 0: $($name)+,)+),
            "add {b}, {b_step}\n",
        )
    };
}

/// The loops over k, four steps at a time unless the last register may not be read whole.
macro_rules! sum_apart {
    ($rows:ident, $from:ident, $sums:ident, $size:literal, $words:tt, $($i:literal $p:ident $($name:ident)+ : $($r:literal)+,)+) => {{
        let ahead = if $from.ahead.is_null() { $rows[0] } else { $from.ahead };
        // All of sixteen where the register may be read whole, which is what is asked for before the fours.
        let mask = if $from.last == 64 / $size { u16::MAX } else { (1 << $from.last) - 1 };
        // Scratch registers, whose names follow from their type.
        let (mut _b0, mut _b1) = ($sums[0][0], $sums[0][0]);
        // SAFETY: only what the caller promised to be readable is read; nothing is written but the registers named.
        unsafe {
            asm!(
                "test {k}, {k} /* {b1} */",
                "jz 5f",
                "kortestw {last}, {last}",
                "jnc 4f",
                "sub {k}, 4",
                "jb 3f",
                "2:",
                "prefetcht1 [{ahead}]",
                "add {ahead}, 64",
                step_apart!(0, "", $words, $($p: $($name)+,)+),
                step_apart!(1, "", $words, $($p: $($name)+,)+),
                step_apart!(2, "", $words, $($p: $($name)+,)+),
                step_apart!(3, "", $words, $($p: $($name)+,)+),
                $(concat!("add {", stringify!($p), "}, 4*", $size, "\n"),)+
                "sub {k}, 4",
                "jae 2b",
                "3:",
                "add {k}, 4",
                "jz 5f",
                "4:",
                step_apart!(0, "{{{last}}}{{z}}", $words, $($p: $($name)+,)+),
                $(concat!("add {", stringify!($p), "}, ", $size),)+
                "dec {k}",
                "jnz 4b",
                "5:",
                k = inout(reg) $from.k => _,
                ahead = inout(reg) ahead => _,
                $($p = inout(reg) $rows[$i] => _,)+
                b = inout(reg) $from.b => _,
                b_step = in(reg) $from.b_step * $size,
                last = in(kreg) mask,
                b0 = out(zmm_reg) _b0,
                b1 = out(zmm_reg) _b1,
                $($($name = inout(zmm_reg) $sums[$i][$r],)+)+
                options(readonly, nostack)
            );
        }
    }};
}

/// As `rows`, each row with the name of its address.
macro_rules! rows_apart {
    ($starts:ident, $from:ident, $sums:ident, $size:literal, $words:tt, $count:ident, $regs:ident, $($rows:literal: $($i:literal $p:ident $lo:ident $hi:ident)+;)+) => {
        // Constant conditions, so that only one loop is compiled.
        $(if const { $count == $rows && $regs == 1 } {
            sum_apart!($starts, $from, $sums, $size, $words, $($i $p $lo : 0,)+);
        } else if const { $count == $rows && $regs == 2 } {
            sum_apart!($starts, $from, $sums, $size, $words, $($i $p $lo $hi : 0 1,)+);
        } else)+ {
            unreachable!("no tile of so many rows or registers")
        }
    };
}

macro_rules! sums {
    ($name:ident, $apart:ident, $t:ty, $reg:ty, $mask:ty, $size:literal, $words:tt $(, $wide:path, $wide_apart:path)?) => {
        /// Adds to the sums of a tile of `ROWS` rows (an even number to 14, or one) by one or two registers, or of six rows by four.
        ///
        /// # Safety
        /// AVX-512 must be present, and the operands readable over the tile.
        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        pub unsafe fn $name<const ROWS: usize, const REGS: usize>(mut sums: [[$reg; REGS]; ROWS], from: Operands<$t>) -> [[$reg; REGS]; ROWS] {
            $(if const { REGS == 4 } {
                // SAFETY: passed on to the caller.
                return unsafe { $wide(sums, from) };
            })?
            let mask = ((1_u32 << from.last) - 1) as $mask;
            rows!(from, sums, mask, $size, $words, ROWS, REGS,
                1: 0 s0 t0;
                2: 0 s0 t0 1 s1 t1;
                4: 0 s0 t0 1 s1 t1 2 s2 t2 3 s3 t3;
                6: 0 s0 t0 1 s1 t1 2 s2 t2 3 s3 t3 4 s4 t4 5 s5 t5;
                8: 0 s0 t0 1 s1 t1 2 s2 t2 3 s3 t3 4 s4 t4 5 s5 t5 6 s6 t6 7 s7 t7;
                10: 0 s0 t0 1 s1 t1 2 s2 t2 3 s3 t3 4 s4 t4 5 s5 t5 6 s6 t6 7 s7 t7 8 s8 t8 9 s9 t9;
                12: 0 s0 t0 1 s1 t1 2 s2 t2 3 s3 t3 4 s4 t4 5 s5 t5 6 s6 t6 7 s7 t7 8 s8 t8 9 s9 t9 10 s10 t10 11 s11 t11;
                14: 0 s0 t0 1 s1 t1 2 s2 t2 3 s3 t3 4 s4 t4 5 s5 t5 6 s6 t6 7 s7 t7 8 s8 t8 9 s9 t9 10 s10 t10 11 s11 t11 12 s12 t12 13 s13 t13;
            );
            sums
        }

        /// As the function above, each row at an address of its own, the factors of a row side by side; ten rows at the most, or
        /// six by four registers.
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
            $(if const { REGS == 4 } {
                // SAFETY: passed on to the caller.
                return unsafe { $wide_apart(sums, starts, from) };
            })?
            rows_apart!(starts, from, sums, $size, $words, ROWS, REGS,
                1: 0 p0 s0 t0;
                2: 0 p0 s0 t0 1 p1 s1 t1;
                4: 0 p0 s0 t0 1 p1 s1 t1 2 p2 s2 t2 3 p3 s3 t3;
                6: 0 p0 s0 t0 1 p1 s1 t1 2 p2 s2 t2 3 p3 s3 t3 4 p4 s4 t4 5 p5 s5 t5;
                8: 0 p0 s0 t0 1 p1 s1 t1 2 p2 s2 t2 3 p3 s3 t3 4 p4 s4 t4 5 p5 s5 t5 6 p6 s6 t6 7 p7 s7 t7;
                10: 0 p0 s0 t0 1 p1 s1 t1 2 p2 s2 t2 3 p3 s3 t3 4 p4 s4 t4 5 p5 s5 t5 6 p6 s6 t6 7 p7 s7 t7 8 p8 s8 t8 9 p9 s9 t9;
            );
            sums
        }
    };
}
sums!(sums_f32, apart_f32, f32, __m512, u16, 4, ("vmovups", "vfmadd231ps", "dword", "1to16", 4, "vbroadcastss"), super::wide::together_f32, super::wide::apart_f32);
sums!(sums_f64, apart_f64, f64, __m512d, u8, 8, ("vmovupd", "vfmadd231pd", "qword", "1to8", 8, "vbroadcastsd"), super::wide::together_f64, super::wide::apart_f64);
// Pairs of bfloat16 in the place of each float32: half the steps, twice the products.
sums!(sums_pairs, apart_pairs, f32, __m512, u16, 4, ("vmovups", "vdpbf16ps", "dword", "1to16", 4, "vbroadcastss"), super::wide::together_pairs, super::wide::apart_pairs);
