//! Reverse-mode differentiation: a record of what was applied, and the walk back over it.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::{Error, Result};
use crate::op::{Op, Vjp};
use crate::ops;
use crate::scope;
use crate::value::{Value, ValueId};
use crate::variable::Variable;

struct Entry {
    op: Arc<dyn Op>,
    inputs: Vec<Value>,
    outputs: Vec<Value>,
    scope: Option<Arc<str>>,
}

#[derive(Default)]
struct Record {
    entries: Vec<Entry>,
    /// Values that depend on something watched.
    tracked: FxHashSet<ValueId>,
    /// Outputs already recorded: sharing of equal nodes can return one twice.
    recorded: FxHashSet<ValueId>,
    /// Ids under which a variable was read while recording, by variable.
    reads: FxHashMap<u64, Vec<ValueId>>,
    /// Only what is watched by hand, or every trainable variable too.
    watch_variables: bool,
}

/// A recording. Ops are noted while it is on this thread's stack.
#[derive(Clone)]
pub struct Tape {
    record: Arc<Mutex<Record>>,
}

thread_local! {
    static STACK: RefCell<Vec<Tape>> = const { RefCell::new(Vec::new()) };
}

fn lock(tape: &Tape) -> std::sync::MutexGuard<'_, Record> {
    tape.record.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Tape {
    /// A tape that watches trainable variables by itself, or only what `watch` names.
    pub fn new(watch_variables: bool) -> Self {
        Self { record: Arc::new(Mutex::new(Record { watch_variables, ..Record::default() })) }
    }

    /// Starts recording on this thread.
    pub fn push(&self) {
        STACK.with(|s| s.borrow_mut().push(self.clone()));
    }

    /// Stops recording on this thread.
    pub fn pop(&self) {
        STACK.with(|s| {
            let mut stack = s.borrow_mut();
            if let Some(i) = stack.iter().rposition(|t| Arc::ptr_eq(&t.record, &self.record)) {
                stack.remove(i);
            }
        });
    }

    /// True while on this thread's stack.
    pub fn is_recording(&self) -> bool {
        STACK.with(|s| s.borrow().iter().any(|t| Arc::ptr_eq(&t.record, &self.record)))
    }

    /// Follows what is computed from `value`.
    pub fn watch(&self, value: &Value) {
        lock(self).tracked.insert(value.id());
    }

    /// Forgets everything recorded so far.
    pub fn clear(&self) {
        let mut record = lock(self);
        let watch_variables = record.watch_variables;
        *record = Record { watch_variables, ..Record::default() };
    }

    /// Notes that `variable` was read and gave `value`; called for every tape on the stack.
    fn note_read(&self, variable: &Variable, value: &Value) {
        let mut record = lock(self);
        if record.watch_variables && variable.trainable() {
            record.tracked.insert(value.id());
        }
        let ids = record.reads.entry(variable.id()).or_default();
        if !ids.contains(&value.id()) {
            ids.push(value.id());
        }
    }

    /// Follows every read of `variable` from now on, trainable or not.
    pub fn watch_variable(&self, variable: &Variable) -> Result<()> {
        let value = variable.read()?;
        self.note_read(variable, &value);
        self.watch(&value);
        Ok(())
    }

    /// Ids under which this tape saw the variable.
    pub fn ids_of(&self, variable: &Variable) -> Vec<ValueId> {
        lock(self).reads.get(&variable.id()).cloned().unwrap_or_default()
    }

    /// Derivatives of the sum of `targets` (weighted by `seeds`) with respect to each group of source ids.
    ///
    /// A source that the targets do not depend on gives `None`. The ops of the walk are themselves recorded by
    /// the tapes still on the stack, which is how gradients of gradients come about.
    pub fn gradient(
        &self,
        targets: &[Value],
        seeds: &[Option<Value>],
        sources: &[Vec<ValueId>],
    ) -> Result<Vec<Option<Value>>> {
        // The entries are taken out so that ops applied during the walk can be recorded on this very tape.
        let (entries, tracked) = {
            let mut record = lock(self);
            (std::mem::take(&mut record.entries), record.tracked.clone())
        };
        let result = walk(&entries, &tracked, targets, seeds, sources);
        let mut record = lock(self);
        let newer = std::mem::replace(&mut record.entries, entries);
        record.entries.extend(newer);
        result
    }
}

