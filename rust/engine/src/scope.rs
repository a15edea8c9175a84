//! Whose work is being applied: labels (names of layers) that traced nodes and recorded ops carry for the profiler.

use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    static STACK: RefCell<Vec<Option<Arc<str>>>> = const { RefCell::new(Vec::new()) };
}

/// Begins a scope: nodes added from now on are this label's.
pub fn enter(label: &str) {
    push(Some(label.into()));
}

/// Ends the scope begun last.
pub fn leave() {
    STACK.with(|s| s.borrow_mut().pop());
}

fn push(label: Option<Arc<str>>) {
    STACK.with(|s| s.borrow_mut().push(label));
}

/// The innermost label.
pub(crate) fn current() -> Option<Arc<str>> {
    STACK.with(|s| s.borrow().last().cloned().flatten())
}

/// Runs `f` as work on the gradient of `label`.
pub(crate) fn gradient_of<R>(label: Option<&Arc<str>>, f: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            leave();
        }
    }
    const MARK: &str = " (gradient)";
    push(label.map(|l| if l.ends_with(MARK) { l.clone() } else { format!("{l}{MARK}").into() }));
    let _leave = Leave;
    f()
}
