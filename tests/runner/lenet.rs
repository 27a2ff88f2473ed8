//! Whole runs: the course's LeNet is trained for a few batches.

use anyhow::{Context as _, Result};
use jimu::nn::{Forward as _, Module as _, StateDict};
use jimu::vision::models::LeNet;

use super::arguments::Arguments;
use super::cases::{Expression, Named};
use super::check::Check;
use super::optimizers::Build;
use super::scope::Scope;

/// Loads `state`, takes a step for each batch, and compares the losses and the state at the end.
///
/// # Errors
/// If an option is unknown, the state does not fit, or the case cannot be read.
pub fn run(
    (build, options): (Build, &mut Arguments),
    state: &Named,
    batches: &[(Expression, Expression)],
    (losses, state_after): (&[f64], &Named),
    (scope, check): (Scope<'_>, &mut Check<'_>),
) -> Result<()> {
    let model = LeNet::new();
    let state: StateDict = scope.named(state)?.into_iter().collect();
    model.load_state_dict(&state)?;
    let mut optimizer = build(&model.parameters(), options)?;
    options.finish()?;
    let mut found = Vec::new();
    for (x, y) in batches {
        let (x, y) = (scope.tensor(x)?, scope.tensor(y)?);
        optimizer.zero_grad();
        let loss = model.forward(&x).cross_entropy(&y);
        loss.backward();
        optimizer.step();
        found.push(loss.item());
    }
    check.numbers("losses", &found, losses);
    let trained = model.state_dict();
    for (name, want) in state_after {
        let tensor = trained.get(name).with_context(|| format!("the model has no {name}"))?;
        check.tensor(&format!("{name} at the end"), tensor, want)?;
    }
    Ok(())
}
