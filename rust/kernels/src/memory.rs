//! Aligned, counted memory: the one allocator every tensor, arena and scratch area comes from.
//!
//! Live bytes are counted here so that a leak is a number a test can compare, and freed blocks are kept
//! in a small cache because a fresh large block costs a page fault every 4 KiB, several times what most
//! kernels spend on the same bytes.

use std::alloc::{Layout, dealloc};
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Alignment of every block, in bytes: one cache line, which is also one AVX-512 vector.
pub const ALIGN: usize = 64;

/// Blocks above this size are returned to the system at once.
const CACHE_BLOCK_MAX: usize = 64 << 20;
/// The cache as a whole never holds more than this.
const CACHE_TOTAL_MAX: usize = 256 << 20;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static CACHE: Mutex<Cache> = Mutex::new(Cache { blocks: Vec::new(), bytes: 0 });

/// Bytes in buffers that somebody still holds (cached free blocks do not count).
pub fn live_bytes() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// The allocation that was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot allocate {requested} bytes ({available} bytes of memory on this machine)")]
pub struct OutOfMemory {
    pub requested: usize,
    pub available: usize,
}

struct Block(NonNull<u8>, usize);

// SAFETY: a cached block is owned by the cache alone; nobody else holds its address.
unsafe impl Send for Block {}

struct Cache {
    blocks: Vec<Block>,
    bytes: usize,
}

/// Sizes are rounded so that a freed block fits the next request of about the same size.
fn size_class(bytes: usize) -> usize {
    let bytes = bytes.max(ALIGN);
    let step = (bytes.next_power_of_two() / 8).max(ALIGN);
    bytes.div_ceil(step) * step
}

fn layout(class: usize) -> Layout {
    Layout::from_size_align(class, ALIGN).expect("size classes are bounded by physical memory")
}

/// What the machine could give at the most: physical memory, or the cgroup's limit if that is lower.
pub fn memory_limit() -> usize {
    static LIMIT: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *LIMIT.get_or_init(|| {
        let physical = std::fs::read_to_string("/proc/meminfo")
            .ok()
            .and_then(|text| {
                let line = text.lines().find(|l| l.starts_with("MemTotal:"))?;
                line.split_whitespace().nth(1)?.parse::<usize>().ok()
            })
            .map_or(64 << 30, |kib| kib << 10);
        let cgroup = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
            .iter()
            .filter_map(|p| std::fs::read_to_string(p).ok()?.trim().parse::<usize>().ok())
            .min()
            .unwrap_or(usize::MAX);
        physical.min(cgroup)
    })
}

/// An owned, 64-byte aligned block of `len` bytes.
pub struct Buffer {
    ptr: NonNull<u8>,
    len: usize,
    class: usize,
}

// SAFETY: a buffer owns its block; shared access is read only through `&self`.
unsafe impl Send for Buffer {}
// SAFETY: as above; there is no interior mutability.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// A block of `len` bytes, all zero.
    pub fn zeroed(len: usize) -> Result<Self, OutOfMemory> {
        let mut buffer = Self::dirty(len)?;
        buffer.as_bytes_mut().fill(0);
        Ok(buffer)
    }

    /// A block of `len` bytes holding whatever a kernel is about to overwrite.
    ///
    /// Fresh blocks are zeroed, so that no uninitialised memory is ever visible; recycled ones keep the
    /// bytes of their last owner.
    pub fn dirty(len: usize) -> Result<Self, OutOfMemory> {
        let limit = memory_limit();
        if len > limit {
            return Err(OutOfMemory { requested: len, available: limit });
        }
        let class = size_class(len);
        let cached = {
            // Never waits: a fork may have left the lock held by a thread that the child does not have.
            CACHE.try_lock().ok().and_then(|mut cache| {
                let i = cache.blocks.iter().rposition(|b| b.1 == class)?;
                cache.bytes -= class;
                Some(cache.blocks.swap_remove(i).0)
            })
        };
        let ptr = match cached {
            Some(ptr) => ptr,
            None => {
                // SAFETY: the layout has non-zero size (a class is at least one cache line).
                let raw = unsafe { std::alloc::alloc_zeroed(layout(class)) };
                NonNull::new(raw).ok_or(OutOfMemory { requested: len, available: limit })?
            }
        };
        LIVE.fetch_add(class, Ordering::Relaxed);
        Ok(Self { ptr, len, class })
    }

    /// A block holding a copy of `bytes`.
    pub fn copy_of(bytes: &[u8]) -> Result<Self, OutOfMemory> {
        let mut buffer = Self::dirty(bytes.len())?;
        buffer.as_bytes_mut().copy_from_slice(bytes);
        Ok(buffer)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn as_ptr(&self) -> *const u8 {
        self.ptr.as_ptr()
    }

    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: the block is initialised (zeroed when fresh), at least `len` long and owned by self.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }

    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `as_bytes`, and `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        LIVE.fetch_sub(self.class, Ordering::Relaxed);
        if self.class <= CACHE_BLOCK_MAX {
            if let Ok(mut cache) = CACHE.try_lock()
                && cache.bytes + self.class <= CACHE_TOTAL_MAX
                && cache.blocks.len() < 256
            {
                cache.bytes += self.class;
                cache.blocks.push(Block(self.ptr, self.class));
                return;
            }
        }
        // SAFETY: the pointer came from the allocator with this very layout and is not used again.
        unsafe { dealloc(self.ptr.as_ptr(), layout(self.class)) };
    }
}
