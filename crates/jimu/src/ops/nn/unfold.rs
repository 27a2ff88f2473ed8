//! `unfold` (im2col) and `fold` (col2im).
//!
//! A window slides over rows and over columns independently, so both operations pick (or add up) the rows for every
//! window position and then the columns.

use std::fmt;

use crate::error::{OrRaise, ShapeError};
use crate::ops::index::{PadMode, index_add_checked, index_select_checked};
use crate::tensor::Tensor;

/// A window that slides over images; each number is for rows and columns.
///
/// ```
/// use jimu::{Tensor, Window};
/// let patches = Tensor::zeros([2, 3, 8, 8]).unfold(Window::new([3, 3]).padding([1, 1]).stride([2, 2]));
/// assert_eq!(patches.size(), [2, 27, 16]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    kernel_size: [usize; 2],
    dilation: [usize; 2],
    padding: [usize; 2],
    stride: [usize; 2],
}

impl Window {
    /// A window of this height and width, moved by single steps over the image as it is.
    pub fn new(kernel_size: [usize; 2]) -> Self {
        Self { kernel_size, dilation: [1, 1], padding: [0, 0], stride: [1, 1] }
    }

    /// The distance between neighbours in the window.
    pub fn dilation(mut self, dilation: [usize; 2]) -> Self {
        self.dilation = dilation;
        self
    }

    /// Zeros put around the image.
    pub fn padding(mut self, padding: [usize; 2]) -> Self {
        self.padding = padding;
        self
    }

    /// How far the window moves at a time.
    pub fn stride(mut self, stride: [usize; 2]) -> Self {
        self.stride = stride;
        self
    }

    /// How many places the window takes along each side of an image of `size`.
    fn places(self, size: [usize; 2], name: &str) -> Result<[usize; 2], ShapeError> {
        let mut places = [0; 2];
        for side in 0..2 {
            let (kernel, dilation, stride) = (self.kernel_size[side], self.dilation[side], self.stride[side]);
            if kernel == 0 || dilation == 0 || stride == 0 {
                return Err(ShapeError::new(name, "kernel size, dilation and stride must be at least 1")
                    .help("leave them out for the defaults"));
            }
            let (reach, padded) = (dilation * (kernel - 1) + 1, size[side] + 2 * self.padding[side]);
            let Some(room) = padded.checked_sub(reach) else {
                return Err(ShapeError::new(
                    name,
                    format!("a window that reaches over {reach} does not fit an image of {size:?} padded to {padded}"),
                )
                .help("use a smaller kernel or dilation, or more padding"));
            };
            places[side] = room / stride + 1;
        }
        Ok(places)
    }

    /// For each offset in the window and each place of it, the position in the padded image.
    fn positions(self, side: usize, places: usize) -> Tensor {
        let offsets = (0..self.kernel_size[side]).map(|offset| offset * self.dilation[side]);
        let positions: Vec<i64> = offsets
            .flat_map(|offset| (0..places).map(move |place| (offset + place * self.stride[side]) as i64))
            .collect();
        Tensor::from(positions)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |[height, width]: [usize; 2]| match height == width {
            true => height.to_string(),
            false => format!("({height}, {width})"),
        };
        let [kernel, dilation, padding, stride] =
            [self.kernel_size, self.dilation, self.padding, self.stride].map(shown);
        write!(f, "kernel_size={kernel}, dilation={dilation}, padding={padding}, stride={stride}")
    }
}

impl Tensor {
    /// The contents of a sliding window as columns, which turns a convolution into a product of matrices (im2col):
    /// [`torch.nn.functional.unfold`](https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html).
    ///
    /// # Shape
    /// `(N, C, H, W)` to `(N, C·kH·kW, L)`, where L is the number of places that the window takes; N may be missing.
    ///
    /// # Panics
    /// If the shape is another, or the window does not fit.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, Window};
    /// let x = Tensor::arange(0, 9).reshape([1, 3, 3]);
    /// let columns = x.unfold(Window::new([2, 2]));
    /// assert_eq!(columns.size(), [4, 4]);
    /// assert_eq!(columns.select(1, 0).to_vec::<i64>(), [0, 1, 3, 4]);
    /// ```
    #[track_caller]
    pub fn unfold(&self, window: Window) -> Tensor {
        try_unfold(self, window).or_raise()
    }

