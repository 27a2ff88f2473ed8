//! The inputs of spatial operations as batches of images, whatever their rank.

use super::pair::Extent;
use crate::error::ShapeError;
use crate::tensor::{Shape, Tensor};

/// An input of an operation on signals (*, c, l) or images (*, c, h, w), seen as images [n, c, h, w].
pub(crate) struct Images {
    /// [n, c, h, w]; a signal has height 1, and what has no batch is a batch of one.
    pub(crate) images: Tensor,
    dimensions: usize,
    batched: bool,
}

impl Images {
    /// Sees `x` as images, or says which shapes the operation `name` takes.
    pub(crate) fn of<S: Extent>(x: &Tensor, name: &str) -> Result<Self, ShapeError> {
        let dimensions = S::DIMENSIONS;
        let batched = x.dim() == dimensions + 2;
        if !batched && x.dim() != dimensions + 1 {
            let sizes = if dimensions == 1 { "channels, length" } else { "channels, height, width" };
            let problem = format!("the input must have the shape [batch, {sizes}] or [{sizes}], but has {}", x.shape());
            return Err(ShapeError::new(name, problem).help("unsqueeze or reshape it"));
        }
        let images = if batched { x.clone() } else { x.unsqueeze(0) };
        let images = if dimensions == 1 { images.unsqueeze(2) } else { images };
        Ok(Self { images, dimensions, batched })
    }

    /// A result [n, c, h, w] in the rank of the input.
    pub(crate) fn back(&self, y: &Tensor) -> Tensor {
        let y = if self.dimensions == 1 { y.squeeze_dim(2) } else { y.clone() };
        if self.batched { y } else { y.squeeze_dim(0) }
    }

    /// The shape of the input, for messages.
    pub(crate) fn shape(&self) -> Shape {
        let sizes = self.images.shape();
        let spatial = &sizes[4 - self.dimensions..];
        sizes[usize::from(!self.batched)..2].iter().chain(spatial).copied().collect()
    }
}

/// Numbers for height and width, as in `3x5`, or that for the width alone.
pub(crate) fn shown<S: Extent>([height, width]: [usize; 2]) -> String {
    if S::DIMENSIONS == 1 { width.to_string() } else { format!("{height}x{width}") }
}
