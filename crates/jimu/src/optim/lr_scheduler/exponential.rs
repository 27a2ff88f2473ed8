//! A factor every epoch.

use super::schedule::{At, Progress, Schedule, fields, progress};

/// Multiplies the learning rates by `gamma` every epoch:
/// [`ExponentialLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{ExponentialLR, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = ExponentialLR::new(0.5).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.8, 0.4, 0.2, 0.1]);
/// ```
#[derive(Clone, Debug)]
pub struct ExponentialLR {
    gamma: f64,
    progress: Progress,
}

impl ExponentialLR {
    /// The factor `gamma` every epoch.
    pub fn new(gamma: f64) -> Self {
        Self { gamma, progress: Progress::default() }
    }
}

progress!(ExponentialLR);

impl Schedule for ExponentialLR {
    const NAME: &'static str = "ExponentialLR";
    progress!();
    fields!("gamma" => gamma);

    fn rate(&self, at: &At<'_>) -> f64 {
        if at.initial { at.lr } else { at.lr * self.gamma }
    }

    fn closed_form(&self, at: &At<'_>) -> Option<f64> {
        Some(at.base_lr * self.gamma.powi(at.epoch as i32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            ExponentialLR::new(0.9),
            &[
                0.1,
                0.09000000000000001,
                0.08100000000000002,
                0.07290000000000002,
                0.06561000000000002,
                0.05904900000000002,
                0.05314410000000002,
                0.04782969000000002,
                0.043046721000000024,
                0.03874204890000002,
                0.03486784401000002,
                0.03138105960900001,
                0.028242953648100012,
            ],
        );
    }
}
