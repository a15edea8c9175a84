//! Optimizer updates in one pass over parameter, gradient and slots: these loops only move memory, so each
//! array should pass through the caches once. Formulas as Keras 3 states them, in its order of operations.
//!
//! The gradient of a table of which a step reads some rows stays as it comes, rows and their indices: they are added up for some
//! kilobytes of the table at a time, just before these are updated. As large as the table it never is in memory.

mod pass;

pub use pass::Gradient;

use crate::element::Float;
use crate::math::Fma;
use pass::{Rule, update};

#[derive(Clone, Copy)]
struct Sgd<T> {
    lr: T,
}

impl<T: Float> Rule<T, 0> for Sgd<T> {
    const RESTS: bool = true;

    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, []: [&mut T; 0], g: T) {
        *p -= g * self.lr;
    }
}

/// p -= lr g
///
/// # Panics
/// If the lengths differ, as all updates here.
pub fn sgd<T: Float>(p: &mut [T], g: Gradient<'_, T>, lr: f64) {
    update(Sgd { lr: T::from_f64(lr) }, p, [], g);
}

#[derive(Clone, Copy)]
struct Momentum<T, const NESTEROV: bool> {
    lr: T,
    momentum: T,
}

impl<T: Float, const NESTEROV: bool> Rule<T, 1> for Momentum<T, NESTEROV> {
    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, [m]: [&mut T; 1], g: T) {
        let step = g * self.lr;
        *m = *m * self.momentum - step;
        *p += if NESTEROV { *m * self.momentum - step } else { *m };
    }
}

/// m = momentum m - lr g; p += m, or with Nesterov's form p += momentum m - lr g.
pub fn sgd_momentum<T: Float>(p: &mut [T], m: &mut [T], g: Gradient<'_, T>, lr: f64, momentum: f64, nesterov: bool) {
    let (lr, momentum) = (T::from_f64(lr), T::from_f64(momentum));
    if nesterov {
        update(Momentum::<T, true> { lr, momentum }, p, [m], g);
    } else {
        update(Momentum::<T, false> { lr, momentum }, p, [m], g);
    }
}

/// Factors of an Adam step.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Learning rate with the bias corrections of step t in it: lr √(1 - beta2^t) / (1 - beta1^t).
    pub alpha: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
}

#[derive(Clone, Copy)]
struct AdamRule<T> {
    alpha: T,
    gain1: T,
    gain2: T,
    epsilon: T,
}

impl<T: Float> AdamRule<T> {
    #[inline(always)]
    fn moments(self, m: &mut T, v: &mut T, g: T) {
        *m += (g - *m) * self.gain1;
        *v += (g * g - *v) * self.gain2;
    }

    #[inline(always)]
    fn move_by(self, p: &mut T, m: T, v: T) {
        *p -= m * self.alpha / (v.sqrt() + self.epsilon);
    }
}

impl<T: Float> Rule<T, 2> for AdamRule<T> {
    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, [m, v]: [&mut T; 2], g: T) {
        self.moments(m, v, g);
        self.move_by(p, *m, *v);
    }
}

impl<T: Float> Rule<T, 3> for AdamRule<T> {
    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, [m, v, largest]: [&mut T; 3], g: T) {
        self.moments(m, v, g);
        *largest = crate::math::max(*largest, *v);
        self.move_by(p, *m, *largest);
    }
}

/// m += (g - m)(1 - beta1); v += (g² - v)(1 - beta2); p -= alpha m / (√v + epsilon), where with `largest`
/// (AMSGrad) the largest v so far stands for v (Kingma & Ba 2015; Reddi et al. 2018).
pub fn adam<T: Float>(p: &mut [T], m: &mut [T], v: &mut [T], largest: Option<&mut [T]>, g: Gradient<'_, T>, adam: &Adam) {
    let rule = AdamRule {
        alpha: T::from_f64(adam.alpha),
        gain1: T::from_f64(1.0 - adam.beta1),
        gain2: T::from_f64(1.0 - adam.beta2),
        epsilon: T::from_f64(adam.epsilon),
    };
    match largest {
        None => update::<_, _, 2>(rule, p, [m, v], g),
        Some(largest) => update::<_, _, 3>(rule, p, [m, v, largest], g),
    }
}

/// Factors of an RMSprop step.
#[derive(Clone, Copy, Debug)]
pub struct RmsProp {
    pub lr: f64,
    pub rho: f64,
    pub momentum: f64,
    pub epsilon: f64,
}

#[derive(Clone, Copy)]
struct RmsRule<T, const CENTERED: bool, const WITH_SPEED: bool> {
    lr: T,
    rho: T,
    gain: T,
    momentum: T,
    epsilon: T,
}

