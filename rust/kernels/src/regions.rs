//! Disjoint windows of a few blocks, for plans that keep all intermediate values in one arena.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::memory::Buffer;

/// A block that a plan works on.
pub enum Region {
    /// May be written to.
    Owned(Buffer),
    /// Nothing: an argument that the program does not read.
    Empty,
    /// A window, from this byte on, of a block that others hold too.
    Shared(Arc<Buffer>, usize),
}

impl Region {
    /// Takes the block out of an owned region.
    pub fn take(&mut self) -> Option<Buffer> {
        match std::mem::replace(self, Self::Empty) {
            Self::Owned(buffer) => Some(buffer),
            _ => None,
        }
    }
}

/// A window of a region, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub region: u32,
    pub offset: usize,
    pub len: usize,
}

impl Place {
    fn overlaps(&self, other: &Self) -> bool {
        self.region == other.region
            && self.len > 0
            && other.len > 0
            && self.offset < other.offset + other.len
            && other.offset < self.offset + self.len
    }
}

/// Hands `reads` as shared and `writes` as exclusive slices to `f`.
///
/// # Panics
/// If a write overlaps another window or lies in a shared region, or if a window leaves its region.
/// The planner never makes such a step; the check is a handful of comparisons against the kernel's work.
pub fn with_windows<R>(
    regions: &mut [Region],
    reads: &[Place],
    writes: &[Place],
    f: impl FnOnce(&[&[u8]], &mut [&mut [u8]]) -> R,
) -> R {
    let mut ins: SmallVec<[&[u8]; 8]> = SmallVec::new();
    let mut outs: SmallVec<[&mut [u8]; 4]> = SmallVec::new();
    for (i, w) in writes.iter().enumerate() {
        assert!(writes[..i].iter().chain(reads).all(|p| !w.overlaps(p)), "overlapping windows {w:?}");
        let Region::Owned(buffer) = &mut regions[w.region as usize] else { panic!("write to a shared region") };
        let start = buffer.window(w.offset, w.len);
        // SAFETY: the window overlaps no other one (asserted above), `window` checked the bounds, and `regions`
        // stays mutably borrowed, so that the block outlives the call of `f`.
        outs.push(unsafe { std::slice::from_raw_parts_mut(start, w.len) });
    }
    for r in reads {
        let (buffer, base) = match &regions[r.region as usize] {
            Region::Owned(buffer) => (buffer, 0),
            Region::Shared(buffer, base) => (&**buffer, *base),
            Region::Empty => panic!("read of an empty region"),
        };
        let start = buffer.window(base + r.offset, r.len);
        // SAFETY: no exclusive window overlaps this one (asserted above); bounds and lifetime as above.
        ins.push(unsafe { std::slice::from_raw_parts(start, r.len) });
    }
    f(&ins, &mut outs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: u32, offset: usize, len: usize) -> Place {
        Place { region, offset, len }
    }

    #[test]
    fn windows_are_disjoint_views_of_their_regions() {
        let mut regions = [Region::Owned(Buffer::zeroed(64).unwrap())];
        with_windows(&mut regions, &[place(0, 0, 8)], &[place(0, 8, 8)], |ins, outs| {
            assert_eq!(ins[0], [0; 8]);
            outs[0].fill(7);
        });
        with_windows(&mut regions, &[place(0, 8, 8)], &[], |ins, _| assert_eq!(ins[0], [7; 8]));
    }

    #[test]
    #[should_panic(expected = "overlapping")]
    fn overlapping_windows_are_refused() {
        let mut regions = [Region::Owned(Buffer::zeroed(64).unwrap())];
        with_windows(&mut regions, &[place(0, 0, 9)], &[place(0, 8, 8)], |_, _| {});
    }
}
