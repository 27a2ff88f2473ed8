use super::metrics::ConfusionMatrix;
use crate::autograd::no_grad;
use crate::data::{Collate, DataLoader, Dataset};
use crate::nn::Block;
use crate::tensor::Tensor;

/// What a test found.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The mean cross-entropy over the samples.
    pub loss: f64,
    /// What was taken for what.
    pub confusion: ConfusionMatrix,
}

impl Evaluation {
    /// The share of the samples that were classified rightly, from 0 to 1.
    ///
    /// ```
    /// use jimu::train::{ConfusionMatrix, Evaluation};
    /// let mut confusion = ConfusionMatrix::new(2);
    /// confusion.add(&jimu::Tensor::new([0, 1]), &jimu::Tensor::new([0, 0]));
    /// assert_eq!(Evaluation { loss: 0.7, confusion }.accuracy(), 0.5);
    /// ```
    pub fn accuracy(&self) -> f64 {
        self.confusion.accuracy()
    }
}

/// Tests a classifier on all samples of a loader: no gradients, layers such as dropout in evaluation mode. The model is
/// in training mode afterwards.
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
    model.eval();
    let (mut sum, mut confusion) = (0.0, ConfusionMatrix::new(0));
    no_grad(|| {
        for (x, y) in loader {
            let logits = model.forward(&x);
            let samples = logits.size()[0];
            if confusion.classes() == 0 {
                confusion = ConfusionMatrix::new(logits.size()[1]);
            }
            sum += logits.cross_entropy(&y).item() * samples as f64;
            confusion.add(&y, &logits.argmax_dim(1, false));
        }
    });
    model.train();
    Evaluation { loss: sum / confusion.total() as f64, confusion }
}
