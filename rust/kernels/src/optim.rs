//! Optimizer updates in one pass over parameter, gradient and slots: these loops only move memory, so each
//! array should pass through the caches once. Formulas as Keras 3 states them, in its order of operations.

use crate::element::Float;
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::parallel::{self, SendPtr};
use crate::isa;

/// Elements of one task: 16 KiB of each f32 array, so that the halves of a layer's weights are those of its products.
const CHUNK: usize = 1 << 12;

/// One update rule: changes a parameter and its slots given the gradient.
trait Rule<T, const SLOTS: usize>: Copy + Send + Sync {
    fn step<F: Fma>(self, p: &mut T, slots: [&mut T; SLOTS], g: T);
}

struct Update<'a, T, R, const SLOTS: usize> {
    rule: R,
    p: &'a mut [T],
    slots: [&'a mut [T]; SLOTS],
    g: &'a [T],
}

impl<T: Float, R: Rule<T, SLOTS>, const SLOTS: usize> Loop for Update<'_, T, R, SLOTS> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { rule, p, slots, g } = self;
        let n = g.len();
        let p = &mut p[..n];
        let mut slots = slots.map(|s| &mut s[..n]);
        for i in 0..n {
            rule.step::<F>(&mut p[i], slots.each_mut().map(|s| &mut s[i]), g[i]);
        }
    }
}

fn update<T: Float, R: Rule<T, SLOTS>, const SLOTS: usize>(rule: R, p: &mut [T], mut slots: [&mut [T]; SLOTS], g: &[T]) {
    assert!(p.len() == g.len() && slots.iter().all(|s| s.len() == g.len()), "lengths of parameter, slots and gradient");
    let isa = isa::active();
    let base = SendPtr(p.as_mut_ptr());
    let bases = slots.each_mut().map(|s| SendPtr(s.as_mut_ptr()));
    parallel::for_each(parallel::chunks(g.len(), CHUNK), |i| {
        let range = parallel::chunk_range(g.len(), CHUNK, i);
        let part = |base: &SendPtr<T>| {
            // SAFETY: all arrays have the gradient's length and are borrowed mutably for the whole loop, and the
            // ranges of different tasks are disjoint.
            unsafe { std::slice::from_raw_parts_mut(base.get().add(range.start), range.len()) }
        };
        frame::run(isa, Update { rule, p: part(&base), slots: bases.each_ref().map(part), g: &g[range.clone()] });
    });
}

#[derive(Clone, Copy)]
struct Sgd<T> {
    lr: T,
}

impl<T: Float> Rule<T, 0> for Sgd<T> {
    #[inline(always)]
    fn step<F: Fma>(self, p: &mut T, []: [&mut T; 0], g: T) {
        *p -= g * self.lr;
    }
}

/// p -= lr g
///
/// # Panics
/// If the lengths differ, as all updates here.
pub fn sgd<T: Float>(p: &mut [T], g: &[T], lr: f64) {
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
pub fn sgd_momentum<T: Float>(p: &mut [T], m: &mut [T], g: &[T], lr: f64, momentum: f64, nesterov: bool) {
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
pub fn adam<T: Float>(p: &mut [T], m: &mut [T], v: &mut [T], largest: Option<&mut [T]>, g: &[T], adam: &Adam) {
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
    g: &[T],
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
    use super::*;

    /// Two steps of every rule on one weight, worked out by hand in f64.
    #[test]
    fn formulas() {
        let close = |got: &[f64], want: &[f64]| {
            assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-14), "{got:?}, want {want:?}");
        };
        let g = [0.5];
        let (mut p, mut m) = ([1.0], [0.0]);
        sgd(&mut p, &g, 0.1);
        close(&p, &[0.95]);
        sgd_momentum(&mut p, &mut m, &g, 0.1, 0.9, false);
        sgd_momentum(&mut p, &mut m, &g, 0.1, 0.9, false);
        close(&[p[0], m[0]], &[0.95 - 0.05 - 0.095, -0.095]);
        sgd_momentum(&mut p, &mut m, &g, 0.1, 0.9, true);
        close(&[p[0], m[0]], &[0.805 - 0.1355 * 0.9 - 0.05, -0.1355]);

        let factors = Adam { alpha: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3 };
        let (mut p, mut m, mut v, mut largest) = ([1.0], [0.2], [0.01], [0.5]);
        adam(&mut p, &mut m, &mut v, None, &g, &factors);
        close(&[m[0], v[0]], &[0.23, 0.0124]);
        close(&p, &[1.0 - 0.1 * 0.23 / (0.0124f64.sqrt() + 1e-3)]);
        p = [1.0];
        adam(&mut p, &mut m, &mut v, Some(&mut largest), &g, &factors);
        close(&[largest[0], p[0]], &[0.5, 1.0 - 0.1 * 0.257 / (0.5f64.sqrt() + 1e-3)]);

        let factors = RmsProp { lr: 0.1, rho: 0.9, momentum: 0.5, epsilon: 1e-3 };
        let start = || ([1.0], [0.04], [0.1], [0.02]);
        let v1 = 0.9 * 0.04 + 0.1 * 0.25;
        let (plain, centred) = (0.05 / (v1 + 1e-3f64).sqrt(), 0.05 / (v1 - 0.14 * 0.14 + 1e-3f64).sqrt());
        for (with_average, with_speed) in [(false, false), (true, false), (false, true), (true, true)] {
            let (mut p, mut v, mut average, mut speed) = start();
            let (a, s) = (with_average.then_some(&mut average[..]), with_speed.then_some(&mut speed[..]));
            rmsprop(&mut p, &mut v, a, s, &g, &factors);
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
        adam(&mut p, &mut m, &mut v, None, &g, &factors);
        for i in (0..n).step_by(997).chain([CHUNK - 1, CHUNK, n - 1]) {
            let (mut p1, mut m1, mut v1) = ([1f32], [0.1f32], [0.2f32]);
            adam(&mut p1, &mut m1, &mut v1, None, &g[i..=i], &factors);
            assert_eq!((p[i], m[i], v[i]), (p1[0], m1[0], v1[0]));
        }
    }
}
