//! Optimizer updates in one pass over parameter, gradient and slots: these loops only move memory, so each
//! array should pass through the caches once. Formulas as Keras 3 states them, in its order of operations.

use crate::element::Float;
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::parallel::{self, SendPtr};
use crate::isa;

/// Elements of one task: 64 KiB of each f32 array.
const CHUNK: usize = 1 << 14;

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
