//! `one_hot`.

use jimu_kernels::buffer::Buffer;

use super::index_rule;
use crate::autograd::{NoDerivative, Spec, apply_without_derivative};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Layout, Shape, Tensor};

struct OneHot {
    classes: usize,
}

impl NoDerivative for OneHot {
    const NAME: &'static str = "one_hot";

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let shape: Shape = inputs[0].shape().iter().copied().chain([self.classes]).collect();
        Ok(Spec::new(DType::I64, shape))
    }

    fn forward(&self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let mut out = Buffer::zeroed(spec.shape.numel());
        inputs[0].with_contiguous::<i64, _>(|labels| {
            for (row, &label) in out.chunks_mut(self.classes.max(1)).zip(labels) {
                row[label as usize] = 1;
            }
        });
        Tensor::from_buffer::<i64>(out, Layout::contiguous(spec.shape.clone()))
    }
}

impl Tensor {
    /// A row of zeros with a single one for each class label:
    /// [`torch.nn.functional.one_hot`](https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html).
    ///
    /// # Args
    /// - `num_classes`: the length of a row; `None` takes the largest label plus one.
    ///
    /// # Shape
    /// Any shape of labels `*`, in `i64`; the result is `(*, num_classes)`, in `i64`.
    ///
    /// # Panics
    /// If a label is negative or not below `num_classes`, or if there is no label to find the number of classes from.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let labels = Tensor::new([2, 0]);
    /// assert_eq!(labels.one_hot(3).to_vec::<i64>(), [0, 0, 1, 1, 0, 0]);
    /// assert_eq!(labels.one_hot(None).size(), [2, 3]);
    /// ```
    #[track_caller]
    pub fn one_hot(&self, num_classes: impl Into<Option<usize>>) -> Tensor {
        let (classes, labels) = one_hot_rule(self, num_classes.into()).or_raise();
        apply_without_derivative(OneHot { classes }, &[&labels])
    }
}

fn one_hot_rule(labels: &Tensor, num_classes: Option<usize>) -> Result<(usize, Tensor), ShapeError> {
    let classes = match num_classes {
        Some(classes) => classes,
        None => {
            if labels.numel() == 0 || labels.is_meta() || labels.dtype() != DType::I64 {
                return Err(ShapeError::new("one_hot", "there are no labels to count the classes of")
                    .help("give int64 labels, or the number of classes"));
            }
            let largest = labels.with_contiguous::<i64, _>(|labels| labels.iter().copied().max().unwrap_or(0));
            largest.max(0) as usize + 1
        }
    };
    Ok((classes, index_rule(labels, classes, "one_hot")?))
}

#[cfg(test)]
mod tests {
    use crate::tensor::Tensor;

    #[test]
    fn no_labels_make_no_rows() {
        assert_eq!(Tensor::arange(0, 0).reshape([2, 0]).one_hot(4).size(), [2, 0, 4]);
    }

    #[test]
    #[should_panic(expected = "one_hot: index 3 is out of range for a dimension of size 3")]
    fn out_of_range() {
        Tensor::new([0, 3]).one_hot(3);
    }
}
