use crate::dtype::DType;
use crate::tensor::Tensor;

/// How an epoch went.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochMetrics {
    /// Counted from 1.
    pub epoch: usize,
    /// The mean over the epoch's batches of the loss that each had as it was learnt from.
    pub train_loss: f64,
    /// The share of the training samples that were classified rightly as they were learnt from, from 0 to 1.
    pub train_accuracy: f64,
    /// The mean loss over the test samples, after the epoch.
    pub test_loss: f64,
    /// The share of the test samples that are classified rightly after the epoch, from 0 to 1.
    pub test_accuracy: f64,
    /// How long the training took, without the test.
    pub seconds: f64,
    /// Training samples a second.
    pub images_per_second: f64,
}

/// How many of a batch's samples have their greatest output at their label: without gradients, and without temporaries.
pub(super) fn correct(logits: &Tensor, labels: &Tensor) -> u64 {
    let classes = logits.size()[1];
    let right = |row: &[f32], label: i64| {
        // The first of equals, as argmax. What is no number counts as the greatest, as there.
        let mut best = 0;
        for (class, &output) in row.iter().enumerate() {
            if output > row[best] || output.is_nan() && !row[best].is_nan() {
                best = class;
            }
        }
        best as i64 == label
    };
    logits.detach().to(DType::F32).with_contiguous::<f32, _>(|logits| {
        labels.with_contiguous::<i64, _>(|labels| {
            logits.chunks_exact(classes.max(1)).zip(labels).filter(|(row, label)| right(row, **label)).count() as u64
        })
    })
}

/// Counts how often samples of each class were taken for each class.
///
/// ```
/// use jimu::Tensor;
/// use jimu::train::ConfusionMatrix;
/// let mut matrix = ConfusionMatrix::new(3);
/// matrix.add(&Tensor::new([0, 1, 2, 2]), &Tensor::new([0, 1, 1, 1]));
/// assert_eq!(matrix.count(2, 1), 2);
/// assert_eq!(matrix.accuracy(), 0.5);
/// assert_eq!(matrix.recall(2), Some(0.0));
/// let worst = matrix.worst(5);
/// assert_eq!((worst.len(), worst[0].actual, worst[0].predicted, worst[0].count), (1, 2, 1, 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    /// Row by row: a row is what the samples are, a column what they were taken for.
    counts: Vec<u64>,
}

/// One way in which samples are classified wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// The class that the samples are of.
    pub actual: usize,
    /// The class that they were taken for.
    pub predicted: usize,
    /// How many they are.
    pub count: u64,
}

impl ConfusionMatrix {
    /// Of no samples yet.
    ///
    /// ```
    /// assert_eq!(jimu::train::ConfusionMatrix::new(10).total(), 0);
    /// ```
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Counts a batch: what the samples are and what they were taken for, both as class indices.
    ///
    /// # Panics
    /// If the two are not equally many, or a class is out of range.
    ///
    /// ```
    /// use jimu::{Tensor, train::ConfusionMatrix};
    /// let mut matrix = ConfusionMatrix::new(2);
    /// matrix.add(&Tensor::new([1]), &Tensor::new([0]));
    /// assert_eq!(matrix.count(1, 0), 1);
    /// ```
    #[track_caller]
    pub fn add(&mut self, actual: &Tensor, predicted: &Tensor) {
        let (actual, predicted) = (actual.to_vec::<i64>(), predicted.to_vec::<i64>());
        assert!(
            actual.len() == predicted.len(),
            "ConfusionMatrix: {} labels for {} predictions",
            actual.len(),
            predicted.len()
        );
        for (&actual, &predicted) in actual.iter().zip(&predicted) {
            let cell = self.cell(actual as usize, predicted as usize);
            self.counts[cell] += 1;
        }
    }

    /// How many samples of class `actual` were taken for class `predicted`.
    ///
    /// # Panics
    /// If a class is out of range.
    ///
    /// ```
    /// assert_eq!(jimu::train::ConfusionMatrix::new(2).count(0, 1), 0);
    /// ```
    #[track_caller]
    pub fn count(&self, actual: usize, predicted: usize) -> u64 {
        self.counts[self.cell(actual, predicted)]
    }

