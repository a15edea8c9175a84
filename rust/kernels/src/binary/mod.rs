//! Element-wise functions of two tensors.
use crate::element::Element;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binary { Add, Sub, Mul, Div, Pow, Maximum, Minimum, Mod, FloorDivide, Atan2, Hypot, LogAddExp, SquaredDifference, BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight, ReluGrad, SigmoidGrad, TanhGrad }
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compare { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual }
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Logical { And, Or, Xor }

pub struct Broadcast { shape: Vec<usize>, a: Vec<usize>, b: Vec<usize> }
impl Broadcast {
    pub fn new(a: &[usize], b: &[usize]) -> Self {
        let r = a.len().max(b.len());
        let mut shape = vec![1; r];
        let st = |s: &[usize]| { let mut out = vec![0; r]; let mut k = 1; for i in (0..s.len()).rev() { out[r - s.len() + i] = if s[i] == 1 { 0 } else { k }; k *= s[i]; } out };
        for i in 0..r {
            let x = if i + a.len() >= r { a[i + a.len() - r] } else { 1 };
            let y = if i + b.len() >= r { b[i + b.len() - r] } else { 1 };
            shape[i] = if x == 1 { y } else { x };
        }
        let (a, b) = (st(a), st(b));
        Self { shape, a, b }
    }
    fn at(&self, mut i: usize) -> (usize, usize) {
        let (mut x, mut y) = (0, 0);
        for k in (0..self.shape.len()).rev() { let j = i % self.shape[k]; i /= self.shape[k]; x += j * self.a[k]; y += j * self.b[k]; }
        (x, y)
    }
}
fn f(op: Binary, a: f64, b: f64) -> f64 {
    match op {
        Binary::Add => a + b, Binary::Sub => a - b, Binary::Mul => a * b, Binary::Div => a / b, Binary::Pow => a.powf(b),
        Binary::Maximum => a.max(b), Binary::Minimum => a.min(b), Binary::Mod => a - (a / b).floor() * b, Binary::FloorDivide => (a / b).floor(),
        Binary::Atan2 => a.atan2(b), Binary::Hypot => a.hypot(b), Binary::LogAddExp => (a.exp() + b.exp()).ln(),
        Binary::SquaredDifference => (a - b) * (a - b), Binary::ReluGrad => if a > 0.0 { b } else { 0.0 },
        Binary::SigmoidGrad => b * a * (1.0 - a), Binary::TanhGrad => b * (1.0 - a * a),
        Binary::BitAnd => ((a as i64) & (b as i64)) as f64, Binary::BitOr => ((a as i64) | (b as i64)) as f64,
        _ => 0.0,
    }
}
pub fn binary<T: Element>(op: Binary, s: &Broadcast, a: &[T], b: &[T], y: &mut [T]) {
    for (i, slot) in y.iter_mut().enumerate() { let (p, q) = s.at(i); *slot = T::from_f64(f(op, a[p].to_f64(), b[q].to_f64())); }
}
pub fn binary_in_place<T: Element>(op: Binary, s: &Broadcast, xy: &mut [T], o: &[T], left: bool) {
    for i in 0..xy.len() { let (p, q) = s.at(i);
        xy[i] = T::from_f64(if left { f(op, xy[i].to_f64(), o[q].to_f64()) } else { f(op, o[p].to_f64(), xy[i].to_f64()) }); }
}
pub fn compare<T: Element>(op: Compare, s: &Broadcast, a: &[T], b: &[T], y: &mut [u8]) {
    for (i, slot) in y.iter_mut().enumerate() { let (p, q) = s.at(i); let (a, b) = (a[p], b[q]);
        *slot = match op { Compare::Equal => a == b, Compare::NotEqual => a != b, Compare::Less => a < b, Compare::LessEqual => a <= b, Compare::Greater => a > b, Compare::GreaterEqual => a >= b } as u8; }
}
pub fn logical(op: Logical, s: &Broadcast, a: &[u8], b: &[u8], y: &mut [u8]) {
    for (i, slot) in y.iter_mut().enumerate() { let (p, q) = s.at(i); let (a, b) = (a[p], b[q]);
        *slot = match op { Logical::And => a & b, Logical::Or => a | b, Logical::Xor => a ^ b }; }
}
