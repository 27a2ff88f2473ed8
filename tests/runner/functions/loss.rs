//! Losses.

use anyhow::Result;
use jimu::Tensor;
use jimu::nn::functional::{
    self, CTCLossOptions, CrossEntropyOptions, MultiMarginLossOptions, NLLLossOptions, Reduction,
    TripletMarginLossOptions,
};

use super::{Function, one};
use crate::runner::arguments::Arguments;
use crate::runner::losses::{kl_div_reduction, legacy, lengths, new_reduction, reduction, reduction_around};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name.strip_prefix("nn.functional.")? {
        "l1_loss" => |a| weighted(a, functional::l1_loss),
        "mse_loss" => |a| weighted(a, functional::mse_loss),
        "smooth_l1_loss" => smooth_l1_loss,
        "huber_loss" => huber_loss,
        "cross_entropy" => cross_entropy,
        "ctc_loss" => ctc_loss,
        "nll_loss" => nll_loss,
        "kl_div" => kl_div,
        "binary_cross_entropy" => binary_cross_entropy,
        "binary_cross_entropy_with_logits" => binary_cross_entropy_with_logits,
        "poisson_nll_loss" => poisson_nll_loss,
        "gaussian_nll_loss" => gaussian_nll_loss,
        "hinge_embedding_loss" => hinge_embedding_loss,
        "soft_margin_loss" => |a| {
            let (x, target) = pair(a)?;
            one(functional::soft_margin_loss(&x, &target, reduction(a)?))
        },
        "multilabel_margin_loss" => |a| {
            let (x, target) = pair(a)?;
            one(functional::multilabel_margin_loss(&x, &target, reduction(a)?))
        },
        "multilabel_soft_margin_loss" => multilabel_soft_margin_loss,
        "multi_margin_loss" => multi_margin_loss,
        "margin_ranking_loss" => |a| of_three(a, functional::margin_ranking_loss),
        "cosine_embedding_loss" => |a| of_three(a, functional::cosine_embedding_loss),
        "triplet_margin_loss" => triplet_margin_loss,
        _ => return None,
    })
}

fn pair(arguments: &mut Arguments) -> Result<(Tensor, Tensor)> {
    Ok((arguments.take("input")?, arguments.take("target")?))
}

/// `f(input, target, size_average=None, reduce=None, reduction='mean', weight=None)`.
fn weighted(
    arguments: &mut Arguments,
    loss: impl Fn(&Tensor, &Tensor, Option<&Tensor>, Reduction) -> Tensor,
) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let reduction = reduction(arguments)?;
    let weight: Option<Tensor> = arguments.optional("weight")?;
    one(loss(&x, &target, weight.as_ref(), reduction))
}

fn smooth_l1_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let reduction = reduction(arguments)?;
    one(functional::smooth_l1_loss(&x, &target, arguments.or("beta", 1.0)?, reduction))
}

/// `huber_loss(input, target, reduction='mean', delta=1.0, weight=None)`.
fn huber_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let (reduction, delta) = (new_reduction(arguments, None)?, arguments.or("delta", 1.0)?);
    let weight: Option<Tensor> = arguments.optional("weight")?;
    one(functional::huber_loss(&x, &target, delta, weight.as_ref(), reduction))
}

fn cross_entropy(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let weight = arguments.optional("weight")?;
    let (ignore_index, reduction) = reduction_around(arguments, |a| a.or("ignore_index", -100))?;
    let label_smoothing = arguments.or("label_smoothing", 0.0)?;
    let options = CrossEntropyOptions { weight, ignore_index, reduction, label_smoothing };
    one(functional::cross_entropy(&x, &target, &options))
}

/// `ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False)`.
fn ctc_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, targets): (Tensor, Tensor) = (arguments.take("log_probs")?, arguments.take("targets")?);
    let [inputs, lengths] = lengths(arguments)?;
    let blank = arguments.or("blank", 0)?;
    let reduction = new_reduction(arguments, None)?;
    let options = CTCLossOptions { blank, reduction, zero_infinity: arguments.or("zero_infinity", false)? };
    one(functional::ctc_loss(&x, &targets, &inputs, &lengths, &options))
}

