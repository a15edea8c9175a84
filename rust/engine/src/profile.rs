//! Timing the kernel calls of plans: off, it costs one look at a flag a step; on, a clock read a call.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::plan::{Plan, Step};
use crate::spec::Spec;

/// More calls than this are counted, not kept.
const MOST_EVENTS: usize = 1 << 21;

/// A kernel call of a plan, as it stands there.
pub struct Call {
    pub op: &'static str,
    pub layer: Option<Arc<str>>,
    pub inputs: Vec<Spec>,
    pub outputs: Vec<Spec>,
    pub flops: usize,
    /// Bytes of operands and results, each counted once.
    pub bytes: usize,
}

/// One run of a call.
pub struct Event {
    pub plan: usize,
    pub call: usize,
    pub start: Duration,
    pub time: Duration,
}

/// What was recorded between start and stop.
pub struct Profile {
    begun: Instant,
    /// Serial numbers of the plans in `plans`.
    serials: Vec<u64>,
    pub plans: Vec<Vec<Call>>,
    pub events: Vec<Event>,
    /// Runs of calls beyond those kept.
    pub dropped: usize,
}

static ON: AtomicBool = AtomicBool::new(false);
static STATE: Mutex<Option<Profile>> = Mutex::new(None);

fn state() -> MutexGuard<'static, Option<Profile>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to record the runs of all plans on all threads; what was recorded before is dropped.
pub fn start() {
    let begun = Instant::now();
    *state() = Some(Profile { begun, serials: Vec::new(), plans: Vec::new(), events: Vec::new(), dropped: 0 });
    ON.store(true, Ordering::Release);
}

/// Ends recording; `None` if it was not on.
pub fn stop() -> Option<Profile> {
    ON.store(false, Ordering::Release);
    state().take()
}

/// Whether plans should be timed.
#[inline]
pub(crate) fn on() -> bool {
    ON.load(Ordering::Acquire)
}

/// Adds the runs of a plan's calls: (call, when it began, how long it took).
pub(crate) fn record(plan: &Plan, runs: &[(usize, Instant, Duration)]) {
    let mut state = state();
    let Some(profile) = state.as_mut() else { return };
    let n = match profile.serials.iter().position(|s| *s == plan.serial) {
        Some(n) => n,
        None => {
            profile.serials.push(plan.serial);
            profile.plans.push(plan.steps.iter().map(Call::of).collect());
            profile.plans.len() - 1
        }
    };
    let kept = runs.len().min(MOST_EVENTS.saturating_sub(profile.events.len()));
    profile.dropped += runs.len() - kept;
    let begun = profile.begun;
    profile.events.extend(
        runs[..kept].iter().map(|(call, at, time)| Event { plan: n, call: *call, start: at.duration_since(begun), time: *time }),
    );
}

impl Call {
    fn of(step: &Step) -> Self {
        let inputs: Vec<Spec> = step.inputs.iter().map(|(_, spec)| spec.clone()).collect();
        let outputs: Vec<Spec> = step.outputs.iter().map(|(_, spec)| spec.clone()).collect();
        let read: usize = inputs.iter().map(Spec::bytes).sum();
        let written: usize = step.outputs.iter().filter(|(place, _)| place.is_some()).map(|(_, s)| s.bytes()).sum();
        let flops = step.op.flops(&inputs, &outputs);
        Self { op: step.op.name(), layer: step.scope.clone(), inputs, outputs, flops, bytes: read + written }
    }
}
