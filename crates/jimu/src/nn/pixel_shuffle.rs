//! `PixelShuffle` and `PixelUnshuffle`.

use super::field::Label;
use super::{Forward, Module};
use crate::error::OrRaise;
use crate::ops::nn::pixel_shuffle::{try_pixel_shuffle, try_pixel_unshuffle};
use crate::tensor::Tensor;

/// Channels turned into finer pixels, for upsampling by sub-pixel convolution:
/// [`torch.nn.PixelShuffle`](https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html) (Shi et al., *Real-Time
/// Single Image and Video Super-Resolution*, 2016).
///
/// # Args
/// - `upscale_factor`: r.
///
/// # Shape
/// - Input: (*, c·r², h, w); output: (*, c, h·r, w·r).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, PixelShuffle}};
/// assert_eq!(PixelShuffle::new(3).forward(&Tensor::zeros([1, 9, 4, 4])).size(), [1, 1, 12, 12]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct PixelShuffle {
    upscale_factor: usize,
    label: Label,
}

impl PixelShuffle {
    /// `upscale_factor` times as many pixels along each axis.
    pub fn new(upscale_factor: usize) -> Self {
        Self { upscale_factor, label: Label::default() }
    }

    fn extra_repr(&self) -> String {
        format!("upscale_factor={}", self.upscale_factor)
    }
}

impl Forward for PixelShuffle {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_pixel_shuffle(x, self.upscale_factor)
            .map_err(|error| error.told_by(self.label.describe("PixelShuffle")))
            .or_raise()
    }
}

/// Pixels turned into channels, which undoes [`PixelShuffle`]:
/// [`torch.nn.PixelUnshuffle`](https://pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html).
///
/// # Args
/// - `downscale_factor`: r.
///
/// # Shape
/// - Input: (*, c, h·r, w·r); output: (*, c·r², h, w).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, PixelUnshuffle}};
/// assert_eq!(PixelUnshuffle::new(3).forward(&Tensor::zeros([1, 1, 12, 12])).size(), [1, 9, 4, 4]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct PixelUnshuffle {
    downscale_factor: usize,
    label: Label,
}

impl PixelUnshuffle {
    /// `downscale_factor` times fewer pixels along each axis.
    pub fn new(downscale_factor: usize) -> Self {
        Self { downscale_factor, label: Label::default() }
    }

    fn extra_repr(&self) -> String {
        format!("downscale_factor={}", self.downscale_factor)
    }
}

impl Forward for PixelUnshuffle {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_pixel_unshuffle(x, self.downscale_factor)
            .map_err(|error| error.told_by(self.label.describe("PixelUnshuffle")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "PixelShuffle: 6 channels are no multiple of 2²")]
    fn refusal() {
        PixelShuffle::new(2).forward(&Tensor::zeros([6, 2, 2]));
    }
}
