//! The activation between the two linear layers of a transformer layer.

use std::fmt;
use std::sync::Arc;

use crate::error::{ShapeError, raise};
use crate::nn::functional::{Approximate, gelu};
use crate::tensor::Tensor;

/// `"relu"`, `"gelu"`, or a function of the user's own.
///
/// ```
/// use jimu::{Tensor, nn::TransformerActivation};
/// let own = TransformerActivation::from(|x: &Tensor| x.square());
/// assert_eq!(own.apply(&Tensor::new([3.0])).item(), 9.0);
/// assert_eq!(TransformerActivation::from("relu").apply(&Tensor::new([-3.0])).item(), 0.0);
/// ```
#[derive(Clone, Default)]
pub enum TransformerActivation {
    /// max(x, 0).
    #[default]
    Relu,
    /// x · Φ(x).
    Gelu,
    /// Any function of one tensor that keeps its shape.
    Function(Arc<dyn Fn(&Tensor) -> Tensor + Send + Sync>),
}

impl TransformerActivation {
    /// The activation of `x`.
    #[track_caller]
    pub fn apply(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Relu => x.relu(),
            Self::Gelu => gelu(x, Approximate::None),
            Self::Function(function) => function(x),
        }
    }
}

impl fmt::Debug for TransformerActivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relu => "Relu",
            Self::Gelu => "Gelu",
            Self::Function(_) => "Function",
        })
    }
}

impl From<&str> for TransformerActivation {
    /// # Panics
    /// If the word is neither `relu` nor `gelu`.
    #[track_caller]
    fn from(word: &str) -> Self {
        match word {
            "relu" => Self::Relu,
            "gelu" => Self::Gelu,
            _ => raise(
                ShapeError::new("TransformerActivation", format!("there is no activation {word:?}"))
                    .help("choose \"relu\" or \"gelu\", or give a function"),
            ),
        }
    }
}

impl<F: Fn(&Tensor) -> Tensor + Send + Sync + 'static> From<F> for TransformerActivation {
    fn from(function: F) -> Self {
        Self::Function(Arc::new(function))
    }
}