    #[track_caller]
    fn cell(&self, actual: usize, predicted: usize) -> usize {
        let classes = self.classes;
        let valid = actual < classes && predicted < classes;
        assert!(valid, "ConfusionMatrix: class {} is out of range for {classes} classes", actual.max(predicted));
        actual * classes + predicted
    }

    /// How many classes there are.
    ///
    /// ```
    /// assert_eq!(jimu::train::ConfusionMatrix::new(10).classes(), 10);
    /// ```
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many samples were counted.
    ///
    /// ```
    /// assert_eq!(jimu::train::ConfusionMatrix::new(10).total(), 0);
    /// ```
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many samples were classified rightly.
    ///
    /// ```
    /// assert_eq!(jimu::train::ConfusionMatrix::new(10).correct(), 0);
    /// ```
    pub fn correct(&self) -> u64 {
        (0..self.classes).map(|class| self.count(class, class)).sum()
    }

    /// The share of the samples that were classified rightly, from 0 to 1; of no samples, NaN.
    ///
    /// ```
    /// assert!(jimu::train::ConfusionMatrix::new(10).accuracy().is_nan());
    /// ```
    pub fn accuracy(&self) -> f64 {
        self.correct() as f64 / self.total() as f64
    }

    /// The share of a class's samples that were classified rightly; none if it has no samples.
    ///
    /// # Panics
    /// If the class is out of range.
    ///
    /// ```
    /// assert_eq!(jimu::train::ConfusionMatrix::new(10).recall(3), None);
    /// ```
    #[track_caller]
    pub fn recall(&self, class: usize) -> Option<f64> {
        let right = self.count(class, class);
        let samples: u64 = (0..self.classes).map(|predicted| self.count(class, predicted)).sum();
        (samples > 0).then(|| right as f64 / samples as f64)
    }

    /// The most frequent confusions, the worst first, at most `count` of them.
    ///
    /// ```
    /// assert!(jimu::train::ConfusionMatrix::new(10).worst(3).is_empty());
    /// ```
    pub fn worst(&self, count: usize) -> Vec<Confusion> {
        let mut wrong: Vec<Confusion> = (self.counts.iter().enumerate())
            .map(|(cell, &count)| Confusion { actual: cell / self.classes, predicted: cell % self.classes, count })
            .filter(|confusion| confusion.actual != confusion.predicted && confusion.count > 0)
            .collect();
        // Stable, so that equally frequent ones keep the order of the classes.
        wrong.sort_by_key(|confusion| std::cmp::Reverse(confusion.count));
        wrong.truncate(count);
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_confusions_come_first_and_ties_in_the_order_of_classes() {
        let mut matrix = ConfusionMatrix::new(3);
        matrix.add(&Tensor::new([0, 1, 1, 2, 2, 2]), &Tensor::new([2, 0, 2, 1, 1, 2]));
        let pairs: Vec<_> = matrix.worst(3).iter().map(|c| (c.actual, c.predicted, c.count)).collect();
        assert_eq!(pairs, [(2, 1, 2), (0, 2, 1), (1, 0, 1)]);
        assert_eq!((matrix.total(), matrix.correct(), matrix.recall(2)), (6, 1, Some(1.0 / 3.0)));
    }

    #[test]
    #[should_panic(expected = "class 3 is out of range for 3 classes")]
    fn a_class_out_of_range_is_named() {
        ConfusionMatrix::new(3).add(&Tensor::new([0]), &Tensor::new([3]));
    }

    #[test]
    fn correct_agrees_with_argmax() {
        let logits = Tensor::new([[1.0, 3.0, 3.0], [f32::NAN, 0.0, 9.0], [-1.0, -2.0, -0.5], [0.0, 0.0, 0.0]]);
        let predicted = logits.argmax_dim(1, false).to_vec::<i64>();
        assert_eq!(predicted, [1, 0, 2, 0]);
        assert_eq!(correct(&logits, &Tensor::from(predicted)), 4);
        assert_eq!(correct(&logits, &Tensor::new([0, 0, 1, 0])), 2);
        assert_eq!(correct(&logits.to(DType::F64).t().contiguous().t(), &Tensor::new([1, 0, 2, 0])), 4);
    }
}
