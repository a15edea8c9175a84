//! Aligned, counted memory: the one allocator every tensor, arena and scratch area comes from.
//!
//! Live bytes are counted here so that a leak is a number a test can compare, and freed blocks are kept
//! in a small cache because a fresh large block costs a page fault every 4 KiB, several times what most
//! kernels spend on the same bytes.

use std::alloc::{Layout, dealloc};
use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Alignment of every block, in bytes: one cache line, which is also one AVX-512 vector.
pub const ALIGN: usize = 64;

/// Blocks above this size are returned to the system at once.
const CACHE_BLOCK_MAX: usize = 64 << 20;
/// The cache as a whole never holds more than this.
const CACHE_TOTAL_MAX: usize = 256 << 20;

/// A thread keeps blocks up to this size to itself: what it wrote there, its own caches hold, not those of another core.
const OWN_BLOCK_MAX: usize = 1 << 20;
/// A thread never keeps more than this, nor more blocks.
const OWN_TOTAL_MAX: usize = 4 << 20;
const OWN_BLOCKS_MAX: usize = 16;

/// Fresh blocks from this size on are asked to lie in huge pages: kernels that go down the columns of a matrix touch a page a row.
const HUGE_BLOCK_MIN: usize = 4 << 20;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static CACHE: Mutex<Cache> = Mutex::new(Cache::EMPTY);

thread_local! {
    static OWN: RefCell<Cache> = const { RefCell::new(Cache::EMPTY) };
}

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

/// Free blocks, the last freed at the end.
struct Cache {
    blocks: Vec<Block>,
    bytes: usize,
}

impl Cache {
    const EMPTY: Self = Self { blocks: Vec::new(), bytes: 0 };

    fn take(&mut self, class: usize) -> Option<NonNull<u8>> {
        let i = self.blocks.iter().rposition(|b| b.1 == class)?;
        self.bytes -= class;
        Some(self.blocks.remove(i).0)
    }

    fn put(&mut self, block: Block) {
        self.bytes += block.1;
        self.blocks.push(block);
    }

    fn take_oldest(&mut self) -> Block {
        let block = self.blocks.remove(0);
        self.bytes -= block.1;
        block
    }
}

/// Of the cache of a thread that ends.
impl Drop for Cache {
    fn drop(&mut self) {
        self.blocks.drain(..).for_each(share);
    }
}

/// A free block of this size, from this thread's cache or that of all.
fn recycled(class: usize) -> Option<NonNull<u8>> {
    let own = if class <= OWN_BLOCK_MAX { OWN.try_with(|own| own.borrow_mut().take(class)).ok().flatten() } else { None };
    // Never waits: a fork may have left the lock held by a thread that the child does not have.
    own.or_else(|| CACHE.try_lock().ok()?.take(class))
}

/// Keeps a free block for this thread, and hands on what it has had for longest.
fn keep(block: Block) {
    let mut block = Some(block);
    if block.as_ref().is_some_and(|b| b.1 <= OWN_BLOCK_MAX) {
        // A thread that ends has no cache any more.
        let _ = OWN.try_with(|own| {
            let mut own = own.borrow_mut();
            block.take().into_iter().for_each(|b| own.put(b));
            while own.bytes > OWN_TOTAL_MAX || own.blocks.len() > OWN_BLOCKS_MAX {
                share(own.take_oldest());
            }
        });
    }
    block.into_iter().for_each(share);
}

/// Gives a free block to the cache of all threads, or back to the system.
fn share(block: Block) {
    if block.1 <= CACHE_BLOCK_MAX
        && let Ok(mut cache) = CACHE.try_lock()
        && cache.bytes + block.1 <= CACHE_TOTAL_MAX
        && cache.blocks.len() < 256
    {
        cache.put(block);
        return;
    }
    // SAFETY: the pointer came from the allocator with this very layout and is not used again.
    unsafe { dealloc(block.0.as_ptr(), layout(block.1)) };
}

/// A zeroed block from the system.
fn fresh(class: usize) -> Option<NonNull<u8>> {
    let layout = layout(class);
    if class < HUGE_BLOCK_MIN {
        // SAFETY: the layout has non-zero size (a class is at least one cache line).
        return NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) });
    }
    // SAFETY: as above; the block is as large as what is zeroed.
    unsafe {
        let block = NonNull::new(std::alloc::alloc(layout))?;
        // Before anything is written: pages that are there already stay small.
        prefer_huge_pages(block, class);
        block.as_ptr().write_bytes(0, class);
        Some(block)
    }
}

/// Asks for huge pages under a block of memory. Where there are none it stays as it is.
fn prefer_huge_pages(block: NonNull<u8>, len: usize) {
    #[cfg(target_os = "linux")]
    {
        const PAGE: usize = 4096;
        let skip = block.as_ptr().align_offset(PAGE);
        if skip < len {
            // SAFETY: whole pages inside of the block, whose contents the call does not change.
            unsafe { libc::madvise(block.as_ptr().add(skip).cast(), (len - skip) / PAGE * PAGE, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (block, len);
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

/// A block of `len` bytes: our own (64-byte aligned, counted), or read-only memory that somebody else owns.
pub struct Buffer {
    ptr: NonNull<u8>,
    len: usize,
    source: Source,
}

enum Source {
    /// From the counted allocator, with this size class.
    Own(usize),
    /// Kept alive by the value in the box (a NumPy array); never written to.
    Foreign(#[allow(dead_code, reason = "held for its Drop")] Box<dyn std::any::Any + Send + Sync>),
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
        let ptr = match recycled(class) {
            Some(ptr) => ptr,
            None => fresh(class).ok_or(OutOfMemory { requested: len, available: limit })?,
        };
        LIVE.fetch_add(class, Ordering::Relaxed);
        Ok(Self { ptr, len, source: Source::Own(class) })
    }

    /// A block holding a copy of `bytes`.
    pub fn copy_of(bytes: &[u8]) -> Result<Self, OutOfMemory> {
        let mut buffer = Self::dirty(bytes.len())?;
        buffer.as_bytes_mut().copy_from_slice(bytes);
        Ok(buffer)
    }

    /// Wraps memory that `owner` keeps alive and unchanged; it is never written to.
    ///
    /// # Safety
    /// `ptr..ptr + len` must be readable and must not be written to by anyone for as long as `owner` lives.
    pub unsafe fn foreign(ptr: NonNull<u8>, len: usize, owner: Box<dyn std::any::Any + Send + Sync>) -> Self {
        Self { ptr, len, source: Source::Foreign(owner) }
    }

    /// True for a block of our own, which may be written to by its only holder.
    pub fn is_own(&self) -> bool {
        matches!(self.source, Source::Own(_))
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The address of the window `offset..offset + len`; the caller decides how it may be used.
    ///
    /// # Panics
    /// If the window leaves the block.
    pub(crate) fn window(&self, offset: usize, len: usize) -> *mut u8 {
        assert!(offset <= self.len && len <= self.len - offset, "window outside of its block");
        // SAFETY: the offset lies within the block.
        unsafe { self.ptr.as_ptr().add(offset) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: the block is initialised (zeroed when fresh), at least `len` long and owned by self.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }

    /// # Panics
    /// If the block belongs to somebody else.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        assert!(self.is_own(), "foreign memory is read-only");
        // SAFETY: as in `as_bytes`, and `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Source::Own(class) = self.source else { return };
        LIVE.fetch_sub(class, Ordering::Relaxed);
        keep(Block(self.ptr, class));
    }
}