impl<T: Float, const C: bool, const M: bool> RmsRule<T, C, M> {
    #[inline(always)]
    fn apply(self, p: &mut T, v: &mut T, average: Option<&mut T>, speed: Option<&mut T>, g: T) {
        *v = self.rho * *v + self.gain * (g * g);
        let mut under = *v;
        if let Some(average) = average {
            *average = self.rho * *average + self.gain * g;
            under -= *average * *average;
        }
        let step = self.lr * g / (under + self.epsilon).sqrt();
        match speed {
            Some(speed) => {
                *speed = self.momentum * *speed + step;
                *p -= *speed;
            }
            None => *p -= step,
        }
    }
}

impl<T: Float> Rule<T, 1> for RmsRule<T, false, false> {
    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, [v]: [&mut T; 1], g: T) {
        self.apply(p, v, None, None, g);
    }
}

impl<T: Float> Rule<T, 2> for RmsRule<T, true, false> {
    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, [v, average]: [&mut T; 2], g: T) {
        self.apply(p, v, Some(average), None, g);
    }
}

impl<T: Float> Rule<T, 2> for RmsRule<T, false, true> {
    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, [v, speed]: [&mut T; 2], g: T) {
        self.apply(p, v, None, Some(speed), g);
    }
}

impl<T: Float> Rule<T, 3> for RmsRule<T, true, true> {
    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, [v, average, speed]: [&mut T; 3], g: T) {
        self.apply(p, v, Some(average), Some(speed), g);
    }
}

impl RmsProp {
    fn rule<T: Float, const C: bool, const M: bool>(&self) -> RmsRule<T, C, M> {
        RmsRule {
            lr: T::from_f64(self.lr),
            rho: T::from_f64(self.rho),
            gain: T::from_f64(1.0 - self.rho),
            momentum: T::from_f64(self.momentum),
            epsilon: T::from_f64(self.epsilon),
        }
    }
}

/// v = rho v + (1 - rho) g²; step = lr g / √(v + epsilon). Centred (with `average`, of the gradients): its square is
/// taken from v under the root. With `speed`: speed = momentum speed + step, and that is the step.
pub fn rmsprop<T: Float>(
    p: &mut [T],
    v: &mut [T],
    average: Option<&mut [T]>,
    speed: Option<&mut [T]>,
    g: Gradient<'_, T>,
    factors: &RmsProp,
) {
    match (average, speed) {
        (None, None) => update(factors.rule::<T, false, false>(), p, [v], g),
        (Some(average), None) => update(factors.rule::<T, true, false>(), p, [v, average], g),
        (None, Some(speed)) => update(factors.rule::<T, false, true>(), p, [v, speed], g),
        (Some(average), Some(speed)) => update(factors.rule::<T, true, true>(), p, [v, average, speed], g),
    }
}

#[cfg(test)]
mod tests {
    use super::pass::CHUNK;
    use super::*;

