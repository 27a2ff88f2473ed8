//! Blocks one after the other.

use super::field::{Field, Fields, Label};
use super::module::{Forward, Module, fmt_module};
use crate::error::{ShapeError, raise, relay};
use crate::tensor::Tensor;

/// A block that can stand in a [`Sequential`]: a [`Module`] with a [`Forward`].
pub trait Block: Module + Forward + Send + Sync {}

impl<B: Module + Forward + Send + Sync> Block for B {}

/// Blocks applied one after the other:
/// [`torch.nn.Sequential`](https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html). The blocks are named
/// `0`, `1`, … in the `state_dict`. The macro [`sequential!`](crate::sequential) writes one down.
///
/// # Examples
/// ```
/// use jimu::nn::{Forward, Linear, Module, ReLU};
/// use jimu::{Tensor, sequential};
/// let mlp = sequential![Linear::new(784, 64), ReLU, Linear::new(64, 10)];
/// assert_eq!(mlp.forward(&Tensor::zeros([2, 784])).size(), [2, 10]);
/// assert_eq!(mlp.named_parameters()[2].0, "2.weight");
/// ```
#[derive(Default)]
pub struct Sequential {
    blocks: Vec<(String, Box<dyn Block>)>,
    label: Label,
}

impl Sequential {
    /// No blocks: passes its input on.
    pub fn new() -> Self {
        Self::default()
    }

    /// With `block` at the end, named by its position.
    #[allow(clippy::should_implement_trait)]
    pub fn add(self, block: impl Block + 'static) -> Self {
        let name = self.blocks.len().to_string();
        self.add_named(name, block)
    }

    /// With `block` at the end under a name of its own, as in PyTorch's `Sequential(OrderedDict(…))`.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn add_named(mut self, name: impl Into<String>, block: impl Block + 'static) -> Self {
        let name = name.into();
        let taken = self.blocks.iter().any(|(known, _)| *known == name);
        if taken {
            let problem = format!("there is a block named {name:?} already");
            raise(ShapeError::new("Sequential", problem).help("give each block its own name"));
        }
        self.blocks.push((name, Box::new(block)));
        self
    }

    /// The number of blocks.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether there are no blocks.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The block at `index`.
    pub fn get(&self, index: usize) -> Option<&dyn Block> {
        self.blocks.get(index).map(|(_, block)| &**block)
    }
}

impl Module for Sequential {
    fn kind(&self) -> &str {
        "Sequential"
    }

    fn fields(&self) -> Fields<'_> {
        let label = ("label".to_owned(), Field::Label(&self.label));
        let blocks = self.blocks.iter().map(|(name, block)| (name.clone(), Field::Module(block as &dyn Module)));
        std::iter::once(label).chain(blocks).collect()
    }
}

impl Forward for Sequential {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        // No closure: it would be in the way of the caller's line.
        let mut x = x.clone();
        for (name, block) in &self.blocks {
            let _scope = self.label.enter_member(name);
            x = relay(|| block.forward(&x));
        }
        x
    }
}

impl std::fmt::Display for Sequential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fmt_module(self, f)
    }
}

/// Writes down a [`Sequential`](crate::nn::Sequential): `sequential![Linear::new(784, 64), ReLU, Linear::new(64, 10)]`.
///
/// ```
/// use jimu::{nn::{Linear, ReLU}, sequential};
/// assert_eq!(sequential![Linear::new(4, 4), ReLU].len(), 2);
/// ```
#[macro_export]
macro_rules! sequential {
    ($($block:expr),* $(,)?) => {
        $crate::nn::Sequential::new()$(.add($block))*
    };
}
