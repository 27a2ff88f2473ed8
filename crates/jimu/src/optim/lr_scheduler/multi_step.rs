//! A factor at given epochs.

use super::schedule::{At, Progress, Schedule, progress};
use crate::io::{Dict, FromValue, Key, Value};

/// Multiplies the learning rates by `gamma` at each milestone; an epoch listed twice counts twice:
/// [`MultiStepLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{LrScheduler, MultiStepLR};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = MultiStepLR::new([1, 3]).gamma(0.5).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.8, 0.4, 0.4, 0.2]);
/// ```
#[derive(Clone, Debug)]
pub struct MultiStepLR {
    milestones: Vec<usize>,
    gamma: f64,
    progress: Progress,
}

impl MultiStepLR {
    /// A step at each of the epochs `milestones`.
    pub fn new(milestones: impl Into<Vec<usize>>) -> Self {
        Self { milestones: milestones.into(), gamma: 0.1, progress: Progress::default() }
    }

    /// The factor: 0.1 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = MultiStepLR::new([30, 80]).gamma(0.5);
    /// ```
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }
}

progress!(MultiStepLR);

impl Schedule for MultiStepLR {
    const NAME: &'static str = "MultiStepLR";
    progress!();
    // PyTorch counts how often each epoch is listed.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut counts = Dict::new();
        for &epoch in &self.milestones {
            let count = counts.entry(Key::Int(epoch as i64)).or_insert(Value::Int(0));
            *count = Value::Int(count.as_int().unwrap_or(0) + 1);
        }
        vec![("milestones", counts.into()), ("gamma", self.gamma.into())]
    }

    fn set_field(&mut self, name: &str, value: &Value) -> Option<()> {
        match name {
            "milestones" => self.milestones = milestones(value)?,
            "gamma" => self.gamma = f64::from_value(value)?,
            _ => {}
        }
        Some(())
    }

    fn rate(&self, at: &At<'_>) -> f64 {
        let count = self.milestones.iter().filter(|&&epoch| epoch as i64 == at.epoch).count();
        if count == 0 { at.lr } else { at.lr * self.gamma.powi(count as i32) }
    }

    fn closed_form(&self, at: &At<'_>) -> Option<f64> {
        let count = self.milestones.iter().filter(|&&epoch| epoch as i64 <= at.epoch).count();
        Some(at.base_lr * self.gamma.powi(count as i32))
    }
}

/// The epochs that a dictionary of counts lists.
fn milestones(counts: &Value) -> Option<Vec<usize>> {
    /// No training has more milestones; a file that claims so is damaged.
    const MOST: usize = 1 << 16;
    let mut epochs = Vec::new();
    for (epoch, count) in counts.as_dict()? {
        let Key::Int(epoch) = epoch else { return None };
        let (epoch, count) = (usize::try_from(*epoch).ok()?, usize::from_value(count)?);
        if count > MOST - epochs.len() {
            return None;
        }
        epochs.extend(std::iter::repeat_n(epoch, count));
    }
    Some(epochs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            MultiStepLR::new([5, 2, 5, 9]).gamma(0.5),
            &[0.1, 0.1, 0.05, 0.05, 0.05, 0.0125, 0.0125, 0.0125, 0.0125, 0.00625, 0.00625, 0.00625, 0.00625],
        );
    }
}
