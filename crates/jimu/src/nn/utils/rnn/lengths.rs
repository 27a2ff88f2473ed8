//! The lengths of sequences, as a list or as a tensor.

use crate::dtype::DType;
use crate::error::ShapeError;
use crate::tensor::Tensor;

/// The lengths of sequences: a list of them, or a vector of whole numbers such as a
/// [`DataLoader`](crate::data::DataLoader) collates.
///
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::SequenceLengths;
/// assert_eq!([3, 1].lengths(), Ok(vec![3, 1]));
/// assert_eq!(Tensor::new([3, 1]).lengths(), Ok(vec![3, 1]));
/// ```
pub trait SequenceLengths {
    /// The lengths.
    ///
    /// # Errors
    /// If they are no lengths.
    fn lengths(&self) -> Result<Vec<usize>, ShapeError>;
}

impl SequenceLengths for [usize] {
    fn lengths(&self) -> Result<Vec<usize>, ShapeError> {
        Ok(self.to_vec())
    }
}

impl<const N: usize> SequenceLengths for [usize; N] {
    fn lengths(&self) -> Result<Vec<usize>, ShapeError> {
        Ok(self.to_vec())
    }
}

impl SequenceLengths for Vec<usize> {
    fn lengths(&self) -> Result<Vec<usize>, ShapeError> {
        Ok(self.clone())
    }
}

impl SequenceLengths for Tensor {
    fn lengths(&self) -> Result<Vec<usize>, ShapeError> {
        let refuse = |problem: String| Err(ShapeError::new("lengths", problem).help("give a whole number a sequence"));
        if self.dim() != 1 || !matches!(self.dtype(), DType::I64 | DType::U8) {
            return refuse(format!(
                "a vector of whole numbers is needed, but it is {} of {}",
                self.dtype(),
                self.shape()
            ));
        }
        let lengths = self.detach().to(DType::I64).to_vec::<i64>();
        match lengths.iter().find(|&&length| length < 0) {
            None => Ok(lengths.into_iter().map(|length| length as usize).collect()),
            Some(negative) => refuse(format!("a sequence of {negative} steps")),
        }
    }
}
