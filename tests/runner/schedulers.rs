//! Schedulers by PyTorch's names.

use anyhow::{Result, bail};
use jimu::Tensor;
use jimu::optim::lr_scheduler::{
    AnnealStrategy, ConstantLR, CosineAnnealingLR, CosineAnnealingWarmRestarts, CyclicLR, CyclicMode, ExponentialLR,
    LinearLR, LrScheduler, MultiStepLR, OneCycleLR, PerGroup, PolynomialLR, StepLR,
};
use jimu::optim::{Optimizer, Sgd};

use super::arguments::Arguments;
use super::check::Check;
use super::value::{FromValue, Value};

/// A scheduler.
///
/// # Errors
/// If an option is not of the kind that PyTorch has.
pub type Built = Result<Box<dyn LrScheduler>>;

/// Builds a scheduler from PyTorch's options.
pub type Build = fn(&mut Arguments) -> Built;

/// The counterpart of PyTorch's class `optim.lr_scheduler.NAME`.
pub fn find(name: &str) -> Option<Build> {
    Some(match name {
        "ConstantLR" => constant,
        "CosineAnnealingLR" => cosine_annealing,
        "CosineAnnealingWarmRestarts" => cosine_annealing_warm_restarts,
        "CyclicLR" => cyclic,
        "ExponentialLR" => exponential,
        "LinearLR" => linear,
        "MultiStepLR" => multi_step,
        "OneCycleLR" => one_cycle,
        "PolynomialLR" => polynomial,
        "StepLR" => step,
        _ => return None,
    })
}

/// Compares the rate of an SGD after each step.
///
/// # Errors
/// If an option is unknown.
pub fn run(build: Build, arguments: &mut Arguments, base_lr: f64, lrs: &[f64], check: &mut Check<'_>) -> Result<()> {
    let parameter = Tensor::zeros([1]).requires_grad_();
    let mut optimizer = Sgd::new([parameter], base_lr);
    let mut scheduler = build(arguments)?;
    arguments.finish()?;
    scheduler.begin(&mut optimizer);
    let mut found = vec![optimizer.lr()];
    for _ in 1..lrs.len() {
        optimizer.step();
        scheduler.step(&mut optimizer);
        found.push(optimizer.lr());
    }
    check.numbers("learning rates", &found, lrs);
    Ok(())
}

/// One number, or one for each group.
fn per_group(arguments: &mut Arguments, name: &str) -> Result<Option<PerGroup>> {
    Ok(match arguments.optional::<Value>(name)? {
        None => None,
        Some(list @ Value::List(_)) => Some(PerGroup::Each(Vec::read(&list)?)),
        Some(number) => Some(PerGroup::All(f64::read(&number)?)),
    })
}

/// The last argument of every signature; the cases begin afresh.
fn afresh(arguments: &mut Arguments) -> Result<()> {
    arguments.only("last_epoch", -1i64)
}

