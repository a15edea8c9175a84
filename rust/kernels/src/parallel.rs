//! Fork and join over fixed pieces of work. Who does a piece depends on timing, what a piece is only on the data:
//! so the bytes are the same for any number of threads.
//!
//! An own pool instead of rayon's: while a plan runs, workers spin for the next region, which then starts in
//! about a microsecond; a rayon join from outside its pool costs ten. The pool is made at first use and made
//! anew after a fork, where the parent's threads do not exist.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::isa;

/// How long a worker looks for the next region before it sleeps.
const SPIN: Duration = Duration::from_micros(100);

static WANTED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Set on workers and inside regions: nested loops run in place.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// One parallel loop.
struct Region {
    /// Borrowed from the caller, who does not return before `left` is zero.
    work: *const (dyn Fn(usize) + Sync),
    /// The next task of each thread's own share, and where the share ends. A thread keeps to the same share of
    /// equal loops, whose data its cache may still hold, and helps out with the others' when done.
    shares: Box<[Share]>,
    left: AtomicUsize,
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
    isa: Option<isa::Isa>,
}

// SAFETY: the closure behind `work` is Sync, and it outlives every use (see `for_each`).
unsafe impl Send for Region {}
// SAFETY: as above; all other fields are synchronised.
unsafe impl Sync for Region {}

/// Part of a region's tasks, on a cache line of its own.
#[repr(align(64))]
struct Share {
    next: AtomicUsize,
    end: usize,
}

impl Region {
    /// Takes tasks until none is left, those of the share `first` before the others.
    fn help(&self, first: usize) {
        let count = self.shares.len();
        let mut turn = 0;
        while turn < count {
            let share = &self.shares[(first + turn) % count];
            let task = share.next.fetch_add(1, Ordering::Relaxed);
            if task >= share.end {
                turn += 1;
                continue;
            }
            // SAFETY: a task was claimed, so `left` is not yet zero and the caller keeps the closure alive.
            let work = unsafe { &*self.work };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(task))) {
                *self.panic.lock().unwrap_or_else(|e| e.into_inner()) = Some(panic);
            }
            self.left.fetch_sub(1, Ordering::Release);
        }
    }
}

struct Pool {
    pid: u32,
    threads: usize,
    /// The newest region, and a count that tells workers there is one.
    slot: Mutex<Option<Arc<Region>>>,
    epoch: AtomicUsize,
    sleepers: AtomicUsize,
    wake: Condvar,
    stop: AtomicBool,
    /// Only one caller at a time has the workers; others run on their own thread.
    busy: AtomicBool,
}

static POOL: AtomicPtr<Pool> = AtomicPtr::new(std::ptr::null_mut());

/// How many threads kernels use.
pub fn num_threads() -> usize {
    match WANTED.load(Ordering::Relaxed) {
        0 => {
            let n = std::env::var("RKERAS_NUM_THREADS")
                .ok()
                .and_then(|v| v.trim().parse::<usize>().ok())
                .filter(|n| *n > 0)
                .unwrap_or_else(available)
                .min(256);
            WANTED.store(n, Ordering::Relaxed);
            n
        }
        n => n,
    }
}

/// Changes the number of threads for later loops.
pub fn set_num_threads(n: usize) {
    WANTED.store(n.clamp(1, 256), Ordering::Relaxed);
}

/// Processors this process may use: its affinity, or the cgroup's quota if that is smaller.
fn available() -> usize {
    // Counts the affinity mask and the cgroup quotas (v1 and v2).
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The pool of this process for the wanted number of threads.
fn pool() -> &'static Pool {
    let (pid, threads) = (std::process::id(), num_threads());
    let current = POOL.load(Ordering::Acquire);
    // SAFETY: pools are leaked, never freed: a pointer that was stored stays valid.
    if let Some(pool) = unsafe { current.as_ref() }
        && pool.pid == pid
        && pool.threads == threads
    {
        return pool;
    }
    let fresh: &'static Pool = Box::leak(Box::new(Pool {
        pid,
        threads,
        slot: Mutex::new(None),
        epoch: AtomicUsize::new(0),
        sleepers: AtomicUsize::new(0),
        wake: Condvar::new(),
        stop: AtomicBool::new(false),
        busy: AtomicBool::new(false),
    }));
    let old = POOL.swap(std::ptr::from_ref(fresh).cast_mut(), Ordering::AcqRel);
    // SAFETY: as above.
    if let Some(old) = unsafe { old.as_ref() }
        && old.pid == pid
    {
        old.stop.store(true, Ordering::Release);
        old.wake.notify_all();
    }
    for i in 1..threads {
        let spawned = std::thread::Builder::new().name(format!("rkeras-{i}")).spawn(move || fresh.work(i));
        // Without a worker the caller simply does its share.
        drop(spawned);
    }
    fresh
}

impl Pool {
    fn work(&'static self, place: usize) {
        INSIDE.with(|i| i.set(true));
        flush_denormals();
        let mut seen = 0;
        while !self.stop.load(Ordering::Acquire) {
            let epoch = self.epoch.load(Ordering::Acquire);
            if epoch != seen {
                seen = epoch;
                let region = self.slot.lock().unwrap_or_else(|e| e.into_inner()).clone();
                if let Some(region) = region {
                    isa::set_override(region.isa);
                    region.help(place);
                }
                continue;
            }
            self.wait(seen);
        }
    }

