//! Blocks one after the other.

use super::field::{Field, Fields, Label};
use super::module::{Forward, Module, Role, fmt_module};
use crate::error::{ShapeError, raise, relay};
use crate::tensor::Tensor;

/// A block that can stand in a [`Sequential`]: a [`Module`] with a [`Forward`].
pub trait Block: Module + Forward + Send + Sync {}

impl<B: Module + Forward + Send + Sync> Block for B {}

/// Blocks applied one after the other:
/// [`torch.nn.Sequential`](https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html). The blocks are named
/// `0`, `1`, … in the `state_dict`. The macro [`sequential!`](crate::sequential) writes one down.
///
/// A ReLU is computed in one go with the block before it ([`Forward::forward_relu`]), or with a max pooling that directly
/// follows it, and both with a convolution before them ([`Forward::forward_max_pool2d_relu`]): the numbers and gradients are
/// the same, in less time.
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

    /// Puts `block` at the end, named by its position: PyTorch's `append`.
    pub fn push(&mut self, block: impl Block + 'static) {
        self.blocks.push((self.blocks.len().to_string(), Box::new(block)));
    }

    /// Puts `block` before the one at `index`; blocks that are named by their positions are named anew.
    ///
    /// # Panics
    /// If `index` is greater than the number of blocks.
    #[track_caller]
    pub fn insert(&mut self, index: usize, block: impl Block + 'static) {
        let blocks = self.blocks.len();
        assert!(index <= blocks, "Sequential: there is no place {index} among {blocks} blocks");
        self.blocks.insert(index, (index.to_string(), Box::new(block)));
        self.number();
    }

    /// Takes the last block off.
    pub fn pop(&mut self) -> Option<Box<dyn Block>> {
        self.blocks.pop().map(|(_, block)| block)
    }

    /// Takes the block at `index` out; blocks that are named by their positions are named anew.
    ///
    /// # Panics
    /// If there is no such block.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> Box<dyn Block> {
        let blocks = self.blocks.len();
        assert!(index < blocks, "Sequential: there is no block {index} among {blocks}");
        let (_, block) = self.blocks.remove(index);
        self.number();
        block
    }

    /// Puts the blocks of `other` at the end: PyTorch's `extend`, or `+`.
    pub fn extend(&mut self, other: Sequential) {
        for (_, block) in other.blocks {
            self.blocks.push((self.blocks.len().to_string(), block));
        }
    }

    /// The blocks in order.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Block> {
        self.blocks.iter().map(|(_, block)| &**block)
    }

    /// Names by position those blocks that had such a name before others came or went.
    fn number(&mut self) {
        for (index, (name, _)) in self.blocks.iter_mut().enumerate() {
            if name.parse::<usize>().is_ok() {
                *name = index.to_string();
            }
        }
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
        let mut index = 0;
        while index < self.blocks.len() {
            let (name, block) = &self.blocks[self.place(index, &x)];
            let rectified = !x.is_meta() && self.role(self.place(index + 1, &x)) == Some(Role::Relu);
            let _scope = self.label.enter_member(name);
            if self.is_halved_after(index)
                && let Some(pooled) = relay(|| block.forward_max_pool2d_relu(&x))
            {
                x = pooled;
                index += 3;
                continue;
            }
            x = relay(|| if rectified { block.forward_relu(&x) } else { block.forward(&x) });
            index += 1 + usize::from(rectified);
        }
        x
    }
}

impl Sequential {
    fn role(&self, index: usize) -> Option<Role> {
        self.blocks.get(index).map(|(_, block)| block.role())
    }

    /// Whether a ReLU and a max pooling of 2x2 follow the block, in whichever order.
    fn is_halved_after(&self, index: usize) -> bool {
        let roles = [1, 2].map(|after| self.role(index + after));
        let halving = Some(Role::MaxPooling { halving: true });
        roles == [Some(Role::Relu), halving] || roles == [halving, Some(Role::Relu)]
    }