    /// Columns added up into images, each element where the window had found it (col2im):
    /// [`torch.nn.functional.fold`](https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html). What
    /// windows share is added, so this undoes [`unfold`](Self::unfold) only where they do not overlap.
    ///
    /// # Shape
    /// `(N, C·kH·kW, L)` to `(N, C, H, W)`, where `output_size` is `[H, W]`; N may be missing.
    ///
    /// # Panics
    /// If the sizes do not fit the window.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, Window};
    /// let x = Tensor::arange(0, 16).reshape([1, 4, 4]);
    /// let window = Window::new([2, 2]).stride([2, 2]);
    /// assert_eq!(x.unfold(window).fold([4, 4], window).to_vec::<i64>(), x.to_vec::<i64>());
    /// ```
    #[track_caller]
    pub fn fold(&self, output_size: [usize; 2], window: Window) -> Tensor {
        try_fold(self, output_size, window).or_raise()
    }
}

pub(crate) fn try_unfold(x: &Tensor, window: Window) -> Result<Tensor, ShapeError> {
    if x.dim() == 3 {
        return Ok(try_unfold(&x.unsqueeze(0), window)?.squeeze_dim(0));
    }
    let [n, c, h, w] = images(x)?;
    let [rows, columns] = window.places([h, w], "unfold")?;
    let ([kh, kw], [ph, pw]) = (window.kernel_size, window.padding);
    let padded = x.pad([pw, pw, ph, ph], PadMode::Constant(0.0));
    let picked = index_select_checked(&padded, 2, &window.positions(0, rows));
    let picked = index_select_checked(&picked, 3, &window.positions(1, columns));
    let apart = picked.reshape([n, c, kh, rows, kw, columns]).permute([0, 1, 2, 4, 3, 5]);
    Ok(apart.reshape([n, c * kh * kw, rows * columns]))
}

pub(crate) fn try_fold(x: &Tensor, output_size: [usize; 2], window: Window) -> Result<Tensor, ShapeError> {
    if x.dim() == 2 {
        return Ok(try_fold(&x.unsqueeze(0), output_size, window)?.squeeze_dim(0));
    }
    let [rows, columns] = window.places(output_size, "fold")?;
    let ([kh, kw], [ph, pw], [h, w]) = (window.kernel_size, window.padding, output_size);
    let [n, c] = fold_rule(x, kh * kw, rows * columns)?;
    let spread = x.reshape([n, c, kh, kw, rows, columns]).permute([0, 1, 2, 4, 3, 5]);
    let spread = spread.reshape([n, c, kh * rows, kw * columns]);
    let summed = index_add_checked(&spread, 3, w + 2 * pw, &window.positions(1, columns));
    let summed = index_add_checked(&summed, 2, h + 2 * ph, &window.positions(0, rows));
    Ok(summed.narrow(2, ph as isize, h).narrow(3, pw as isize, w))
}

fn images(x: &Tensor) -> Result<[usize; 4], ShapeError> {
    <[usize; 4]>::try_from(&**x.shape()).map_err(|_| {
        ShapeError::new("unfold", format!("images (N, C, H, W) are needed, but the shape is {}", x.shape()))
            .help("reshape the input to three or four dimensions")
    })
}

fn fold_rule(x: &Tensor, area: usize, places: usize) -> Result<[usize; 2], ShapeError> {
    match **x.shape() {
        [n, rows, columns] if rows.is_multiple_of(area) && columns == places => Ok([n, rows / area]),
        _ => Err(ShapeError::new(
            "fold",
            format!("columns of shape {} do not fit a window of {area} elements in {places} places", x.shape()),
        )
        .help("give (N, C·kH·kW, L) as unfold returns it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let window = Window::new([2, 3]).padding([1, 1]).stride([2, 1]).dilation([1, 2]);
        check(|x| x[0].unfold(window) * x[1], &[&variable([1, 2, 3, 4]), &variable([1, 12, 4])]);
        check(|x| x[0].fold([3, 4], window) * x[1], &[&variable([1, 12, 4]), &variable([1, 2, 3, 4])]);
    }

    #[test]
    fn the_window_steps_and_spreads() {
        let x = Tensor::arange(0, 20).reshape([1, 4, 5]);
        let columns = x.unfold(Window::new([2, 2]).stride([1, 2]).dilation([2, 1]));
        assert_eq!(columns.to_vec::<i64>(), [0, 2, 5, 7, 1, 3, 6, 8, 10, 12, 15, 17, 11, 13, 16, 18]);
    }

    #[test]
    fn shared_elements_are_added() {
        let window = Window::new([2, 2]);
        let counts = Tensor::ones([1, 3, 3]).unfold(window).fold([3, 3], window);
        assert_eq!(counts.to_vec::<f32>(), [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]);
    }

    #[test]
    #[should_panic(expected = "a window that reaches over 5 does not fit an image of [4, 9] padded to 4")]
    fn refusal() {
        Tensor::zeros([1, 4, 9]).unfold(Window::new([3, 3]).dilation([2, 2]));
    }
}
