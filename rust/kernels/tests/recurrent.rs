//! Recurrent layers against plain f64 loops, and the way back against difference quotients.

use proptest::prelude::*;
use rkeras_kernels::entry::FloatKernels;
use rkeras_kernels::recurrent::{Inputs, Kind, Outputs, Saved, Sizes, Slopes};
use rkeras_kernels::{isa, parallel, random};

fn numbers(seed: u64, n: usize) -> Vec<f64> {
    let mut x = vec![0f32; n];
    random::normal(seed, 1, 0.0, 0.7, &mut x);
    double(&x)
}

fn single(x: &[f64]) -> Vec<f32> {
    x.iter().map(|v| *v as f32).collect()
}

fn double(x: &[f32]) -> Vec<f64> {
    x.iter().map(|v| f64::from(*v)).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// A layer with its operands, and cotangents of its sequence and last states.
#[derive(Clone, Debug)]
struct Case {
    kind: Kind,
    batch: usize,
    steps: usize,
    units: usize,
    reverse: bool,
    zero_masked: bool,
    mask: Option<Vec<u8>>,
    /// Products of the inputs, first states, recurrent kernel.
    x: Vec<f64>,
    h: Vec<f64>,
    c: Vec<f64>,
    kernel: Vec<f64>,
    bias: Option<Vec<f64>>,
    g: [Vec<f64>; 3],
    /// Products with the recurrent kernel are of pairs.
    pairs: bool,
}

impl Case {
    fn new(kind: Kind, [batch, steps, units]: [usize; 3], [reverse, zero_masked, masked, biased]: [bool; 4]) -> Self {
        let (states, width) = (batch * units, kind.gates() * units);
        let carried = if kind.carries() { states } else { 0 };
        let biased = biased && kind == Kind::Gru { reset_after: true };
        Self {
            kind,
            batch,
            steps,
            units,
            reverse,
            zero_masked,
            mask: masked.then(|| numbers(5, batch * steps).iter().map(|x| u8::from(*x > -0.2)).collect()),
            x: numbers(1, batch * steps * width),
            h: numbers(2, states),
            c: numbers(3, carried),
            kernel: numbers(4, units * width),
            bias: biased.then(|| numbers(6, width)),
            g: [numbers(7, steps * states), numbers(8, states), numbers(9, carried)],
            pairs: false,
        }
    }

    fn sizes(&self) -> Sizes<'_> {
        let Self { batch, steps, units, reverse, zero_masked, .. } = *self;
        Sizes { batch, steps, units, reverse, zero_masked, mask: self.mask.as_deref(), pairs: self.pairs }
    }

    /// One step of a row: its states from the products of the input.
    fn step(&self, x: &[f64], h: &mut [f64], c: &mut [f64]) {
        let (u, width) = (self.units, x.len());
        let times = |h: &[f64], j: usize| -> f64 {
            let bias = self.bias.as_ref().map_or(0.0, |b| b[j]);
            bias + (0..u).map(|i| h[i] * self.kernel[i * width + j]).sum::<f64>()
        };
        let before = h.to_vec();
        let sum = |gate: usize, i: usize| x[gate * u + i] + times(&before, gate * u + i);
        match self.kind {
            Kind::Simple => (0..u).for_each(|i| h[i] = sum(0, i).tanh()),
            Kind::Lstm => {
                for i in 0..u {
                    c[i] = sigmoid(sum(1, i)) * c[i] + sigmoid(sum(0, i)) * sum(2, i).tanh();
                    h[i] = sigmoid(sum(3, i)) * c[i].tanh();
                }
            }
            Kind::Gru { reset_after } => {
                let kept: Vec<f64> = (0..u).map(|i| sigmoid(sum(1, i)) * before[i]).collect();
                for i in 0..u {
                    let inner =
                        if reset_after { sigmoid(sum(1, i)) * times(&before, 2 * u + i) } else { times(&kept, 2 * u + i) };
                    let keep = sigmoid(sum(0, i));
                    h[i] = keep * before[i] + (1.0 - keep) * (x[2 * u + i] + inner).tanh();
                }
            }
        }
    }

    /// The sequence and the last states.
    fn naive(&self) -> [Vec<f64>; 3] {
        let (u, width) = (self.units, self.kind.gates() * self.units);
        let (mut sequence, mut h, mut c) = (vec![0.0; self.batch * self.steps * u], self.h.clone(), self.c.clone());
        for b in 0..self.batch {
            let h = &mut h[b * u..][..u];
            let c = if c.is_empty() { &mut [][..] } else { &mut c[b * u..][..u] };
            for number in 0..self.steps {
                let t = if self.reverse { self.steps - 1 - number } else { number };
                let live = self.mask.as_ref().is_none_or(|m| m[b * self.steps + t] != 0);
                if live {
                    self.step(&self.x[(b * self.steps + t) * width..][..width], h, c);
                }
                if live || !self.zero_masked {
                    sequence[(b * self.steps + number) * u..][..u].copy_from_slice(h);
                }
            }
        }
        [sequence, h, c]
    }

    fn value(&self) -> f64 {
        self.naive().iter().zip(&self.g).flat_map(|(y, g)| y.iter().zip(g)).map(|(y, g)| y * g).sum()
    }

    /// Sequence and last states, then cotangents of x, both first states and the recurrent kernel.
    fn kernels<T: FloatKernels>(&self, of: impl Fn(&[f64]) -> Vec<T>) -> [Vec<T>; 7] {
        let (sizes, u, width) = (self.sizes(), self.units, self.kind.gates() * self.units);
        let (x, h0, c0, kernel) = (of(&self.x), of(&self.h), of(&self.c), of(&self.kernel));
        let bias = self.bias.as_deref().map(&of);
        let poison = |n: usize| of(&vec![f64::NAN; n]);
        let cells = self.batch * self.steps * u;
        let (mut sequence, mut h, mut c) = (poison(cells), poison(h0.len()), poison(c0.len()));
        let (mut gates, mut before) = (poison(x.len()), poison(cells));
        let mut memo = poison(if self.kind.remembers() { cells } else { 0 });
        let inputs = Inputs { x: Some(&x), h: &h0, c: &c0, kernel: &kernel, bias: bias.as_deref() };
        let outputs = Outputs {
            sequence: Some(&mut sequence),
            h: &mut h,
            c: &mut c,
            gates: Some(&mut gates),
            before: Some(&mut before),
            memo: self.kind.remembers().then_some(&mut memo),
        };
        T::recurrent_forward(self.kind, &sizes, &inputs, outputs);
        let after = self.kind == Kind::Gru { reset_after: true };
        let (mut dx, mut dh, mut dc, mut dz) = (poison(x.len()), poison(h.len()), poison(c.len()), poison(x.len()));
        let (gs, gh, gc) = (of(&self.g[0]), of(&self.g[1]), of(&self.g[2]));
        let saved = Saved {
            gates: Some(&gates),
            before: &before,
            memo: &memo,
            kernel: &kernel,
            h: &gh,
            c: &gc,
            sequence: Some(&gs),
        };
        let slopes = Slopes { x: &mut dx, h: &mut dh, c: &mut dc, recurrent: after.then_some(&mut dz) };
        T::recurrent_backward(self.kind, &sizes, &saved, slopes);
        // The kernel's cotangent is a product of what it was multiplied by and what came of it.
        let by = if after { &dz } else { &dx };
        let mut d_kernel = vec![T::ZERO; kernel.len()];
        for cell in 0..self.batch * self.steps {
            for (i, j) in (0..u).flat_map(|i| (0..width).map(move |j| (i, j))) {
                let slope = by[cell * width + j];
                if slope != T::ZERO {
                    let reset = self.kind == Kind::Gru { reset_after: false } && j >= 2 * u;
                    d_kernel[i * width + j] += slope * if reset { memo[cell * u + i] } else { before[cell * u + i] };
                }
            }
        }
        [sequence, h, c, dx, dh, dc, d_kernel]
    }

    fn check(&self) {
        let wanted = self.naive();
        // A few places of each operand of the way back.
        let places: [fn(&mut Self) -> &mut Vec<f64>; 4] =
            [|case| &mut case.x, |case| &mut case.h, |case| &mut case.c, |case| &mut case.kernel];
        let mut slopes = Vec::new();
        for (operand, place) in places.into_iter().enumerate() {
            let mut case = self.clone();
            let n = place(&mut case).len();
            for i in (0..n).step_by(n.div_ceil(6).max(1)) {
                let mut at = |step: f64| {
                    place(&mut case)[i] += step;
                    case.value()
                };
                let (up, down) = (at(1e-5), at(-2e-5));
                at(1e-5);
                slopes.push((operand, i, (up - down) / 2e-5));
            }
        }
        for &path in isa::available() {
            isa::with_isa(path, || {
                let narrow = self.kernels(single).map(|x| double(&x));
                let wide = self.kernels(<[f64]>::to_vec);
                for (found, exact, near) in [(&narrow, 2e-5, 3e-4), (&wide, 1e-12, 1e-6)] {
                    let close = |got: f64, want: f64, tolerance: f64| (got - want).abs() <= tolerance * (1.0 + want.abs());
                    for (i, want) in wanted.iter().enumerate() {
                        let all = found[i].iter().zip(want).all(|(got, want)| close(*got, *want, exact));
                        assert!(all && found[i].len() == want.len(), "result {i} of {self:?} on {path:?}");
                    }
                    for (operand, i, want) in &slopes {
                        let got = found[3 + operand][*i];
                        assert!(close(got, *want, near), "slope {i} of operand {operand} on {path:?}: {got}, want {want}");
                    }
                }
            });
        }
    }
}

