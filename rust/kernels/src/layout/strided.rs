//! One copy between two strided windows: transposes, slices, broadcasts and joins are cases of it.
//!
//! Axes that stay adjacent are merged first. What is left is cut into planes of two axes, the innermost of the
//! destination and the innermost of the source, and those into tiles of 64 KiB, which are the tasks.

use smallvec::SmallVec;

use super::plane::{self, Plane, Way, Word};
use crate::parallel::{self, SendPtr};

/// Bytes that one task moves.
const TASK: usize = 1 << 16;
/// Rows of a tile of a transpose: enough to use whole cache lines on both sides.
const TILE: usize = 128;

/// An axis with its strides, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    pub n: usize,
    pub src: isize,
    pub dst: isize,
}

impl Axis {
    const NONE: Self = Self { n: 1, src: 1, dst: 1 };
}

pub(super) type Axes = SmallVec<[Axis; 6]>;

/// Brings axes into the order of the destination, forwards, without those of size 1, neighbours merged.
fn normal(axes: &mut Axes, src: &mut isize, dst: &mut isize) {
    axes.retain(|a| a.n != 1);
    for a in axes.iter_mut().filter(|a| a.dst < 0) {
        *src += (a.n - 1) as isize * a.src;
        *dst += (a.n - 1) as isize * a.dst;
        (a.src, a.dst) = (-a.src, -a.dst);
    }
    if !axes.is_sorted_by(|a, b| a.dst >= b.dst) {
        axes.sort_by_key(|a| -a.dst);
    }
    let mut kept = 0;
    for i in 0..axes.len() {
        let b = axes[i];
        let n = b.n as isize;
        match axes[..kept].last_mut() {
            Some(a) if a.src == b.src * n && a.dst == b.dst * n => *a = Axis { n: a.n * b.n, ..b },
            _ => {
                axes[kept] = b;
                kept += 1;
            }
        }
    }
    axes.truncate(kept);
}

/// The first and the last place that strides reach.
fn reach(offset: isize, steps: impl Iterator<Item = (usize, isize)>) -> (isize, isize) {
    steps.fold((offset, offset), |(low, high), (n, step)| {
        let far = (n - 1) as isize * step;
        (low + far.min(0), high + far.max(0))
    })
}

/// True if no two indices name the same place of the destination; axes are in normal form.
fn distinct(axes: &[Axis]) -> bool {
    let mut reached = 0;
    axes.iter().rev().all(|a| {
        let apart = a.dst > reached;
        reached += (a.n - 1) as isize * a.dst;
        apart
    })
}

/// Copies elements of `elem` bytes along `axes`, from the places `src_at` and `dst_at` on.
///
/// # Panics
/// If a stride leads out of a slice.
pub(super) fn copy(elem: usize, mut axes: Axes, src: &[u8], src_at: isize, dst: &mut [u8], dst_at: isize) {
    match elem {
        1 => run::<u8>(&mut axes, src, src_at, dst, dst_at),
        2 => run::<u16>(&mut axes, src, src_at, dst, dst_at),
        4 => run::<u32>(&mut axes, src, src_at, dst, dst_at),
        8 => run::<u64>(&mut axes, src, src_at, dst, dst_at),
        // Any other element is an axis of bytes.
        _ => {
            let size = elem as isize;
            for a in &mut axes {
                (a.src, a.dst) = (a.src * size, a.dst * size);
            }
            axes.push(Axis { n: elem, src: 1, dst: 1 });
            run::<u8>(&mut axes, src, src_at * size, dst, dst_at * size);
        }
    }
}

