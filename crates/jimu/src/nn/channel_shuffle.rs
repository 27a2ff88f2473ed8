//! `ChannelShuffle`.

use super::field::Label;
use super::{Forward, Module};
use crate::error::OrRaise;
use crate::ops::nn::channel_shuffle::try_channel_shuffle;
use crate::tensor::Tensor;

/// Channels rearranged so that those of different groups become neighbours, between grouped convolutions:
/// [`torch.nn.ChannelShuffle`](https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html) (Zhang et al.,
/// *ShuffleNet*, 2018).
///
/// # Args
/// - `groups`: how many groups the channels are divided among.
///
/// # Shape
/// - Input: (n, c, *), c a multiple of `groups`; output: the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{ChannelShuffle, Forward}};
/// let x = Tensor::arange(0, 4).reshape([1, 4, 1]);
/// assert_eq!(ChannelShuffle::new(2).forward(&x).to_vec::<i64>(), [0, 2, 1, 3]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct ChannelShuffle {
    groups: usize,
    label: Label,
}

impl ChannelShuffle {
    /// For channels in `groups` groups.
    pub fn new(groups: usize) -> Self {
        Self { groups, label: Label::default() }
    }

    fn extra_repr(&self) -> String {
        format!("groups={}", self.groups)
    }
}

impl Forward for ChannelShuffle {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_channel_shuffle(x, self.groups)
            .map_err(|error| error.told_by(self.label.describe("ChannelShuffle")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(
        expected = "ChannelShuffle: the 5 channels of an input of shape [1, 5, 2] do not divide into 2 groups"
    )]
    fn refusal() {
        ChannelShuffle::new(2).forward(&Tensor::zeros([1, 5, 2]));
    }
}
