//! Optimisers by PyTorch's names.

use anyhow::{Result, bail};
use jimu::Tensor;
use jimu::optim::{Adam, AdamW, Optimizer, Sgd};

use super::arguments::Arguments;
use super::cases::Expression;
use super::check::Check;
use super::scope::Scope;

/// Builds an optimiser of the parameters from PyTorch's options.
pub type Build = fn(&[Tensor], &mut Arguments) -> Result<Box<dyn Optimizer>>;

/// The counterpart of PyTorch's class `optim.NAME`.
pub fn find(name: &str) -> Option<Build> {
    Some(match name {
        "Adam" => adam,
        "AdamW" => adamw,
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

fn sgd(params: &[Tensor], arguments: &mut Arguments) -> Result<Box<dyn Optimizer>> {
    let optimizer = Sgd::new(params.to_vec(), arguments.or("lr", 1e-3)?)
        .momentum(arguments.or("momentum", 0.0)?)
        .dampening(arguments.or("dampening", 0.0)?)
        .weight_decay(arguments.or("weight_decay", 0.0)?)
        .nesterov(arguments.or("nesterov", false)?)
        .maximize(arguments.keyword("maximize", false)?);
    ignore_implementation(arguments)?;
    Ok(Box::new(optimizer))
}

/// The options that Adam and its relatives share: `lr`, `betas`, `eps`, `weight_decay`, `amsgrad`, `maximize`.
type AdamOptions = (f64, (f64, f64), f64, f64, bool, bool);

fn adam_options(arguments: &mut Arguments, weight_decay: f64) -> Result<AdamOptions> {
    let lr = arguments.or("lr", 1e-3)?;
    let betas: Vec<f64> = arguments.or("betas", vec![0.9, 0.999])?;
    let [beta1, beta2] = betas[..] else { bail!("argument betas must be two numbers") };
    let (eps, weight_decay) = (arguments.or("eps", 1e-8)?, arguments.or("weight_decay", weight_decay)?);
    let (amsgrad, maximize) = (arguments.or("amsgrad", false)?, arguments.keyword("maximize", false)?);
    ignore_implementation(arguments)?;
    Ok((lr, (beta1, beta2), eps, weight_decay, amsgrad, maximize))
}

fn adam(params: &[Tensor], arguments: &mut Arguments) -> Result<Box<dyn Optimizer>> {
    let decoupled = arguments.keyword("decoupled_weight_decay", false)?;
    let (lr, betas, eps, weight_decay, amsgrad, maximize) = adam_options(arguments, 0.0)?;
    let params = params.to_vec();
    Ok(match decoupled {
        false => Box::new(
            Adam::new(params, lr).betas(betas).eps(eps).weight_decay(weight_decay).amsgrad(amsgrad).maximize(maximize),
        ),
        true => Box::new(
            AdamW::new(params, lr).betas(betas).eps(eps).weight_decay(weight_decay).amsgrad(amsgrad).maximize(maximize),
        ),
    })
}

fn adamw(params: &[Tensor], arguments: &mut Arguments) -> Result<Box<dyn Optimizer>> {
    let (lr, betas, eps, weight_decay, amsgrad, maximize) = adam_options(arguments, 1e-2)?;
    Ok(Box::new(
        AdamW::new(params.to_vec(), lr)
            .betas(betas)
            .eps(eps)
            .weight_decay(weight_decay)
            .amsgrad(amsgrad)
            .maximize(maximize),
    ))
}
