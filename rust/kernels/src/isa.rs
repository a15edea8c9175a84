//! Which instruction set the kernels use: detected once, lowered by `RKERAS_ISA`, overridden in tests.

use std::cell::Cell;
use std::sync::OnceLock;

/// The paths that kernels are compiled for, from the portable one up.
#[derive(Copy, Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Isa {
    Scalar,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
}

thread_local! {
    static OVERRIDE: Cell<Option<Isa>> = const { Cell::new(None) };
}

fn detected() -> Isa {
    #[cfg(target_arch = "x86_64")]
    {
        use std::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
            return Isa::Avx512;
        }
        if has!("avx2") && has!("fma") {
            return Isa::Avx2;
        }
    }
    Isa::Scalar
}

fn configured() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| {
        let wanted = match std::env::var("RKERAS_ISA").as_deref() {
            Ok("scalar") => Isa::Scalar,
            Ok("avx2") => Isa::Avx2,
            _ => Isa::Avx512,
        };
        wanted.min(detected())
    })
}

/// The path to take now.
#[inline]
pub fn active() -> Isa {
    OVERRIDE.with(Cell::get).unwrap_or_else(configured)
}

/// Whether the path to take now can multiply pairs of bfloat16 in one instruction (AVX512-BF16).
pub fn has_pairs() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    active() == Isa::Avx512 && *HAS.get_or_init(|| is_x86_feature_detected!("avx512bf16"))
}

/// Whether doing so is faster than float32. On Intel's processors with matrix tiles it is not: Emerald Rapids was measured to start
/// such an instruction every second cycle, a multiply-add of float32 twice in each.
pub fn favours_pairs() -> bool {
    has_pairs() && is_amd()
}

/// Whether loops of AVX-512 had better take an instruction more than a load more. Zen 5 was measured to reach 92 % of its peak, out of
/// the first-level cache, with multiplications that each take a factor from memory, and 100 % with factors loaded once for several of
/// them; products of 1024x1024x1024 reached 58 % with packed tiles of fourteen rows by two registers, 73 % with six rows by four. On
/// Emerald Rapids the tiles of fourteen rows reached 84 %, and loads are cheaper than instructions where another thread works on the same
/// core.
#[inline]
pub fn loads_are_scarce() -> bool {
    is_amd()
}

#[inline]
fn is_amd() -> bool {
    static AMD: OnceLock<bool> = OnceLock::new();
    *AMD.get_or_init(|| {
        let vendor = std::arch::x86_64::__cpuid(0);
        [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).concat() == b"AuthenticAMD"
    })
}

/// Every path that this machine can run.
pub fn available() -> &'static [Isa] {
    const ALL: [Isa; 3] = [Isa::Scalar, Isa::Avx2, Isa::Avx512];
    &ALL[..=ALL.iter().position(|i| *i == detected()).unwrap_or(0)]
}

/// Runs `f` with another path, on this thread and on the workers that serve it.
///
/// # Panics
/// If this machine cannot run that path.
pub fn with_isa<R>(isa: Isa, f: impl FnOnce() -> R) -> R {
    assert!(isa <= detected(), "{isa:?} cannot run on this machine");
    let before = OVERRIDE.with(|o| o.replace(Some(isa)));
    let result = f();
    OVERRIDE.with(|o| o.set(before));
    result
}

/// The override of this thread, to be carried to a worker.
pub(crate) fn current_override() -> Option<Isa> {
    OVERRIDE.with(Cell::get)
}

/// Takes over another thread's override.
pub(crate) fn set_override(isa: Option<Isa>) {
    OVERRIDE.with(|o| o.set(isa));
}