fn constant(arguments: &mut Arguments) -> Built {
    let scheduler =
        ConstantLR::new().factor(arguments.or("factor", 1.0 / 3.0)?).total_iters(arguments.or("total_iters", 5)?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn cosine_annealing(arguments: &mut Arguments) -> Built {
    let scheduler = CosineAnnealingLR::new(arguments.take("T_max")?).eta_min(arguments.or("eta_min", 0.0)?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn cosine_annealing_warm_restarts(arguments: &mut Arguments) -> Built {
    let scheduler = CosineAnnealingWarmRestarts::new(arguments.take("T_0")?)
        .t_mult(arguments.or("T_mult", 1)?)
        .eta_min(arguments.or("eta_min", 0.0)?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn cyclic(arguments: &mut Arguments) -> Built {
    let (Some(base), Some(max)) = (per_group(arguments, "base_lr")?, per_group(arguments, "max_lr")?) else {
        bail!("base_lr or max_lr is missing")
    };
    let mut scheduler = CyclicLR::new(base, max).step_size_up(arguments.or("step_size_up", 2000)?);
    if let Some(down) = arguments.optional("step_size_down")? {
        scheduler = scheduler.step_size_down(down);
    }
    scheduler = scheduler.mode(match arguments.or("mode", "triangular".to_owned())?.as_str() {
        "triangular" => CyclicMode::Triangular,
        "triangular2" => CyclicMode::Triangular2,
        "exp_range" => CyclicMode::ExpRange,
        other => bail!("argument mode cannot be {other}"),
    });
    scheduler = scheduler.gamma(arguments.or("gamma", 1.0)?);
    // Functions cannot be written in a case, and the built-in ones have modes of their own.
    arguments.only("scale_fn", Option::<bool>::None)?;
    arguments.or("scale_mode", "cycle".to_owned())?;
    scheduler = scheduler.cycle_momentum(arguments.or("cycle_momentum", true)?);
    if let Some(base) = per_group(arguments, "base_momentum")? {
        scheduler = scheduler.base_momentum(base);
    }
    if let Some(max) = per_group(arguments, "max_momentum")? {
        scheduler = scheduler.max_momentum(max);
    }
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn exponential(arguments: &mut Arguments) -> Built {
    let scheduler = ExponentialLR::new(arguments.take("gamma")?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn linear(arguments: &mut Arguments) -> Built {
    let scheduler = LinearLR::new()
        .start_factor(arguments.or("start_factor", 1.0 / 3.0)?)
        .end_factor(arguments.or("end_factor", 1.0)?)
        .total_iters(arguments.or("total_iters", 5)?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn multi_step(arguments: &mut Arguments) -> Built {
    let milestones: Vec<usize> = arguments.take("milestones")?;
    let scheduler = MultiStepLR::new(milestones).gamma(arguments.or("gamma", 0.1)?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn one_cycle(arguments: &mut Arguments) -> Built {
    let Some(max) = per_group(arguments, "max_lr")? else { bail!("argument max_lr is missing") };
    let total = arguments.optional("total_steps")?;
    let epochs: (Option<usize>, Option<usize>) =
        (arguments.optional("epochs")?, arguments.optional("steps_per_epoch")?);
    let mut scheduler = match (total, epochs) {
        (Some(total), _) => OneCycleLR::new(max, total),
        (None, (Some(epochs), Some(steps))) => OneCycleLR::for_epochs(max, epochs, steps),
        _ => bail!("neither total_steps nor epochs and steps_per_epoch are given"),
    };
    scheduler = scheduler.pct_start(arguments.or("pct_start", 0.3)?);
    scheduler = scheduler.anneal_strategy(match arguments.or("anneal_strategy", "cos".to_owned())?.as_str() {
        "cos" => AnnealStrategy::Cos,
        "linear" => AnnealStrategy::Linear,
        other => bail!("argument anneal_strategy cannot be {other}"),
    });
    scheduler = scheduler.cycle_momentum(arguments.or("cycle_momentum", true)?);
    if let Some(base) = per_group(arguments, "base_momentum")? {
        scheduler = scheduler.base_momentum(base);
    }
    if let Some(max) = per_group(arguments, "max_momentum")? {
        scheduler = scheduler.max_momentum(max);
    }
    let scheduler = scheduler
        .div_factor(arguments.or("div_factor", 25.0)?)
        .final_div_factor(arguments.or("final_div_factor", 1e4)?)
        .three_phase(arguments.or("three_phase", false)?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn polynomial(arguments: &mut Arguments) -> Built {
    let scheduler = PolynomialLR::new().total_iters(arguments.or("total_iters", 5)?).power(arguments.or("power", 1.0)?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}

fn step(arguments: &mut Arguments) -> Built {
    let scheduler = StepLR::new(arguments.take("step_size")?).gamma(arguments.or("gamma", 0.1)?);
    afresh(arguments)?;
    Ok(Box::new(scheduler))
}