fn run<T: Word>(axes: &mut Axes, src: &[u8], mut src_at: isize, dst: &mut [u8], mut dst_at: isize) {
    if axes.iter().any(|a| a.n == 0) {
        return;
    }
    normal(axes, &mut src_at, &mut dst_at);
    let inside = |(low, high): (isize, isize), len: usize| low >= 0 && (high as usize) < len / size_of::<T>();
    assert!(inside(reach(src_at, axes.iter().map(|a| (a.n, a.src))), src.len()), "strides leave the source");
    assert!(inside(reach(dst_at, axes.iter().map(|a| (a.n, a.dst))), dst.len()), "strides leave the destination");
    let parallel = distinct(axes);

    let k = axes.pop().unwrap_or(Axis::NONE);
    let contiguous = axes.iter().position(|a| a.src == 1).filter(|_| k.dst == 1 && k.src != 1 && k.src != 0);
    let j = match contiguous {
        Some(at) => axes.remove(at),
        None => axes.pop().unwrap_or(Axis::NONE),
    };
    let way = match (contiguous.is_some(), k.src, k.dst) {
        (true, ..) => Way::Transpose,
        (_, 1, 1) if k.n * size_of::<T>() > 32 => Way::Rows,
        (_, 0, 1) if k.n * size_of::<T>() > 32 => Way::Fill,
        _ => Way::Elements,
    };
    let area = TASK / size_of::<T>();
    let (jb, kb) = if way == Way::Transpose {
        let kb = k.n.min(area / j.n.min(TILE)).max(1);
        (j.n.min((area / kb).max(1)), kb)
    } else {
        let kb = k.n.min(area);
        (j.n.min(area / kb), kb)
    };
    let (jt, kt) = (j.n.div_ceil(jb), k.n.div_ceil(kb));
    let tiles = jt * kt * axes.iter().map(|a| a.n).product::<usize>();
    let per = (area / (jb * kb)).max(1);

    let (from, to) = (SendPtr(src.as_ptr().cast_mut()), SendPtr(dst.as_mut_ptr()));
    let axes = &*axes;
    let task = |t: usize| {
        for tile in t * per..tiles.min((t + 1) * per) {
            let (mut rest, j0, k0) = (tile / kt / jt, tile / kt % jt * jb, tile % kt * kb);
            let mut s = src_at + j0 as isize * j.src + k0 as isize * k.src;
            let mut d = dst_at + j0 as isize * j.dst + k0 as isize * k.dst;
            for a in axes.iter().rev() {
                let i = (rest % a.n) as isize;
                rest /= a.n;
                s += i * a.src;
                d += i * a.dst;
            }
            let plane = Plane {
                j: Axis { n: jb.min(j.n - j0), ..j },
                k: Axis { n: kb.min(k.n - k0), ..k },
                // SAFETY: `reach` covers every index of every axis, and both ends were checked to be inside.
                src: unsafe { from.get().cast::<T>().cast_const().offset(s) },
                // SAFETY: as above.
                dst: unsafe { to.get().cast::<T>().offset(d) },
            };
            // SAFETY: all places of the plane are inside of the slices, as above; no other task writes to them,
            // as indices name distinct places, or else all tasks run on this thread.
            unsafe { plane::run(way, plane) };
        }
    };
    let tasks = tiles.div_ceil(per);
    if parallel { parallel::for_each(tasks, task) } else { (0..tasks).for_each(task) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(list: &[(usize, isize, isize)]) -> Axes {
        list.iter().map(|&(n, src, dst)| Axis { n, src, dst }).collect()
    }

    #[test]
    fn adjacent_axes_merge() {
        // NHWC to NCHW keeps height and width together.
        let mut a = axes(&[(2, 60, 60), (3, 1, 20), (4, 15, 5), (5, 3, 1)]);
        normal(&mut a, &mut 0, &mut 0);
        assert_eq!(a, axes(&[(2, 60, 60), (3, 1, 20), (20, 3, 1)]));
        let mut a = axes(&[(2, 12, 12), (1, 7, 7), (3, 4, 4), (4, 1, 1)]);
        normal(&mut a, &mut 0, &mut 0);
        assert_eq!(a, axes(&[(24, 1, 1)]));
    }

    #[test]
    fn backward_destinations_are_turned() {
        let (mut a, mut src, mut dst) = (axes(&[(4, 1, -1)]), 0, 3);
        normal(&mut a, &mut src, &mut dst);
        assert_eq!((a, src, dst), (axes(&[(4, -1, 1)]), 3, 0));
    }

    #[test]
    fn overlapping_destinations_are_seen() {
        assert!(distinct(&axes(&[(3, 1, 4), (4, 1, 1)])));
        assert!(!distinct(&axes(&[(3, 1, 3), (4, 1, 1)])));
        assert!(!distinct(&axes(&[(3, 1, 0)])));
    }
}