/// With factors of products rounded to bfloat16, results and slopes are off by some of its steps: if the kernel does not make what is
/// off at one step grow with the next.
fn check_pairs(case: &Case) {
    if !isa::favours_pairs() {
        return;
    }
    let mut case = case.clone();
    let damped = 0.7 / (case.units as f64).sqrt();
    case.kernel.iter_mut().for_each(|x| *x *= damped);
    let wanted = case.kernels(<[f64]>::to_vec);
    let found = Case { pairs: true, ..case.clone() }.kernels(single).map(|x| double(&x));
    for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
        let size = wanted.iter().fold(1.0, |top: f64, x| top.max(x.abs()));
        let off = found.iter().zip(wanted).fold(0.0, |off: f64, (a, b)| if a.is_nan() { f64::NAN } else { off.max((a - b).abs()) });
        assert!(off <= 0.03 * size, "number {i} of pairs of {case:?}: off by {off} of {size}");
    }
}

const KINDS: [Kind; 4] = [Kind::Lstm, Kind::Gru { reset_after: true }, Kind::Gru { reset_after: false }, Kind::Simple];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_layer(
        kind in prop::sample::select(KINDS.to_vec()), batch in 1usize..20, steps in 1usize..5, units in 1usize..21,
        flags: [bool; 4],
    ) {
        let case = Case::new(kind, [batch, steps, units], flags);
        case.check();
        check_pairs(&case);
    }
}

#[test]
fn whole_registers_and_tasks() {
    for kind in KINDS {
        for case in [Case::new(kind, [16, 3, 32], [false, false, false, true]), Case::new(kind, [17, 2, 33], [true, true, true, true])] {
            case.check();
            check_pairs(&case);
        }
    }
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let before = parallel::num_threads();
    for kind in KINDS {
        let case = Case::new(kind, [33, 8, 64], [false, false, true, true]);
        let run = |threads| {
            parallel::set_num_threads(threads);
            case.kernels(single).map(|x| x.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        let one = run(1);
        assert!(one == run(2) && one == run(3), "{kind:?}");
    }
    parallel::set_num_threads(before);
}
