//! `median`, `kthvalue` and `quantile`: elements by their rank.

use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

/// How [`Tensor::quantile_dim`] finds a value between two elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuantileInterpolation {
    /// On the line between them.
    #[default]
    Linear,
    /// The smaller one.
    Lower,
    /// The larger one.
    Higher,
    /// Half way between them.
    Midpoint,
    /// The nearer one; the one of even rank if both are as near.
    Nearest,
}

/// The elements of rank `rank`, counted from 0, along `dim`, which stays with size 1, and where they are.
#[track_caller]
fn ranked(x: &Tensor, dim: usize, rank: usize) -> (Tensor, Tensor) {
    let positions = x.argsort(dim as isize, false);
    let positions = if x.dim() == 0 { positions } else { positions.narrow(dim as isize, rank as isize, 1) };
    (x.gather(dim as isize, &positions), positions)
}

#[track_caller]
fn squeezed(pair: (Tensor, Tensor), dim: usize, keepdim: bool) -> (Tensor, Tensor) {
    match keepdim || pair.0.dim() == 0 {
        true => pair,
        false => (pair.0.squeeze_dim(dim), pair.1.squeeze_dim(dim)),
    }
}

fn lane_rule(x: &Tensor, dim: isize, name: &str) -> Result<(usize, usize), ShapeError> {
    let place = x.shape().dim(dim, name)?;
    match x.shape().get(place).copied().unwrap_or(1) {
        0 => Err(ShapeError::new(name, format!("dimension {dim} of a tensor of shape {} is empty", x.shape()))
            .help("give the dimension at least one element")),
        size => Ok((place, size)),
    }
}

impl Tensor {
    /// The element in the middle of all in order, the lower of two, 0-d:
    /// [`torch.median`](https://pytorch.org/docs/stable/generated/torch.median.html). NaN if any element is.
    ///
    /// # Panics
    /// If there is no element.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([3.0, 1.0, 4.0, 2.0]).median().item(), 2.0);
    /// ```
    #[track_caller]
    pub fn median(&self) -> Tensor {
        self.reshape([-1]).median_dim(0, false).0
    }

    /// The elements in the middle along dimension `dim`, which goes, or stays with size 1, and their positions:
    /// `x.median(dim, keepdim)`. The gradient goes to the elements at these positions.
    ///
    /// # Panics
    /// If there is no such dimension, or it is empty.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (values, positions) = Tensor::new([[3.0, 1.0, 2.0]]).median_dim(1, false);
    /// assert_eq!((values.item(), positions.item()), (2.0, 2.0));
    /// ```
    #[track_caller]
    pub fn median_dim(&self, dim: isize, keepdim: bool) -> (Tensor, Tensor) {
        let (place, size) = lane_rule(self, dim, "median").or_raise();
        let (values, positions) = ranked(self, place, (size - 1) / 2);
        if !self.dtype().is_floating_point() || self.is_meta() {
            return squeezed((values, positions), place, keepdim);
        }
        // A NaN decides the result: the first of them.
        let nan = self.detach().isnan();
        let first = nan.to(DType::U8).argmax_dim(dim, true);
        let positions = nan.any_dim(dim, true).where_(&first, &positions);
        squeezed((self.gather(dim, &positions), positions), place, keepdim)
    }

    /// The `k`-th smallest elements along dimension `dim`, counted from 1, and their positions:
    /// [`torch.kthvalue`](https://pytorch.org/docs/stable/generated/torch.kthvalue.html). NaN counts as the largest.
    ///
    /// # Panics
    /// If there is no such dimension, or it has fewer than `k` elements.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (values, positions) = Tensor::new([3.0, 1.0, 2.0]).kthvalue(3, 0, false);
    /// assert_eq!((values.item(), positions.item()), (3.0, 0.0));
    /// ```
    #[track_caller]
    pub fn kthvalue(&self, k: usize, dim: isize, keepdim: bool) -> (Tensor, Tensor) {
        let place = kth_rule(self, k, dim).or_raise();
        squeezed(ranked(self, place, k - 1), place, keepdim)
    }

