//! `pixel_shuffle` and `pixel_unshuffle`.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

impl Tensor {
    /// Channels turned into finer pixels, for upsampling by sub-pixel convolution (Shi et al., 2016):
    /// [`torch.nn.functional.pixel_shuffle`](https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html).
    ///
    /// # Shape
    /// `(*, C·r², H, W)` to `(*, C, H·r, W·r)`, where r is `upscale_factor`.
    ///
    /// # Panics
    /// If there are fewer than three dimensions, or the channels are not a multiple of r².
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::arange(0, 4).reshape([4, 1, 1]);
    /// assert_eq!(x.pixel_shuffle(2).to_vec::<i64>(), [0, 1, 2, 3]);
    /// assert_eq!(Tensor::zeros([1, 9, 4, 4]).pixel_shuffle(3).size(), [1, 1, 12, 12]);
    /// ```
    #[track_caller]
    pub fn pixel_shuffle(&self, upscale_factor: usize) -> Tensor {
        try_pixel_shuffle(self, upscale_factor).or_raise()
    }

    /// Pixels turned into channels, which undoes [`pixel_shuffle`](Self::pixel_shuffle):
    /// [`torch.nn.functional.pixel_unshuffle`](https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html).
    ///
    /// # Shape
    /// `(*, C, H·r, W·r)` to `(*, C·r², H, W)`, where r is `downscale_factor`.
    ///
    /// # Panics
    /// If there are fewer than three dimensions, or height or width is not a multiple of r.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([1, 1, 12, 12]).pixel_unshuffle(3).size(), [1, 9, 4, 4]);
    /// ```
    #[track_caller]
    pub fn pixel_unshuffle(&self, downscale_factor: usize) -> Tensor {
        try_pixel_unshuffle(self, downscale_factor).or_raise()
    }
}

pub(crate) fn try_pixel_shuffle(x: &Tensor, r: usize) -> Result<Tensor, ShapeError> {
    let Images { lead, channels, height, width } = images(x, "pixel_shuffle")?;
    if r == 0 || !channels.is_multiple_of(r * r) {
        return Err(refusal("pixel_shuffle", format!("{channels} channels are no multiple of {r}²")));
    }
    let fine = channels / (r * r);
    let apart = x.reshape(joined(&[lead.iter().product()], &[fine, r, r, height, width]));
    Ok(apart.permute([0, 1, 4, 2, 5, 3]).reshape(joined(&lead, &[fine, height * r, width * r])))
}

pub(crate) fn try_pixel_unshuffle(x: &Tensor, r: usize) -> Result<Tensor, ShapeError> {
    let Images { lead, channels, height, width } = images(x, "pixel_unshuffle")?;
    if r == 0 || !height.is_multiple_of(r) || !width.is_multiple_of(r) {
        return Err(refusal("pixel_unshuffle", format!("{height} x {width} pixels are no multiples of {r}")));
    }
    let apart = x.reshape(joined(&[lead.iter().product()], &[channels, height / r, r, width / r, r]));
    Ok(apart.permute([0, 1, 3, 5, 2, 4]).reshape(joined(&lead, &[channels * r * r, height / r, width / r])))
}

struct Images {
    lead: Vec<usize>,
    channels: usize,
    height: usize,
    width: usize,
}

fn images(x: &Tensor, name: &str) -> Result<Images, ShapeError> {
    match x.shape().split_last_chunk::<3>() {
        Some((lead, &[channels, height, width])) => Ok(Images { lead: lead.to_vec(), channels, height, width }),
        None => Err(ShapeError::new(name, format!("images (*, C, H, W) are needed, but the shape is {}", x.shape()))
            .help("give at least three dimensions")),
    }
}

fn joined(front: &[usize], back: &[usize]) -> Shape {
    front.iter().chain(back).copied().collect()
}

fn refusal(name: &str, problem: String) -> ShapeError {
    ShapeError::new(name, problem).help("choose another factor, or pad the input")
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].pixel_shuffle(2) * x[1], &[&variable([4, 1, 2]), &variable([1, 2, 4])]);
        check(|x| x[0].pixel_unshuffle(2) * x[1], &[&variable([1, 2, 4]), &variable([4, 1, 2])]);
    }

    #[test]
    fn one_undoes_the_other() {
        let x = Tensor::arange(0, 2 * 3 * 4 * 9 * 2).reshape([2, 3, 8, 3, 3]);
        assert_eq!(x.pixel_shuffle(2).pixel_unshuffle(2).to_vec::<i64>(), x.to_vec::<i64>());
        assert_eq!(x.pixel_shuffle(2).index((0, 0, 0, 0)).to_vec::<i64>(), [0, 9, 1, 10, 2, 11]);
    }

    #[test]
    #[should_panic(expected = "pixel_shuffle: 6 channels are no multiple of 2²")]
    fn refusal() {
        Tensor::zeros([6, 2, 2]).pixel_shuffle(2);
    }
}