    /// Which block comes in turn `index`: that one, but a max pooling before the ReLU ahead of it. Output and gradients are
    /// the same, as ReLU never decreases and has no gradient where it gives the window's maximum 0, and the ReLU is computed
    /// in one go with the pooling. What merely traces the shapes (`x` is meta) sees the order of the list.
    fn place(&self, index: usize, x: &Tensor) -> usize {
        let swapped = |first: usize| {
            self.role(first) == Some(Role::Relu) && matches!(self.role(first + 1), Some(Role::MaxPooling { .. }))
        };
        match index.checked_sub(1) {
            _ if x.is_meta() => index,
            _ if swapped(index) => index + 1,
            Some(before) if swapped(before) => before,
            _ => index,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{BatchNorm2d, Conv2d, InstanceNorm2d, Linear, MaxPool1d, MaxPool2d, ReLU, Tanh};

    #[test]
    fn blocks_come_and_go() {
        let mut model = crate::sequential![Linear::new(2, 2), Tanh];
        model.insert(0, ReLU);
        model.push(Linear::new(2, 1));
        let names: Vec<String> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["1.weight", "1.bias", "3.weight", "3.bias"]);
        let first = model.remove(0);
        assert_eq!((first.kind(), model.named_parameters()[0].0.as_str()), ("ReLU", "0.weight"));
        assert!(model.pop().is_some_and(|last| last.kind() == "Linear"));
        model.extend(crate::sequential![ReLU]);
        assert_eq!(model.iter().map(|block| block.kind()).collect::<Vec<_>>(), ["Linear", "Tanh", "ReLU"]);
    }

    #[test]
    fn relu_with_the_block_before_it_gives_the_numbers_and_gradients_of_relu_after_it() {
        crate::manual_seed(0);
        let linear = Linear::new(6, 6);
        let blocks: [Box<dyn Block>; 5] = [
            Box::new(MaxPool2d::new((2, 1)).stride(1)),
            Box::new(Conv2d::new(3, 4, 3).padding(1)),
            Box::new(BatchNorm2d::new(3)),
            Box::new(InstanceNorm2d::new(3).affine(true)),
            Box::new(linear),
        ];
        for block in blocks {
            for training in [true, false] {
                set_training(&*block, training);
                let x = Tensor::randn([2, 3, 5, 6]).requires_grad_();
                let twin = x.detach().requires_grad_();
                let (at_once, after) = (block.forward_relu(&x), block.forward(&twin).relu());
                assert_eq!(at_once.to_vec::<f32>(), after.to_vec::<f32>(), "{}", block.kind());
                let weights = Tensor::randn(after.size());
                let gradients = [(&at_once, &x), (&after, &twin)].map(|(y, x)| {
                    block.zero_grad();
                    (y * &weights).sum().backward();
                    let parameters = block.parameters().into_iter().map(|parameter| parameter.grad().unwrap());
                    parameters.chain(x.grad()).collect::<Vec<_>>()
                });
                for (at_once, after) in gradients[0].iter().zip(&gradients[1]) {
                    assert!((at_once - after).abs().max().item() < 1e-5, "{}", block.kind());
                }
            }
        }
        let model = crate::sequential![Conv2d::new(1, 2, 3), BatchNorm2d::new(2), ReLU, ReLU, MaxPool2d::new(2)];
        let x = Tensor::randn([2, 1, 8, 8]);
        let written = model.iter().fold(x.clone(), |x, block| block.forward(&x));
        assert_eq!(model.forward(&x).to_vec::<f32>(), written.to_vec::<f32>());
    }

    fn set_training(block: &dyn Block, training: bool) {
        match training {
            true => block.train(),
            false => block.eval(),
        }
    }

    #[test]
    fn a_convolution_takes_relu_and_pooling_along() {
        crate::manual_seed(0);
        let conv = || Conv2d::new(1, 2, 3).padding(1);
        let halving = || MaxPool2d::new(2);
        let at_once = [crate::sequential![conv(), ReLU, halving()], crate::sequential![conv(), halving(), ReLU]];
        let not = [
            crate::sequential![conv(), ReLU, halving().stride(1)],
            crate::sequential![conv(), ReLU, halving().ceil_mode(true)],
            crate::sequential![conv(), halving(), Tanh],
            crate::sequential![conv(), Tanh, halving(), ReLU],
        ];
        let x = Tensor::randn([9, 1, 7, 6]);
        for (models, pooled) in [(&at_once[..], true), (&not, false)] {
            for model in models {
                let (y, profile) = crate::profiler::profile(|| model.forward(&x));
                let written = model.iter().fold(x.clone(), |x, block| block.forward(&x));
                assert_eq!(y.to_vec::<f32>(), written.to_vec::<f32>());
                let ran = |name: &str| profile.entries.iter().any(|entry| entry.name == name);
                assert_eq!(ran("conv2d_max_pool2d"), pooled, "{model}");
                assert_eq!(ran("max_pool2d") || ran("relu"), !pooled, "{model}");
            }
        }
    }

    #[test]
    #[should_panic(
        expected = "Sequential.2 (MaxPool2d): a window of 2x2 is larger than the padded input of shape [1, 2, 1, 1]"
    )]
    fn a_pooling_without_a_window_is_named() {
        let model = crate::sequential![Conv2d::new(1, 2, 3), ReLU, MaxPool2d::new(2)];
        model.train();
        model.forward(&Tensor::zeros([1, 1, 3, 3]));
    }

    /// Whole numbers, so that windows have ties, zeros among them.
    #[test]
    fn pooling_before_relu_gives_the_numbers_and_gradients_of_relu_before_pooling() {
        crate::manual_seed(0);
        let whole = |shape: [usize; 4]| Tensor::randint(-3, 3, shape).to(crate::DType::F32);
        for pool in [MaxPool2d::new(2), MaxPool2d::new(3).stride(2).padding(1)] {
            let x = whole([2, 3, 9, 8]).requires_grad_();
            let twin = x.detach().requires_grad_();
            let written = pool.forward(&twin.relu());
            let model = crate::sequential![ReLU, pool];
            let computed = model.forward(&x);
            assert_eq!(computed.to_vec::<f32>(), written.to_vec::<f32>());
            let weights = Tensor::randn(computed.size());
            (&computed * &weights).sum().backward();
            (&written * &weights).sum().backward();
            assert_eq!(x.grad().unwrap().to_vec::<f32>(), twin.grad().unwrap().to_vec::<f32>());
        }
        let order = crate::sequential![ReLU, MaxPool1d::new(2), ReLU, ReLU, MaxPool1d::new(2)];
        let places = |x: &Tensor| (0..5).map(|index| order.place(index, x)).collect::<Vec<_>>();
        assert_eq!(places(&Tensor::zeros([1, 1, 8])), [1, 0, 2, 4, 3]);
    }
}