    /// Spins for a while, then sleeps until the epoch moves.
    fn wait(&self, seen: usize) {
        let start = Instant::now();
        loop {
            for _ in 0..64 {
                if self.epoch.load(Ordering::Acquire) != seen {
                    return;
                }
                std::hint::spin_loop();
            }
            if start.elapsed() > SPIN {
                break;
            }
        }
        let mut slot = self.slot.lock().unwrap_or_else(|e| e.into_inner());
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while self.epoch.load(Ordering::SeqCst) == seen && !self.stop.load(Ordering::Acquire) {
            slot = self.wake.wait(slot).unwrap_or_else(|e| e.into_inner());
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs `f(0)` to `f(tasks - 1)`, on all threads; returns when all are done.
///
/// Loops inside a task, and loops of a second caller while the workers are busy, run in place.
///
/// # Panics
/// With the panic of a task, after all tasks have ended.
pub fn for_each(tasks: usize, f: impl Fn(usize) + Sync) {
    if tasks <= 1 || INSIDE.with(Cell::get) || num_threads() == 1 {
        return in_place(tasks, &f);
    }
    let pool = pool();
    if pool.busy.swap(true, Ordering::Acquire) {
        return in_place(tasks, &f);
    }
    let work: &(dyn Fn(usize) + Sync) = &f;
    // SAFETY: only the lifetime is changed; this function does not return before `left` is zero, and a worker that
    // looks at the region later finds no task left and never touches the closure.
    let work: *const (dyn Fn(usize) + Sync) =
        unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work) };
    let threads = pool.threads.min(tasks);
    let region = Arc::new(Region {
        work,
        shares: (0..threads)
            .map(|i| Share { next: AtomicUsize::new(i * tasks / threads), end: (i + 1) * tasks / threads })
            .collect(),
        left: AtomicUsize::new(tasks),
        panic: Mutex::new(None),
        isa: isa::current_override(),
    });
    *pool.slot.lock().unwrap_or_else(|e| e.into_inner()) = Some(region.clone());
    pool.epoch.fetch_add(1, Ordering::SeqCst);
    if pool.sleepers.load(Ordering::SeqCst) > 0 {
        // Taking the lock orders this with a worker that is about to sleep.
        drop(pool.slot.lock().unwrap_or_else(|e| e.into_inner()));
        pool.wake.notify_all();
    }
    let saved = flush_denormals();
    INSIDE.with(|i| i.set(true));
    region.help(0);
    INSIDE.with(|i| i.set(false));
    restore_denormals(saved);
    let mut spins = 0_u32;
    while region.left.load(Ordering::Acquire) != 0 {
        spins += 1;
        if spins.is_multiple_of(1 << 14) {
            std::thread::yield_now();
        }
        std::hint::spin_loop();
    }
    pool.busy.store(false, Ordering::Release);
    let panic = region.panic.lock().unwrap_or_else(|e| e.into_inner()).take();
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

fn in_place(tasks: usize, f: &(impl Fn(usize) + Sync)) {
    let saved = flush_denormals();
    let result = catch_unwind(AssertUnwindSafe(|| (0..tasks).for_each(f)));
    restore_denormals(saved);
    if let Err(panic) = result {
        resume_unwind(panic);
    }
}

/// Marks a run of many loops: the workers are called up once, and look for the next loop meanwhile.
pub fn enter<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// Number of chunks of length `chunk` that cover `len`.
pub fn chunks(len: usize, chunk: usize) -> usize {
    len.div_ceil(chunk.max(1))
}

/// The i-th chunk of `len`.
pub fn chunk_range(len: usize, chunk: usize, i: usize) -> std::ops::Range<usize> {
    let start = (i * chunk).min(len);
    start..(start + chunk).min(len)
}

/// A pointer that tasks share to write disjoint parts of one slice.
#[derive(Clone, Copy)]
pub struct SendPtr<T>(pub *mut T);

// SAFETY: whoever dereferences it must keep to a part of the slice that no other task touches.
unsafe impl<T: Send> Send for SendPtr<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for SendPtr<T> {}

impl<T> SendPtr<T> {
    /// The pointer (a method, so that closures capture the wrapper and not its field).
    pub fn get(&self) -> *mut T {
        self.0
    }
}

/// Runs `f(i, part)` for each chunk of `data`.
pub fn for_each_chunk_mut<T: Send>(data: &mut [T], chunk: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    let (len, chunk) = (data.len(), chunk.max(1));
    let base = SendPtr(data.as_mut_ptr());
    for_each(chunks(len, chunk), |i| {
        let range = chunk_range(len, chunk, i);
        // SAFETY: the ranges of different tasks are disjoint parts of `data`, which is borrowed for the whole loop.
        let part = unsafe { std::slice::from_raw_parts_mut(base.get().add(range.start), range.len()) };
        f(i, part);
    });
}

/// Denormals are flushed wherever tasks run, on the calling thread too: otherwise a result would depend on the
/// thread that computed it. Returns what to restore.
fn flush_denormals() -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        let mut control: u32 = 0;
        // SAFETY: reads and writes the thread's own SSE control word; bits 15 and 6 only concern denormals.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &mut control, options(nostack));
            let flushed = control | (1 << 15) | (1 << 6);
            if flushed != control {
                std::arch::asm!("ldmxcsr [{}]", in(reg) &flushed, options(nostack));
            }
        }
        control
    }
    #[cfg(not(target_arch = "x86_64"))]
    0
}

fn restore_denormals(control: u32) {
    #[cfg(target_arch = "x86_64")]
    if control & ((1 << 15) | (1 << 6)) != (1 << 15) | (1 << 6) {
        // SAFETY: puts back the word that `flush_denormals` read on this thread.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &control, options(nostack)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = control;
}