/// Notes an applied op on every recording tape that follows one of its operands.
pub(crate) fn record(op: &Arc<dyn Op>, inputs: &[Value], outputs: &[Value]) {
    STACK.with(|s| {
        for tape in s.borrow().iter() {
            let mut record = lock(tape);
            if !inputs.iter().any(|v| record.tracked.contains(&v.id())) {
                continue;
            }
            if !outputs.iter().any(|v| record.recorded.insert(v.id())) {
                continue;
            }
            for output in outputs {
                if output.spec().dtype.is_float() {
                    record.tracked.insert(output.id());
                }
            }
            let traits = op.traits();
            let keep = |values: &[Value], mask: u32| -> Vec<Value> {
                values
                    .iter()
                    .enumerate()
                    .map(|(i, v)| if mask >> i.min(31) & 1 == 1 || v.is_traced() { v.clone() } else { v.forget() })
                    .collect()
            };
            record.entries.push(Entry {
                op: op.clone(),
                inputs: keep(inputs, traits.reads_inputs),
                outputs: keep(outputs, traits.reads_outputs),
                scope: scope::current(),
            });
        }
    });
}

/// Notes the read of a variable on every recording tape.
pub(crate) fn record_read(variable: &Variable, value: &Value) {
    STACK.with(|s| {
        for tape in s.borrow().iter() {
            tape.note_read(variable, value);
        }
    });
}

/// Runs `f` with no tape recording on this thread.
pub fn paused<R>(f: impl FnOnce() -> R) -> R {
    let saved = STACK.with(|s| std::mem::take(&mut *s.borrow_mut()));
    let result = f();
    STACK.with(|s| *s.borrow_mut() = saved);
    result
}

fn walk(
    entries: &[Entry],
    tracked: &FxHashSet<ValueId>,
    targets: &[Value],
    seeds: &[Option<Value>],
    sources: &[Vec<ValueId>],
) -> Result<Vec<Option<Value>>> {
    let mut cotangents: FxHashMap<ValueId, Value> = FxHashMap::default();
    for (target, seed) in targets.iter().zip(seeds) {
        if !target.spec().dtype.is_float() {
            return Err(Error::dtype(format!("cannot differentiate a value of dtype {}", target.spec().dtype)));
        }
        let seed = match seed {
            Some(s) if s.spec().shape != target.spec().shape => {
                return Err(Error::value(format!(
                    "output gradient of shape {} does not fit the target's shape {}",
                    s.spec(),
                    target.spec()
                )));
            }
            Some(s) => s.clone(),
            None => ops::fill::ones_like(target)?,
        };
        accumulate(&mut cotangents, target.id(), seed)?;
    }
    let wanted: FxHashSet<ValueId> = sources.iter().flatten().copied().collect();
    // Going forward once tells which entries lie between sources and targets; only those are walked.
    let mut depends = wanted.clone();
    let mut relevant = vec![false; entries.len()];
    for (i, entry) in entries.iter().enumerate() {
        if entry.inputs.iter().any(|v| depends.contains(&v.id())) {
            relevant[i] = true;
            depends.extend(entry.outputs.iter().map(Value::id).filter(|id| tracked.contains(id)));
        }
    }
    for (entry, _) in entries.iter().zip(&relevant).rev().filter(|(_, r)| **r) {
        if !entry.outputs.iter().any(|v| cotangents.contains_key(&v.id())) {
            continue;
        }
        let given: Vec<Option<Value>> = entry
            .outputs
            .iter()
            .map(|v| if wanted.contains(&v.id()) { cotangents.get(&v.id()).cloned() } else { cotangents.remove(&v.id()) })
            .collect();
        let needs: Vec<bool> = entry
            .inputs
            .iter()
            .map(|v| v.spec().dtype.is_float() && depends.contains(&v.id()))
            .collect();
        let at = Vjp { inputs: &entry.inputs, outputs: &entry.outputs, cotangents: &given, needs: &needs };
        let parts = scope::gradient_of(entry.scope.as_ref(), || entry.op.vjp(&at))
            .map_err(|e| e.in_op(&format!("gradient of {}", entry.op.name())))?;
        debug_assert_eq!(parts.len(), entry.inputs.len(), "vjp of {}", entry.op.name());
        for ((input, part), needed) in entry.inputs.iter().zip(parts).zip(&needs) {
            if let (Some(part), true) = (part, *needed) {
                if part.spec() != input.spec() {
                    return Err(Error::internal(format!(
                        "the gradient of {} for a {} operand is {}",
                        entry.op.name(),
                        input.spec(),
                        part.spec()
                    )));
                }
                accumulate(&mut cotangents, input.id(), part)?;
            }
        }
    }
    sources
        .iter()
        .map(|ids| {
            let mut total: Option<Value> = None;
            for part in ids.iter().filter_map(|id| cotangents.get(id)) {
                total = Some(match total {
                    Some(sum) => ops::binary::add(&sum, part)?,
                    None => part.clone(),
                });
            }
            Ok(total)
        })
        .collect()
}

fn accumulate(cotangents: &mut FxHashMap<ValueId, Value>, id: ValueId, part: Value) -> Result<()> {
    let sum = match cotangents.remove(&id) {
        Some(before) => ops::binary::add(&before, &part)?,
        None => part,
    };
    cotangents.insert(id, sum);
    Ok(())
}
