//! The profiler's door: scopes, start, stop, and what was recorded as plain tuples.

use pyo3::prelude::*;

use rkeras_engine::profile::{self, Call};
use rkeras_engine::scope;
use rkeras_kernels::machine;

/// Begins a scope of this name: calls added to a trace from now on are its.
#[pyfunction]
pub fn enter_scope(label: &str) {
    scope::enter(label);
}

/// Ends the scope begun last.
#[pyfunction]
pub fn leave_scope() {
    scope::leave();
}

/// Begins to time the kernel calls of plans.
#[pyfunction]
pub fn start_profile() {
    profile::start();
}

/// (op, layer, operands and results as text, floating-point operations, bytes)
type CallRow = (&'static str, Option<String>, String, usize, usize);
/// (plan, call, nanoseconds from the start of recording, nanoseconds taken)
type EventRow = (usize, usize, u64, u64);

/// Ends timing: the calls of each plan, their runs, and how many more were not kept; `None` if it was not on.
#[pyfunction]
pub fn stop_profile() -> Option<(Vec<Vec<CallRow>>, Vec<EventRow>, usize)> {
    let profile = profile::stop()?;
    let plans = profile.plans.iter().map(|calls| calls.iter().map(row).collect()).collect();
    let events =
        profile.events.iter().map(|e| (e.plan, e.call, e.start.as_nanos() as u64, e.time.as_nanos() as u64)).collect();
    Some((plans, events, profile.dropped))
}

fn row(call: &Call) -> CallRow {
    let text = |specs: &[rkeras_engine::spec::Spec]| specs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let shapes = format!("{} -> {}", text(&call.inputs), text(&call.outputs));
    (call.op, call.layer.as_deref().map(str::to_string), shapes, call.flops, call.bytes)
}

/// Measures what one thread can do: float32 operations a second, and bytes a second of a copy that leaves the caches.
#[pyfunction]
pub fn machine_limits(py: Python<'_>) -> (f64, f64) {
    py.detach(|| (machine::peak_flops(), machine::copy_bandwidth(1 << 26)))
}
