//! Running a plan: variables are lent to a session, which may then take many steps.

use std::time::Instant;

use smallvec::SmallVec;

use rkeras_kernels::memory::Buffer;
use rkeras_kernels::parallel;
use rkeras_kernels::regions::{Place, Region, with_windows};

use crate::error::{Error, Result};
use crate::halves;
use crate::op::{View, ViewMut};
use crate::placement::ARENA;
use crate::plan::{Plan, Step};
use crate::profile;
use crate::spec::Spec;
use crate::tensor::Tensor;

/// Asked between kernel calls while giving up is still harmless; an error ends the run.
pub type Check<'a> = dyn FnMut() -> Result<()> + 'a;

impl Plan {
    /// Runs once and returns the results.
    pub fn run(&self, args: &[Tensor], check: &mut Check<'_>) -> Result<Vec<Tensor>> {
        let mut session = Session::begin(self)?;
        if args.len() != self.args.len() {
            return Err(Error::value(format!("the function takes {} arguments, got {}", self.args.len(), args.len())));
        }
        for (i, arg) in args.iter().enumerate() {
            session.set_arg(i, arg)?;
        }
        parallel::enter(|| session.step(check))?;
        session.outputs()
    }

    pub(crate) fn take_arena(&self) -> Result<Buffer> {
        let kept = self.arenas.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        Ok(match kept {
            Some(arena) => arena,
            None => Buffer::dirty(self.arena_len)?,
        })
    }
}

/// A plan with its memory: arena, arguments and the variables it was lent.
pub struct Session<'p> {
    plan: &'p Plan,
    regions: Vec<Region>,
    /// Written variables in the order they were lent (by id, so that two sessions never wait in a circle).
    lent: Vec<usize>,
}

impl<'p> Session<'p> {
    /// Takes the plan's variables; they come back when the session is dropped.
    pub fn begin(plan: &'p Plan) -> Result<Self> {
        let mut session = Session { plan, regions: Vec::with_capacity(plan.first_variable() + plan.variables.len()), lent: Vec::new() };
        session.regions.push(Region::Owned(plan.take_arena()?));
        for _ in &plan.args {
            session.regions.push(Region::Empty);
        }
        for constant in &plan.constants {
            let (buffer, offset) = constant.storage();
            session.regions.push(Region::Shared(buffer.clone(), offset));
        }
        let mut order: Vec<usize> = (0..plan.variables.len()).filter(|v| plan.written[*v]).collect();
        order.sort_by_key(|v| plan.variables[*v].id());
        for v in 0..plan.variables.len() {
            if plan.written[v] {
                session.regions.push(Region::Empty);
            } else {
                let value = plan.variables[v].current()?;
                let (buffer, offset) = value.tensor()?.storage();
                session.regions.push(Region::Shared(buffer.clone(), offset));
            }
        }
        for v in order {
            let tensor = plan.variables[v].lend()?;
            let buffer = match tensor.into_owned_buffer() {
                Ok(buffer) => buffer,
                Err((tensor, e)) => {
                    plan.variables[v].restore(tensor);
                    return Err(e);
                }
            };
            session.regions[plan.first_variable() + v] = Region::Owned(buffer);
            session.lent.push(v);
        }
        Ok(session)
    }

    /// Uses `tensor` as argument `i`; shape and dtype must be those that were traced.
    pub fn set_arg(&mut self, i: usize, tensor: &Tensor) -> Result<()> {
        if let Some(spec) = &self.plan.args[i]
            && tensor.spec() != spec
        {
            return Err(Error::value(format!(
                "argument {i} of a compiled function is {}, it was traced for {spec}",
                tensor.spec()
            )));
        }
        let (buffer, offset) = tensor.storage();
        self.regions[1 + i] = Region::Shared(buffer.clone(), offset);
        Ok(())
    }

    /// An own block for argument `i`, kept from step to step, to be filled by `fill`.
    pub fn fill_arg(&mut self, i: usize, bytes: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let region = &mut self.regions[1 + i];
        if !matches!(region, Region::Owned(b) if b.len() == bytes) {
            *region = Region::Owned(Buffer::dirty(bytes)?);
        }
        if let Region::Owned(buffer) = region {
            fill(buffer.as_bytes_mut());
        }
        Ok(())
    }

