//! Optimisers by PyTorch's names.

use anyhow::{Result, bail};
use jimu::Tensor;
use jimu::optim::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, AdjustLr, Asgd, Muon, NAdam, Optimizer, RAdam, RmsProp, Rprop, Sgd,
};

use super::arguments::Arguments;
use super::cases::Expression;
use super::check::Check;
use super::scope::Scope;

/// An optimiser.
///
/// # Errors
/// If an option is not of the kind that PyTorch has.
pub type Built = Result<Box<dyn Optimizer>>;

/// Builds an optimiser of the parameters from PyTorch's options.
pub type Build = fn(&[Tensor], &mut Arguments) -> Built;

/// The counterpart of PyTorch's class `optim.NAME`.
pub fn find(name: &str) -> Option<Build> {
    Some(match name {
        "ASGD" => asgd,
        "Adadelta" => adadelta,
        "Adagrad" => adagrad,
        "Adam" => adam,
        "AdamW" => adamw,
        "Adamax" => adamax,
        "Muon" => muon,
        "NAdam" => nadam,
        "RAdam" => radam,
        "RMSprop" => rmsprop,
        "Rprop" => rprop,
        "SGD" => sgd,
        _ => return None,
    })
}

/// Sets each step's gradients and compares the parameters after it.
///
/// # Errors
/// If an option is unknown, or the case cannot be read.
pub fn run(
    build: Build,
    arguments: &mut Arguments,
    params: Vec<Tensor>,
    grads: &[Vec<Expression>],
    after: &[Vec<Expression>],
    (scope, check): (Scope<'_>, &mut Check<'_>),
) -> Result<()> {
    let params: Vec<Tensor> = params.iter().map(Tensor::requires_grad_).collect();
    let mut optimizer = build(&params, arguments)?;
    arguments.finish()?;
    if grads.len() != after.len() {
        bail!("there are gradients of {} steps, but parameters after {}", grads.len(), after.len());
    }
    for (step, (grads, after)) in grads.iter().zip(after).enumerate() {
        for (param, grad) in params.iter().zip(scope.tensors_of(grads)?) {
            param.set_grad(Some(grad));
        }
        optimizer.step();
        for (index, (param, want)) in params.iter().zip(after).enumerate() {
            check.tensor(&format!("parameter {index} after step {}", step + 1), param, want)?;
        }
    }
    Ok(())
}

/// `foreach`, `fused`, `capturable` and `differentiable` choose among implementations; the numbers are the same.
fn ignore_implementation(arguments: &mut Arguments) -> Result<()> {
    for name in ["foreach", "fused", "capturable", "differentiable"] {
        arguments.keyword::<Option<bool>>(name, None)?;
    }
    Ok(())
}

fn pair(arguments: &mut Arguments, name: &str, default: (f64, f64)) -> Result<(f64, f64)> {
    let given: Vec<f64> = arguments.or(name, vec![default.0, default.1])?;
    let [first, second] = given[..] else { bail!("argument {name} must be two numbers") };
    Ok((first, second))
}