fn nll_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let weight = arguments.optional("weight")?;
    let (ignore_index, reduction) = reduction_around(arguments, |a| a.or("ignore_index", -100))?;
    one(functional::nll_loss(&x, &target, &NLLLossOptions { weight, ignore_index, reduction }))
}

fn kl_div(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let reduction = kl_div_reduction(arguments)?;
    one(functional::kl_div(&x, &target, reduction, arguments.or("log_target", false)?))
}

fn binary_cross_entropy(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let weight: Option<Tensor> = arguments.optional("weight")?;
    one(functional::binary_cross_entropy(&x, &target, weight.as_ref(), reduction(arguments)?))
}

fn binary_cross_entropy_with_logits(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let weight: Option<Tensor> = arguments.optional("weight")?;
    let reduction = reduction(arguments)?;
    let pos_weight: Option<Tensor> = arguments.optional("pos_weight")?;
    one(functional::binary_cross_entropy_with_logits(&x, &target, weight.as_ref(), pos_weight.as_ref(), reduction))
}

fn poisson_nll_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let (log_input, full) = (arguments.or("log_input", true)?, arguments.or("full", false)?);
    let (eps, reduction) = reduction_around(arguments, |a| a.or("eps", 1e-8))?;
    one(functional::poisson_nll_loss(&x, &target, log_input, full, eps, reduction))
}

/// `gaussian_nll_loss(input, target, var, full=False, eps=1e-06, reduction='mean')`; `var` can be a number.
fn gaussian_nll_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let var = match arguments.peek("var").is_some_and(|var| var.is_tensor()) {
        true => arguments.take("var")?,
        false => x.detach().full_like(arguments.take::<f64>("var")?),
    };
    let (full, eps) = (arguments.or("full", false)?, arguments.or("eps", 1e-6)?);
    one(functional::gaussian_nll_loss(&x, &target, &var, full, eps, new_reduction(arguments, None)?))
}

fn hinge_embedding_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let margin = arguments.or("margin", 1.0)?;
    one(functional::hinge_embedding_loss(&x, &target, margin, reduction(arguments)?))
}

fn multilabel_soft_margin_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let weight: Option<Tensor> = arguments.optional("weight")?;
    one(functional::multilabel_soft_margin_loss(&x, &target, weight.as_ref(), reduction(arguments)?))
}

fn multi_margin_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let (x, target) = pair(arguments)?;
    let p = arguments.or::<usize>("p", 1)? as u32;
    let (margin, weight) = (arguments.or("margin", 1.0)?, arguments.optional("weight")?);
    let options = MultiMarginLossOptions { p, margin, weight, reduction: reduction(arguments)? };
    one(functional::multi_margin_loss(&x, &target, &options))
}

/// `f(input1, input2, target, margin=0, size_average=None, reduce=None, reduction='mean')`.
fn of_three(
    arguments: &mut Arguments,
    loss: impl Fn(&Tensor, &Tensor, &Tensor, f64, Reduction) -> Tensor,
) -> Result<Vec<Tensor>> {
    let (x1, x2): (Tensor, Tensor) = (arguments.take("input1")?, arguments.take("input2")?);
    let (target, margin): (Tensor, f64) = (arguments.take("target")?, arguments.or("margin", 0.0)?);
    one(loss(&x1, &x2, &target, margin, reduction(arguments)?))
}

fn triplet_margin_loss(arguments: &mut Arguments) -> Result<Vec<Tensor>> {
    let anchor: Tensor = arguments.take("anchor")?;
    let (positive, negative): (Tensor, Tensor) = (arguments.take("positive")?, arguments.take("negative")?);
    let (margin, p) = (arguments.or("margin", 1.0)?, arguments.or("p", 2.0)?);
    let (eps, swap) = (arguments.or("eps", 1e-6)?, arguments.or("swap", false)?);
    let old = legacy(arguments.optional("size_average")?, arguments.optional("reduce")?);
    let options = TripletMarginLossOptions { margin, p, eps, swap, reduction: new_reduction(arguments, old)? };
    one(functional::triplet_margin_loss(&anchor, &positive, &negative, &options))
}
