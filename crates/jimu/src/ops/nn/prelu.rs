//! `prelu`.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

pub(crate) fn try_prelu(x: &Tensor, weight: &Tensor) -> Result<Tensor, ShapeError> {
    let channels = if x.dim() < 2 { 1 } else { x.shape()[1] };
    let slopes = weight.numel();
    if weight.dim() > 1 || (slopes != 1 && slopes != channels) {
        let problem =
            format!("{slopes} slopes do not fit an input of shape {}, whose channels are {channels}", x.shape());
        return Err(ShapeError::new("prelu", problem).help("give one slope, or one for each channel (dimension 1)"));
    }
    let mut sizes = vec![1; x.dim()];
    if x.dim() >= 2 {
        sizes[1] = slopes;
    }
    Ok(x.gt(0.0).where_(x, &(x * weight.reshape(sizes))))
}

/// x where x > 0, elsewhere x times the slope of its channel:
/// [`torch.nn.functional.prelu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html).
///
/// # Args
/// - `weight`: one slope, or one for each channel, which are dimension 1.
///
/// # Shape
/// Any; the result has the same.
///
/// # Panics
/// If the number of slopes is neither 1 nor that of the channels.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let (x, slopes) = (Tensor::new([[-1.0, -1.0], [2.0, -2.0]]), Tensor::new([0.5, 0.25]));
/// assert_eq!(F::prelu(&x, &slopes).to_vec::<f32>(), [-0.5, -0.25, 2.0, -0.5]);
/// ```
#[track_caller]
pub fn prelu(x: &Tensor, weight: &Tensor) -> Tensor {
    try_prelu(x, weight).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| prelu(x[0], x[1]), &[&variable([2, 3, 2]), &variable([3])]);
        check(|x| prelu(x[0], x[1]), &[&variable([4]), &variable([1])]);
        check(|x| prelu(x[0], x[1]), &[&variable([]), &variable([1])]);
    }

    #[test]
    #[should_panic(expected = "prelu: 3 slopes do not fit an input of shape [2, 4], whose channels are 4")]
    fn refusal() {
        prelu(&Tensor::zeros([2, 4]), &Tensor::zeros([3]));
    }
}
