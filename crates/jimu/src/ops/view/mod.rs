//! Other strides over the same elements: nothing is copied.
//!
//! A member says the new layout, and how a gradient of the view becomes one of the whole.

mod atleast;
mod diagonal;
mod expand;
mod meshgrid;
mod narrow;
mod permute;
mod reshape;
mod select;
mod split;
mod squeeze;

pub use meshgrid::Indexing;
pub(crate) use reshape::{try_flatten, try_unflatten};
pub use select::{Index, IntoIndices};

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, try_apply};
use crate::error::ShapeError;
use crate::tensor::{Layout, Tensor};

/// A view of one tensor.
pub(crate) trait View: Send + Sync + 'static {
    /// PyTorch's name.
    const NAME: &'static str;
    /// The layout of the view over the elements of a tensor with layout `input`.
    fn layout(&self, input: &Layout) -> Result<Layout, ShapeError>;
    /// The gradient of the whole, of layout `input`, from that of the view.
    fn gradient(&self, input: &Layout, grad: &Tensor) -> Tensor;
}

/// A [`View`] as an [`Operation`].
struct Viewed<V> {
    view: V,
    input: Layout,
    output: Layout,
}

impl<V: View> Operation for Viewed<V> {
    const NAME: &'static str = V::NAME;

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), &self.output.shape))
    }

    fn is_view(&self) -> bool {
        true
    }

    fn forward(&mut self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        inputs[0].with_layout(self.output.clone())
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| self.view.gradient(&self.input, grad))
    }
}

pub(crate) fn try_view<V: View>(view: V, x: &Tensor) -> Result<Tensor, ShapeError> {
    let input = x.layout().clone();
    let mut output = view.layout(&input)?;
    if output.shape.numel() == 0 {
        // No element lies anywhere, and the storage may end before the place.
        output.offset = 0;
    }
    try_apply(Viewed { view, input, output }, &[x])
}

/// Applies a [`View`], at the user's line.
#[track_caller]
pub(crate) fn apply_view<V: View>(view: V, x: &Tensor) -> Tensor {
    match try_view(view, x) {
        Ok(output) => output,
        Err(error) => crate::error::raise(error),
    }
}