    /// The traced spec of argument `i`, if the program uses it.
    pub fn arg_spec(&self, i: usize) -> Option<&'p Spec> {
        self.plan.args[i].as_ref()
    }

    /// One run of the program over the session's memory.
    pub fn step(&mut self, check: &mut Check<'_>) -> Result<()> {
        let plan = self.plan;
        if profile::on() {
            return self.timed_step(check);
        }
        for (n, step) in plan.steps.iter().enumerate() {
            if n <= plan.first_write {
                check()?;
            }
            run_step(step, &mut self.regions);
        }
        Ok(())
    }

    fn timed_step(&mut self, check: &mut Check<'_>) -> Result<()> {
        let plan = self.plan;
        let mut runs = Vec::with_capacity(plan.steps.len());
        for (n, step) in plan.steps.iter().enumerate() {
            if n <= plan.first_write {
                check()?;
            }
            let begun = Instant::now();
            run_step(step, &mut self.regions);
            runs.push((n, begun, begun.elapsed()));
        }
        profile::record(plan, &runs);
        Ok(())
    }

    /// Copies of the results of the last step, and the end of assignments that could not be made in place.
    pub fn finish_step(&mut self) {
        for (from, to) in &self.plan.copies {
            with_windows(&mut self.regions, &[*from], &[*to], |ins, outs| outs[0].copy_from_slice(ins[0]));
        }
    }

    /// The results of the step just taken, as tensors of their own.
    pub fn outputs(&mut self) -> Result<Vec<Tensor>> {
        let mut results = Vec::with_capacity(self.plan.outputs.len());
        for (place, spec) in &self.plan.outputs {
            let mut buffer = Buffer::dirty(spec.bytes())?;
            self.read(place, |bytes| buffer.as_bytes_mut().copy_from_slice(bytes));
            results.push(Tensor::new(spec.clone(), buffer));
        }
        self.finish_step();
        Ok(results)
    }

    /// Copies result `i` of the step just taken to `target`.
    pub fn output_into(&mut self, i: usize, target: &mut [u8]) {
        let place = self.plan.outputs[i].0;
        self.read(&place, |bytes| target.copy_from_slice(bytes));
    }

    fn read(&mut self, place: &Place, f: impl FnOnce(&[u8])) {
        with_windows(&mut self.regions, &[*place], &[], |ins, _| f(ins[0]));
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let first = self.plan.first_variable();
        for v in std::mem::take(&mut self.lent) {
            let variable = &self.plan.variables[v];
            if let Some(buffer) = self.regions[first + v].take() {
                variable.restore(Tensor::new(variable.spec().clone(), buffer));
            }
        }
        if let Some(arena) = self.regions[ARENA as usize].take() {
            self.plan.arenas.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(arena);
        }
    }
}

fn run_step(step: &Step, regions: &mut [Region]) {
    let mut reads: SmallVec<[Place; 8]> = SmallVec::new();
    for ((place, _), in_output) in step.inputs.iter().zip(&step.in_output) {
        if in_output.is_none() {
            reads.push(*place);
        }
    }
    let mut writes: SmallVec<[Place; 4]> = step.outputs.iter().filter_map(|o| o.0).collect();
    writes.push(step.scratch);
    with_windows(regions, &reads, &writes, |ins, outs| {
        let mut ins = ins.iter();
        let views: SmallVec<[View<'_>; 8]> = step
            .inputs
            .iter()
            .zip(&step.in_output)
            .map(|((_, spec), in_output)| match in_output {
                Some(output) => View::placed_in(spec, *output),
                None => View::new(spec, ins.next().copied().unwrap_or_default()),
            })
            .collect();
        let (scratch, outs) = outs.split_last_mut().expect("scratch is always there");
        let mut outs = outs.iter_mut();
        let mut results: SmallVec<[ViewMut<'_>; 4]> = step
            .outputs
            .iter()
            .map(|(place, spec)| match place.and_then(|_| outs.next()) {
                Some(bytes) => ViewMut::new(spec, bytes),
                None => ViewMut::unused(spec),
            })
            .collect();
        halves::run(step.op.as_ref(), &views, &mut results, scratch);
    });
}