    /// Two steps of every rule on one weight, worked out by hand in f64.
    #[test]
    fn formulas() {
        let close = |got: &[f64], want: &[f64]| {
            assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-14), "{got:?}, want {want:?}");
        };
        let g = [0.5];
        let (mut p, mut m) = ([1.0], [0.0]);
        sgd(&mut p, Gradient::Whole(&g), 0.1);
        close(&p, &[0.95]);
        sgd_momentum(&mut p, &mut m, Gradient::Whole(&g), 0.1, 0.9, false);
        sgd_momentum(&mut p, &mut m, Gradient::Whole(&g), 0.1, 0.9, false);
        close(&[p[0], m[0]], &[0.95 - 0.05 - 0.095, -0.095]);
        sgd_momentum(&mut p, &mut m, Gradient::Whole(&g), 0.1, 0.9, true);
        close(&[p[0], m[0]], &[0.805 - 0.1355 * 0.9 - 0.05, -0.1355]);

        let factors = Adam { alpha: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3 };
        let (mut p, mut m, mut v, mut largest) = ([1.0], [0.2], [0.01], [0.5]);
        adam(&mut p, &mut m, &mut v, None, Gradient::Whole(&g), &factors);
        close(&[m[0], v[0]], &[0.23, 0.0124]);
        close(&p, &[1.0 - 0.1 * 0.23 / (0.0124f64.sqrt() + 1e-3)]);
        p = [1.0];
        adam(&mut p, &mut m, &mut v, Some(&mut largest), Gradient::Whole(&g), &factors);
        close(&[largest[0], p[0]], &[0.5, 1.0 - 0.1 * 0.257 / (0.5f64.sqrt() + 1e-3)]);

        let factors = RmsProp { lr: 0.1, rho: 0.9, momentum: 0.5, epsilon: 1e-3 };
        let start = || ([1.0], [0.04], [0.1], [0.02]);
        let v1 = 0.9 * 0.04 + 0.1 * 0.25;
        let (plain, centred) = (0.05 / (v1 + 1e-3f64).sqrt(), 0.05 / (v1 - 0.14 * 0.14 + 1e-3f64).sqrt());
        for (with_average, with_speed) in [(false, false), (true, false), (false, true), (true, true)] {
            let (mut p, mut v, mut average, mut speed) = start();
            let (a, s) = (with_average.then_some(&mut average[..]), with_speed.then_some(&mut speed[..]));
            rmsprop(&mut p, &mut v, a, s, Gradient::Whole(&g), &factors);
            let step = if with_average { centred } else { plain } + if with_speed { 0.01 } else { 0.0 };
            close(&[v[0], p[0]], &[v1, 1.0 - step]);
            close(&average, &[if with_average { 0.14 } else { 0.1 }]);
        }
    }

    /// More than one task, with a tail, in f32: each weight as if it were alone.
    #[test]
    fn every_weight_is_updated_alone() {
        let n = 2 * CHUNK + 13;
        let g: Vec<f32> = (0..n).map(|i| (i as f32 * 0.37).sin()).collect();
        let (mut p, mut m, mut v) = (vec![1f32; n], vec![0.1f32; n], vec![0.2f32; n]);
        let factors = Adam { alpha: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
        adam(&mut p, &mut m, &mut v, None, Gradient::Whole(&g), &factors);
        for i in (0..n).step_by(997).chain([CHUNK - 1, CHUNK, n - 1]) {
            let (mut p1, mut m1, mut v1) = ([1f32], [0.1f32], [0.2f32]);
            adam(&mut p1, &mut m1, &mut v1, None, Gradient::Whole(&g[i..=i]), &factors);
            assert_eq!((p[i], m[i], v[i]), (p1[0], m1[0], v1[0]));
        }
    }

    /// Changes a parameter and two slots, of which some rules use fewer.
    type Step = dyn Fn(&mut [Vec<f32>; 3], Gradient<'_, f32>);

    /// Rows with their indices, some twice, some nowhere: as if added up to a whole gradient first.
    #[test]
    fn rows_are_a_gradient_that_is_zero_elsewhere() {
        for (n, row) in [(7, 3), (300, 33), (3, 5000)] {
            let indices = [2, -1, 2, n as i64, 0, -(n as i64) - 1, 2, 1];
            let updates: Vec<f32> = (0..indices.len() * row).map(|i| (i as f32 * 0.37).sin()).collect();
            let mut whole = vec![0f32; n * row];
            for (i, update) in indices.iter().zip(updates.chunks(row)) {
                if let Some(at) = crate::by_row::row_of(*i, n) {
                    whole[at * row..][..row].iter_mut().zip(update).for_each(|(w, u)| *w += *u);
                }
            }
            let rows = Gradient::Rows { updates: &updates, indices: &indices, n };
            let start = || [1f32, 0.1, 0.2].map(|x| (0..n * row).map(|i| x + i as f32 * 1e-4).collect::<Vec<f32>>());
            let after = |f: &Step, g| {
                let mut state = start();
                f(&mut state, g);
                state
            };
            const FACTORS: Adam = Adam { alpha: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
            let rules: [&Step; 3] = [
                &|[p, _, _], g| sgd(p, g, 0.1),
                &|[p, m, _], g| sgd_momentum(p, m, g, 0.1, 0.9, true),
                &|[p, m, v], g| adam(p, m, v, None, g, &FACTORS),
            ];
            for rule in rules {
                assert_eq!(after(rule, rows), after(rule, Gradient::Whole(&whole)));
            }
        }
        sgd::<f32>(&mut [], Gradient::Rows { updates: &[], indices: &[0, 1], n: 0 }, 0.1);
    }

    #[test]
    fn halves_are_the_gradient_that_they_are_widened_to() {
        for len in [0, 1, 37, 9000] {
            let bits: Vec<u16> = (0..len).map(|i| half::bf16::from_f32((i as f32 * 0.37).sin()).to_bits()).collect();
            let wide: Vec<f32> = bits.iter().map(|b| half::bf16::from_bits(*b).to_f32()).collect();
            let after = |g: Gradient<'_, f32>| {
                let mut state = [1f32, 0.1, 0.2].map(|x| vec![x; len]);
                let [p, m, v] = &mut state;
                adam(p, m, v, None, g, &Adam { alpha: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
                state
            };
            assert_eq!(after(Gradient::Halves { kind: crate::cast::Kind::BF16, bits: &bits }), after(Gradient::Whole(&wide)));
        }
    }
}