    /// The value below which the part `q` of all elements lies, between two elements on the line between them, 0-d:
    /// [`torch.quantile`](https://pytorch.org/docs/stable/generated/torch.quantile.html). NaN if any element is.
    ///
    /// # Args
    /// - `q`: a number from 0 to 1, or a tensor of one or of several in a vector, which then is the shape of the result;
    ///   the gradient flows to it, too.
    ///
    /// # Panics
    /// If there is no element, the elements are not real numbers, `q` lies outside 0 to 1, or has another type than the
    /// elements or more than one dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([4.0, 1.0, 2.0, 3.0]);
    /// assert_eq!(x.quantile(0.5).item(), 2.5);
    /// assert_eq!(x.quantile(&Tensor::new([0.0, 1.0])).to_vec::<f32>(), [1.0, 4.0]);
    /// ```
    #[track_caller]
    pub fn quantile<'a>(&self, q: impl Into<TensorOrScalar<'a>>) -> Tensor {
        self.reshape([-1]).quantile_dim(q, 0, false, QuantileInterpolation::Linear)
    }

    /// The quantiles along dimension `dim`, which goes, or stays with size 1:
    /// `torch.quantile(x, q, dim, keepdim, interpolation=…)`. Those of a vector `q` come one after the other in a
    /// dimension in front.
    ///
    /// # Panics
    /// As [`quantile`](Self::quantile), and if there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::{QuantileInterpolation, Tensor};
    /// let x = Tensor::new([[1.0, 2.0, 4.0], [0.0, 0.0, 9.0]]);
    /// assert_eq!(x.quantile_dim(0.75, 1, false, QuantileInterpolation::Linear).to_vec::<f32>(), [3.0, 4.5]);
    /// assert_eq!(x.quantile_dim(0.75, 1, true, QuantileInterpolation::Higher).size(), [2, 1]);
    /// let ends = Tensor::new([0.0, 0.5, 1.0]);
    /// assert_eq!(x.quantile_dim(&ends, 1, false, QuantileInterpolation::Linear).size(), [3, 2]);
    /// ```
    #[track_caller]
    pub fn quantile_dim<'a>(
        &self,
        q: impl Into<TensorOrScalar<'a>>,
        dim: isize,
        keepdim: bool,
        interpolation: QuantileInterpolation,
    ) -> Tensor {
        let q = beside(self, q.into());
        let (place, size) = quantile_rule(self, &q, dim).or_raise();
        let lanes = if self.dim() == 0 { self.reshape([1]) } else { self.transpose(place as isize, -1) };
        let (lanes, last) = (lanes.sort(-1, false).0, (size - 1) as f64);
        // A NaN stands last, and decides.
        let nan = lanes.detach().narrow(-1, -1, 1).isnan();
        let ranks = nan.where_(last, &(q.reshape([-1]) * last));
        let at = |rank: Tensor| lanes.gather(-1, &rank.detach().to(DType::I64));
        let between = |weight: &dyn Fn(&Tensor) -> Tensor| {
            let below = ranks.detach().floor();
            at(below.clone()).lerp(&at(ranks.ceil()), &weight(&below))
        };
        let values = match interpolation {
            QuantileInterpolation::Linear => between(&|below| &ranks - below),
            QuantileInterpolation::Lower => at(ranks.floor()),
            QuantileInterpolation::Higher => at(ranks.ceil()),
            QuantileInterpolation::Midpoint => between(&|below| Tensor::full_of(below.size(), 0.5, below.dtype())),
            QuantileInterpolation::Nearest => at(ranks.round()),
        };
        // The quantiles come last: they go to the front, and their dimension back to where it was.
        let values = values.unsqueeze(0).transpose(0, -1);
        let values = match self.dim() {
            0 => values.squeeze_dim(-1),
            _ if keepdim => values.transpose(place as isize + 1, -1),
            _ => values.transpose(place as isize + 1, -1).squeeze_dim(place as isize + 1),
        };
        if q.dim() == 0 { values.squeeze_dim(0) } else { values }
    }
}

/// `q` as a tensor of the elements' type, if it is a number.
fn beside(x: &Tensor, q: TensorOrScalar<'_>) -> Tensor {
    match q {
        TensorOrScalar::Tensor(q) => q.clone(),
        TensorOrScalar::Scalar(q) if x.dtype().is_floating_point() => Tensor::scalar(q, x.dtype()),
        TensorOrScalar::Scalar(q) => Tensor::scalar(q, DType::F32),
    }
}

