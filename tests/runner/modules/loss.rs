//! Losses.

use anyhow::Result;
use jimu::Tensor;
use jimu::nn::{
    BCELoss, BCEWithLogitsLoss, CTCLoss, CosineEmbeddingLoss, CrossEntropyLoss, GaussianNLLLoss, HingeEmbeddingLoss,
    HuberLoss, KLDivLoss, L1Loss, MSELoss, MarginRankingLoss, Module, MultiLabelMarginLoss, MultiLabelSoftMarginLoss,
    MultiMarginLoss, NLLLoss, PoissonNLLLoss, SmoothL1Loss, SoftMarginLoss, TripletMarginLoss,
};

use super::{Build, Layer};
use crate::runner::arguments::Arguments;
use crate::runner::losses::{kl_div_reduction, legacy, lengths, new_reduction, reduction, reduction_around};

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "BCELoss" => |a| {
            let loss = with(BCELoss::new(), a.optional("weight")?, BCELoss::weight);
            of_two(loss.reduction(reduction(a)?), BCELoss::forward)
        },
        "BCEWithLogitsLoss" => |a| {
            let loss = with(BCEWithLogitsLoss::new(), a.optional("weight")?, BCEWithLogitsLoss::weight);
            let loss = loss.reduction(reduction(a)?);
            let loss = with(loss, a.optional("pos_weight")?, BCEWithLogitsLoss::pos_weight);
            of_two(loss, BCEWithLogitsLoss::forward)
        },
        "CTCLoss" => ctc,
        "CosineEmbeddingLoss" => |a| {
            let loss = CosineEmbeddingLoss::new().margin(a.or("margin", 0.0)?);
            of_three(loss.reduction(reduction(a)?), CosineEmbeddingLoss::forward)
        },
        "CrossEntropyLoss" => cross_entropy,
        "GaussianNLLLoss" => |a| {
            let loss = GaussianNLLLoss::new().full(a.keyword("full", false)?).eps(a.keyword("eps", 1e-6)?);
            of_three(loss.reduction(new_reduction(a, None)?), GaussianNLLLoss::forward)
        },
        "HingeEmbeddingLoss" => |a| {
            let loss = HingeEmbeddingLoss::new().margin(a.or("margin", 1.0)?);
            of_two(loss.reduction(reduction(a)?), HingeEmbeddingLoss::forward)
        },
        "HuberLoss" => |a| {
            let loss = HuberLoss::new().reduction(new_reduction(a, None)?);
            of_two(loss.delta(a.or("delta", 1.0)?), HuberLoss::forward)
        },
        "KLDivLoss" => |a| {
            let loss = KLDivLoss::new().reduction(kl_div_reduction(a)?);
            of_two(loss.log_target(a.or("log_target", false)?), KLDivLoss::forward)
        },
        "L1Loss" => |a| of_two(L1Loss::new().reduction(reduction(a)?), L1Loss::forward),
        "MSELoss" => |a| of_two(MSELoss::new().reduction(reduction(a)?), MSELoss::forward),
        "MarginRankingLoss" => |a| {
            let loss = MarginRankingLoss::new().margin(a.or("margin", 0.0)?);
            of_three(loss.reduction(reduction(a)?), MarginRankingLoss::forward)
        },
        "MultiLabelMarginLoss" => {
            |a| of_two(MultiLabelMarginLoss::new().reduction(reduction(a)?), MultiLabelMarginLoss::forward)
        }
        "MultiLabelSoftMarginLoss" => |a| {
            let weight = a.optional("weight")?;
            let loss = with(MultiLabelSoftMarginLoss::new(), weight, MultiLabelSoftMarginLoss::weight);
            of_two(loss.reduction(reduction(a)?), MultiLabelSoftMarginLoss::forward)
        },
        "MultiMarginLoss" => |a| {
            let loss = MultiMarginLoss::new().p(a.or::<usize>("p", 1)? as u32).margin(a.or("margin", 1.0)?);
            let loss = with(loss, a.optional("weight")?, MultiMarginLoss::weight);
            of_two(loss.reduction(reduction(a)?), MultiMarginLoss::forward)
        },
        "NLLLoss" => |a| {
            let loss = with(NLLLoss::new(), a.optional("weight")?, NLLLoss::weight);
            let (ignore_index, reduction) = reduction_around(a, |a| a.or("ignore_index", -100))?;
            of_two(loss.ignore_index(ignore_index).reduction(reduction), NLLLoss::forward)
        },
        "PoissonNLLLoss" => |a| {
            let loss = PoissonNLLLoss::new().log_input(a.or("log_input", true)?).full(a.or("full", false)?);
            let (eps, reduction) = reduction_around(a, |a| a.or("eps", 1e-8))?;
            of_two(loss.eps(eps).reduction(reduction), PoissonNLLLoss::forward)
        },
        "SmoothL1Loss" => |a| {
            let loss = SmoothL1Loss::new().reduction(reduction(a)?);
            of_two(loss.beta(a.or("beta", 1.0)?), SmoothL1Loss::forward)
        },
        "SoftMarginLoss" => |a| of_two(SoftMarginLoss::new().reduction(reduction(a)?), SoftMarginLoss::forward),
        "TripletMarginLoss" => triplet_margin,
        _ => return None,
    })
}