fn adadelta(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = Adadelta::new(params.to_vec(), arguments.or("lr", 1.0)?)
        .rho(arguments.or("rho", 0.9)?)
        .eps(arguments.or("eps", 1e-6)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .maximize(arguments.keyword("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn adagrad(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = Adagrad::new(params.to_vec(), arguments.or("lr", 1e-2)?)
        .lr_decay(arguments.or("lr_decay", 0.0)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .initial_accumulator_value(arguments.or("initial_accumulator_value", 0.0)?)
        .eps(arguments.or("eps", 1e-10)?)
        .maximize(arguments.keyword("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn adam(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = Adam::new(params.to_vec(), arguments.or("lr", 1e-3)?)
        .betas(pair(arguments, "betas", (0.9, 0.999))?)
        .eps(arguments.or("eps", 1e-8)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .amsgrad(arguments.or("amsgrad", false)?)
        .maximize(arguments.keyword("maximize", false)?)
        .decoupled_weight_decay(arguments.keyword("decoupled_weight_decay", false)?);
    Ok(Box::new(optimizer))
}

fn adamax(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = Adamax::new(params.to_vec(), arguments.or("lr", 2e-3)?)
        .betas(pair(arguments, "betas", (0.9, 0.999))?)
        .eps(arguments.or("eps", 1e-8)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .maximize(arguments.keyword("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn adamw(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = AdamW::new(params.to_vec(), arguments.or("lr", 1e-3)?)
        .betas(pair(arguments, "betas", (0.9, 0.999))?)
        .eps(arguments.or("eps", 1e-8)?)
        .weight_decay(arguments.or("weight_decay", 1e-2)?)
        .amsgrad(arguments.or("amsgrad", false)?)
        .maximize(arguments.keyword("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn asgd(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = Asgd::new(params.to_vec(), arguments.or("lr", 1e-2)?)
        .lambd(arguments.or("lambd", 1e-4)?)
        .alpha(arguments.or("alpha", 0.75)?)
        .t0(arguments.or("t0", 1e6)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .maximize(arguments.or("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn muon(params: &[Tensor], arguments: &mut Arguments) -> Built {
    let mut optimizer = Muon::new(params.to_vec(), arguments.or("lr", 1e-3)?)
        .weight_decay(arguments.or("weight_decay", 0.1)?)
        .momentum(arguments.or("momentum", 0.95)?)
        .nesterov(arguments.or("nesterov", true)?);
    if let Some(given) = arguments.optional::<Vec<f64>>("ns_coefficients")? {
        let [a, b, c] = given[..] else { bail!("argument ns_coefficients must be three numbers") };
        optimizer = optimizer.ns_coefficients((a, b, c));
    }
    let optimizer = optimizer.eps(arguments.or("eps", 1e-7)?).ns_steps(arguments.or("ns_steps", 5)?);
    let adjust = match arguments.optional::<String>("adjust_lr_fn")?.as_deref() {
        None | Some("original") => AdjustLr::Original,
        Some("match_rms_adamw") => AdjustLr::MatchRmsAdamW,
        Some("spectral_unclamped") => AdjustLr::SpectralUnclamped,
        Some(other) => bail!("argument adjust_lr_fn cannot be {other}"),
    };
    Ok(Box::new(optimizer.adjust_lr_fn(adjust)))
}

fn nadam(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = NAdam::new(params.to_vec(), arguments.or("lr", 2e-3)?)
        .betas(pair(arguments, "betas", (0.9, 0.999))?)
        .eps(arguments.or("eps", 1e-8)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .momentum_decay(arguments.or("momentum_decay", 4e-3)?)
        .decoupled_weight_decay(arguments.or("decoupled_weight_decay", false)?)
        .maximize(arguments.keyword("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn radam(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = RAdam::new(params.to_vec(), arguments.or("lr", 1e-3)?)
        .betas(pair(arguments, "betas", (0.9, 0.999))?)
        .eps(arguments.or("eps", 1e-8)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .decoupled_weight_decay(arguments.or("decoupled_weight_decay", false)?)
        .maximize(arguments.keyword("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn rmsprop(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = RmsProp::new(params.to_vec(), arguments.or("lr", 1e-2)?)
        .alpha(arguments.or("alpha", 0.99)?)
        .eps(arguments.or("eps", 1e-8)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .momentum(arguments.or("momentum", 0.0)?)
        .centered(arguments.or("centered", false)?)
        .maximize(arguments.or("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn rprop(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = Rprop::new(params.to_vec(), arguments.or("lr", 1e-2)?)
        .etas(pair(arguments, "etas", (0.5, 1.2))?)
        .step_sizes(pair(arguments, "step_sizes", (1e-6, 50.0))?)
        .maximize(arguments.keyword("maximize", false)?);
    Ok(Box::new(optimizer))
}

fn sgd(params: &[Tensor], arguments: &mut Arguments) -> Built {
    ignore_implementation(arguments)?;
    let optimizer = Sgd::new(params.to_vec(), arguments.or("lr", 1e-3)?)
        .momentum(arguments.or("momentum", 0.0)?)
        .dampening(arguments.or("dampening", 0.0)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .nesterov(arguments.or("nesterov", false)?)
        .maximize(arguments.keyword("maximize", false)?);
    Ok(Box::new(optimizer))
}
