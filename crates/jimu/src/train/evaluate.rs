use super::metrics::ConfusionMatrix;
use super::shards::{forward_in_shards, suits_shards};
use crate::autograd::no_grad;
use crate::data::{Collate, DataLoader, Dataset};
use crate::nn::{Block, in_eval_mode};
use crate::tensor::Tensor;

/// What a test found.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The mean cross-entropy over the samples.
    pub loss: f64,
    /// What was taken for what.
    pub confusion: ConfusionMatrix,
    /// For each sample, in order, `log(sum(exp(outputs)))`: the negative of the energy, which is low for samples unlike
    /// those learnt from ([Liu et al., 2020](https://arxiv.org/abs/2010.03759)).
    pub scores: Vec<f32>,
}

impl Evaluation {
    /// The share of the samples that were classified rightly, from 0 to 1.
    ///
    /// ```
    /// use jimu::train::{ConfusionMatrix, Evaluation};
    /// let mut confusion = ConfusionMatrix::new(2);
    /// confusion.add(&jimu::Tensor::new([0, 1]), &jimu::Tensor::new([0, 0]));
    /// assert_eq!(Evaluation { loss: 0.7, confusion, scores: vec![] }.accuracy(), 0.5);
    /// ```
    pub fn accuracy(&self) -> f64 {
        self.confusion.accuracy()
    }

    /// The score that the given share of the samples stays below; none if there are no samples.
    ///
    /// ```
    /// use jimu::train::{ConfusionMatrix, Evaluation};
    /// let scores = (0..100).map(|score| score as f32).collect();
    /// let evaluation = Evaluation { loss: 0.7, confusion: ConfusionMatrix::new(2), scores };
    /// assert_eq!(evaluation.score_quantile(0.01), Some(1.0));
    /// ```
    pub fn score_quantile(&self, share: f64) -> Option<f32> {
        let mut scores = self.scores.clone();
        scores.sort_by(f32::total_cmp);
        scores.get((share * scores.len() as f64) as usize).copied()
    }
}

/// Tests a classifier on all samples of a loader: no gradients, layers such as dropout in evaluation mode. Afterwards each
/// layer is in the mode that it was in. Batches of a model that [`suits_shards`] are computed in shards: what comes out for
/// a sample must not depend on those beside it, as in any test.
///
/// # Panics
/// If a label is not among the classes, which are as many as the model's outputs.
///
/// ```
/// use jimu::data::{DataLoader, ImageSet};
/// use jimu::nn::{Flatten, Linear, Sequential};
/// let set = ImageSet::new(vec![0; 20 * 4], [1, 2, 2], vec![1; 20]);
/// let model = Sequential::new().add(Flatten::new()).add(Linear::new(4, 3));
/// let found = jimu::train::evaluate(&model, &DataLoader::new(set, 8));
/// assert_eq!(found.confusion.total(), 20);
/// assert!(found.loss > 0.0);
/// ```
#[track_caller]
pub fn evaluate<D>(model: &dyn Block, loader: &DataLoader<D>) -> Evaluation
where
    D: Dataset + Send + Sync + 'static,
    D::Item: Collate<Batch = (Tensor, Tensor)>,
{
    let (mut sum, mut scores, mut confusion) = (0.0, Vec::new(), ConfusionMatrix::new(0));
    in_eval_mode(model, || {
        let shards = suits_shards(model);
        no_grad(|| {
            for (x, y) in loader {
                let logits = if shards { forward_in_shards(&x, |x| model.forward(x)) } else { model.forward(&x) };
                let samples = logits.size()[0];
                if confusion.classes() == 0 {
                    confusion = ConfusionMatrix::new(logits.size()[1]);
                }
                sum += logits.cross_entropy(&y).item() * samples as f64;
                confusion.add(&y, &logits.argmax_dim(1, false));
                scores.extend(logits.logsumexp(1, false).to_vec::<f32>());
            }
        });
    });
    Evaluation { loss: sum / confusion.total() as f64, confusion, scores }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageSet;
    use crate::nn::{Dropout, Flatten, Linear, Module, Sequential};

    #[test]
    fn each_layer_keeps_its_mode() {
        let frozen = Dropout::new(0.5);
        frozen.eval();
        let model = Sequential::new().add(Flatten::new()).add(frozen).add(Dropout::new(0.5)).add(Linear::new(4, 2));
        let modes = || crate::nn::modes(&model).iter().map(|mode| mode.is_training()).collect::<Vec<_>>();
        assert_eq!(modes(), [false, true]);
        let set = ImageSet::new(vec![9; 4 * 4], [1, 2, 2], vec![0; 4]);
        let loader = DataLoader::new(set, 2);
        let (first, second) = (evaluate(&model, &loader), evaluate(&model, &loader));
        assert_eq!((first.loss, first.scores.len()), (second.loss, 4));
        assert_eq!(modes(), [false, true]);
    }
}