/// `loss` with `option` set, if it is given.
fn with<L>(loss: L, option: Option<Tensor>, set: fn(L, Tensor) -> L) -> L {
    match option {
        Some(option) => set(loss, option),
        None => loss,
    }
}

/// A loss called as `loss(input, target)`.
fn of_two<L: Module + 'static>(loss: L, forward: fn(&L, &Tensor, &Tensor) -> Tensor) -> Result<Layer> {
    Layer::new(loss, move |loss, a| {
        let (x, target): (Tensor, Tensor) = (a.take("input")?, a.take("target")?);
        Ok(vec![forward(loss, &x, &target)])
    })
}

/// A loss called with three tensors, by position.
fn of_three<L: Module + 'static>(loss: L, forward: fn(&L, &Tensor, &Tensor, &Tensor) -> Tensor) -> Result<Layer> {
    Layer::new(loss, move |loss, a| {
        let mut next = |names: &[&str]| {
            let name = names.iter().find(|name| a.peek(name).is_some()).unwrap_or(&names[0]);
            a.take::<Tensor>(name)
        };
        let first = next(&["input1", "input", "anchor"])?;
        let second = next(&["input2", "target", "positive"])?;
        let third = next(&["target", "var", "negative"])?;
        Ok(vec![forward(loss, &first, &second, &third)])
    })
}

/// `CrossEntropyLoss(weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean',
/// label_smoothing=0.0)`.
fn cross_entropy(arguments: &mut Arguments) -> Result<Layer> {
    let loss = with(CrossEntropyLoss::new(), arguments.optional("weight")?, CrossEntropyLoss::weight);
    let (ignore_index, reduction) = reduction_around(arguments, |a| a.or("ignore_index", -100))?;
    let loss = loss.ignore_index(ignore_index).reduction(reduction);
    of_two(loss.label_smoothing(arguments.or("label_smoothing", 0.0)?), CrossEntropyLoss::forward)
}

/// `CTCLoss(blank=0, reduction='mean', zero_infinity=False)`.
fn ctc(arguments: &mut Arguments) -> Result<Layer> {
    let loss = CTCLoss::new().blank(arguments.or("blank", 0)?).reduction(new_reduction(arguments, None)?);
    Layer::new(loss.zero_infinity(arguments.or("zero_infinity", false)?), |loss, a| {
        let (x, targets): (Tensor, Tensor) = (a.take("log_probs")?, a.take("targets")?);
        let [inputs, lengths] = lengths(a)?;
        Ok(vec![loss.forward(&x, &targets, &inputs, &lengths)])
    })
}

/// `TripletMarginLoss(margin=1.0, p=2.0, eps=1e-06, swap=False, size_average=None, reduce=None, reduction='mean')`.
fn triplet_margin(arguments: &mut Arguments) -> Result<Layer> {
    let loss = TripletMarginLoss::new().margin(arguments.or("margin", 1.0)?).p(arguments.or("p", 2.0)?);
    let loss = loss.eps(arguments.or("eps", 1e-6)?).swap(arguments.or("swap", false)?);
    let old = legacy(arguments.optional("size_average")?, arguments.optional("reduce")?);
    of_three(loss.reduction(new_reduction(arguments, old)?), TripletMarginLoss::forward)
}