fn kth_rule(x: &Tensor, k: usize, dim: isize) -> Result<usize, ShapeError> {
    let (place, size) = lane_rule(x, dim, "kthvalue")?;
    match (1..=size).contains(&k) {
        true => Ok(place),
        false => Err(ShapeError::new(
            "kthvalue",
            format!("element {k} is asked of dimension {dim} of a tensor of shape {}", x.shape()),
        )
        .help(format!("choose k from 1 to {size}"))),
    }
}

fn quantile_rule(x: &Tensor, q: &Tensor, dim: isize) -> Result<(usize, usize), ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("quantile", problem).help(help));
    if !x.dtype().is_floating_point() {
        let problem = format!("the result is real, but the elements are {}", x.dtype());
        return refuse(problem, "convert them with x.to(DType::F32) first");
    }
    if q.dim() > 1 || q.dtype() != x.dtype() {
        let problem = format!("q is {} of shape {}, and the elements are {}", q.dtype(), q.shape(), x.dtype());
        return refuse(problem, "give a number, or numbers of the elements' type in a vector");
    }
    let values = if q.is_meta() { Vec::new() } else { q.detach().to(DType::F64).to_vec::<f64>() };
    match values.iter().find(|&q| !(0.0..=1.0).contains(q)) {
        None => lane_rule(x, dim, "quantile"),
        Some(outside) => refuse(format!("q is {outside}"), "choose it from 0 to 1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| x[0].median_dim(1, true).0 * x[1], &[&variable([2, 4, 2]), &variable([2])]);
        check(|x| x[0].median(), &[&variable([2, 3])]);
        check(|x| x[0].kthvalue(2, 0, false).0, &[&variable([3, 2])]);
        use QuantileInterpolation::{Higher, Linear, Lower, Midpoint, Nearest};
        for interpolation in [Linear, Lower, Higher, Midpoint, Nearest] {
            check(|x| x[0].quantile_dim(0.3, -1, false, interpolation), &[&variable([2, 4])]);
        }
        let q = Tensor::new([0.3, 0.9, 0.1]).to(DType::F64).requires_grad_();
        for interpolation in [Linear, Midpoint] {
            check(|x| x[0].quantile_dim(x[1], 0, true, interpolation) * x[2], &[&variable([3, 2]), &q, &variable([2])]);
        }
    }

    #[test]
    fn nan_decides() {
        let x = Tensor::new([[1.0, f32::NAN, 0.0], [3.0, 2.0, 1.0]]);
        let (values, positions) = x.median_dim(1, false);
        assert!(values.to_vec::<f32>()[0].is_nan() && x.quantile(0.1).item().is_nan());
        assert_eq!((values.to_vec::<f32>()[1], positions.to_vec::<i64>()), (2.0, vec![1, 1]));
        assert_eq!(Tensor::new(5.0).median_dim(0, true).0.item(), 5.0);
        assert_eq!(Tensor::new([2, 9, 4, 1]).median().item(), 2.0);
    }

    #[test]
    fn several_quantiles_come_in_front() {
        let x = Tensor::arange(0, 24).to(DType::F32).reshape([2, 3, 4]);
        let q = Tensor::new([0.5, 0.25]);
        let values = x.quantile_dim(&q, 1, false, QuantileInterpolation::Linear);
        assert_eq!(values.size(), [2, 2, 4]);
        assert_eq!(values.select(0, 1).to_vec::<f32>(), [2.0, 3.0, 4.0, 5.0, 14.0, 15.0, 16.0, 17.0]);
        assert_eq!(x.quantile_dim(&q, -3, true, QuantileInterpolation::Nearest).size(), [2, 1, 3, 4]);
        assert_eq!(Tensor::new(3.0).quantile(&q).to_vec::<f32>(), [3.0, 3.0]);
        assert_eq!(Tensor::new(3.0).quantile_dim(0.2, 0, true, QuantileInterpolation::Lower).dim(), 0);
    }

    #[test]
    #[should_panic(expected = "quantile: q is 1.5")]
    fn beyond_the_last() {
        Tensor::zeros([2]).quantile(&Tensor::new([0.5, 1.5]));
    }

    #[test]
    #[should_panic(expected = "kthvalue: element 0 is asked of dimension 0 of a tensor of shape [2]")]
    fn refusal() {
        Tensor::zeros([2]).kthvalue(0, 0, false);
    }
}
