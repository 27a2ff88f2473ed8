//! Runs golden cases from PyTorch against jimu: the format is told in `conformance/FORMAT.md`.
//!
//! A target is looked up in the tables of [`functions`], [`modules`], [`optimizers`] and [`schedulers`]; an entry
//! there reads the arguments in the order of PyTorch's signature and calls jimu's counterpart. What has no entry is
//! unsupported; an argument that the entry does not know is a failure.

pub mod arguments;
pub mod cases;
pub mod check;
pub mod closeness;
pub mod functions;
pub mod layouts;
pub mod lenet;
pub mod losses;
pub mod modules;
pub mod optimizers;
pub mod panics;
pub mod report;
pub mod schedulers;
pub mod scope;
pub mod spatial;
pub mod value;

use anyhow::{Context as _, Result};

use cases::{Case, CaseFile, Kind};
use check::Check;
use layouts::Layout;
use scope::Scope;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All results are as expected, in every layout.
    Passed,
    /// A result is not, and why.
    Failed(String),
    /// The target is not built yet.
    Unsupported,
}

/// Runs a case as it is stored and, if it passes, with its tensors in each of the `others`.
pub fn run_case(file: &CaseFile, case: &Case, others: &[Layout]) -> Outcome {
    let run = |layout| {
        let scope = Scope { tensors: &file.tensors, layout };
        panics::caught(|| run_once(case, scope))
    };
    match run(Layout::RowMajor) {
        Ok(false) => return Outcome::Unsupported,
        Err(error) => return Outcome::Failed(format!("{error:#}")),
        Ok(true) => {}
    }
    // `view` is defined by the layout of its input, and refuses most.
    let others = if case.target == "view" { &[] } else { others };
    for &layout in others {
        if let Err(error) = run(layout) {
            return Outcome::Failed(format!("[{}] {error:#}", layout.name()));
        }
    }
    Outcome::Passed
}

/// Runs a case; `false` says that its target is not there.
fn run_once(case: &Case, scope: Scope<'_>) -> Result<bool> {
    let mut check = Check::new(scope, case.tolerance);
    match &case.kind {
        Kind::Function { call, expected } => {
            let Some(function) = functions::find(&case.target) else { return Ok(false) };
            let (mut arguments, leaves) = scope.arguments_with_leaves(call, &expected.grads)?;
            let outputs = function(&mut arguments)?;
            arguments.finish()?;
            check.outputs(call, &outputs, &expected.outputs)?;
            check.backward(&outputs, expected).context("backward")?;
            check.grads(&expected.grads, |name| leaves.get(name).cloned())?;
        }
        Kind::Optimizer { kwargs, params, grads, after } => {
            let name = case.target.strip_prefix("optim.").unwrap_or(&case.target);
            let Some(build) = optimizers::find(name) else { return Ok(false) };
            // An optimiser refuses parameters with gaps, which no layer makes.
            let dense = if scope.layout == Layout::Gaps { Layout::RowMajor } else { scope.layout };
            let params = Scope { layout: dense, ..scope }.tensors_of(params)?;
            optimizers::run(build, &mut scope.options(kwargs)?, params, grads, after, (scope, &mut check))?;
        }
        Kind::Module { init, train, state, call, expected } => {
            let Some(build) = modules::find(&case.target) else { return Ok(false) };
            modules::run(build, (init, *train, state), call, expected, (scope, &mut check))?;
        }
        Kind::Run { optimizer, kwargs, state, batches, losses, state_after } => {
            let Some(build) = optimizers::find(optimizer).filter(|_| case.target == "LeNet") else { return Ok(false) };
            let options = &mut scope.options(kwargs)?;
            lenet::run((build, options), state, batches, (losses, state_after), (scope, &mut check))?;
        }
        Kind::Scheduler { kwargs, base_lr, lrs } => {
            let name = case.target.strip_prefix("lr_scheduler.").unwrap_or(&case.target);
            let Some(build) = schedulers::find(name) else { return Ok(false) };
            schedulers::run(build, &mut scope.options(kwargs)?, *base_lr, lrs, &mut check)?;
        }
    }
    check.finish()?;
    Ok(true)
}
