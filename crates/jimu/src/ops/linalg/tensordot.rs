//! `tensordot`.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Shape, Tensor};

impl Tensor {
    /// The products summed over the last `dims` dimensions of `self` and the first `dims` of `other`:
    /// [`torch.tensordot`](https://pytorch.org/docs/stable/generated/torch.tensordot.html). With 1 it is a product of
    /// matrices, with 0 an outer product.
    ///
    /// # Panics
    /// If there are not as many dimensions, or their sizes differ.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::ones([2, 3, 4]).tensordot(&Tensor::ones([3, 4, 5]), 2).size(), [2, 5]);
    /// ```
    #[track_caller]
    pub fn tensordot(&self, other: &Tensor, dims: usize) -> Tensor {
        if dims > self.dim().min(other.dim()) {
            let (left, right) = (self.shape(), other.shape());
            crate::error::raise(
                ShapeError::new("tensordot", format!("the shapes {left} and {right} do not share {dims} dimensions"))
                    .help("sum over no more dimensions than both have"),
            );
        }
        let own: Vec<usize> = (self.dim() - dims..self.dim()).collect();
        self.tensordot_dims(other, own, (0..dims).collect::<Vec<_>>())
    }

    /// The products summed over the dimensions `own` of `self` and `others` of `other`, pair by pair:
    /// `torch.tensordot(a, b, dims=(own, others))`.
    ///
    /// # Shape
    /// The dimensions of `self` that are left, then those of `other`. A size of 1 meets any.
    ///
    /// # Panics
    /// If the lists differ in length, a dimension is named twice, or the sizes of a pair differ.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::ones([3, 4, 5]), Tensor::ones([4, 3, 2]));
    /// assert_eq!(a.tensordot_dims(&b, [1, 0], [0, 1]).size(), [5, 2]);
    /// ```
    #[track_caller]
    pub fn tensordot_dims(&self, other: &Tensor, own: impl Into<Dims>, others: impl Into<Dims>) -> Tensor {
        let (own, others) = dims_rule(self, other, &own.into(), &others.into()).or_raise();
        let (mut a, mut b) = (self.clone(), other.clone());
        for (&left, &right) in own.iter().zip(&others) {
            match (a.shape()[left], b.shape()[right]) {
                (1, size) if size != 1 => b = b.sum_dim(right, true),
                (size, 1) if size != 1 => a = a.sum_dim(left, true),
                _ => {}
            }
        }
        let rest = |x: &Tensor, gone: &[usize]| (0..x.dim()).filter(|dim| !gone.contains(dim)).collect::<Vec<_>>();
        let (kept, added) = (rest(&a, &own), rest(&b, &others));
        let size = |x: &Tensor, dims: &[usize]| dims.iter().map(|&dim| x.shape()[dim]).product::<usize>();
        let rows = a.permute([kept.clone(), own.clone()].concat()).reshape([size(&a, &kept), size(&a, &own)]);
        let columns =
            b.permute([others.clone(), added.clone()].concat()).reshape([size(&b, &others), size(&b, &added)]);
        let sizes = kept.iter().map(|&dim| a.shape()[dim]).chain(added.iter().map(|&dim| b.shape()[dim]));
        rows.mm(&columns).reshape(sizes.collect::<Shape>())
    }
}

fn dims_rule(a: &Tensor, b: &Tensor, own: &Dims, others: &Dims) -> Result<(Vec<usize>, Vec<usize>), ShapeError> {
    let refuse = |problem: String, help: &str| ShapeError::new("tensordot", problem).help(help);
    if own.len() != others.len() {
        let (left, right) = (own.len(), others.len());
        return Err(refuse(
            format!("{left} dimensions of one cannot be summed with {right} of the other"),
            "name as many of each",
        ));
    }
    let places = |x: &Tensor, dims: &Dims| -> Result<Vec<usize>, ShapeError> {
        let places = dims.iter().map(|&dim| x.shape().dim(dim, "tensordot")).collect::<Result<Vec<_>, _>>()?;
        match places.iter().enumerate().find(|&(at, place)| places[..at].contains(place)) {
            Some((at, _)) => Err(refuse(format!("dimension {} is named twice", dims[at]), "name each dimension once")),
            None => Ok(places),
        }
    };
    let (left, right) = (places(a, own)?, places(b, others)?);
    for (&dim, &other) in left.iter().zip(&right) {
        let (size, wanted) = (a.shape()[dim], b.shape()[other]);
        if size != wanted && size != 1 && wanted != 1 {
            let (own, theirs) = (a.shape(), b.shape());
            return Err(refuse(
                format!(
                    "dimension {dim} of shape {own} and {other} of shape {theirs} are summed together, but have sizes {size} and {wanted}"
                ),
                "name the dimensions in the same order for both",
            ));
        }
    }
    Ok((left, right))
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].tensordot(x[1], 2), &[&variable([2, 3, 2]), &variable([3, 2, 2])]);
        check(|x| x[0].tensordot_dims(x[1], [0, -1], [1, 0]), &[&variable([2, 3, 2]), &variable([2, 2])]);
        check(|x| x[0].tensordot(x[1], 0), &[&variable([2]), &variable([3])]);
        check(|x| x[0].tensordot_dims(x[1], [1], [0]), &[&variable([2, 1]), &variable([3, 2])]);
    }

    #[test]
    #[should_panic(expected = "dimension 1 of shape [2, 3] and 0 of shape [2, 3] are summed together")]
    fn refusal() {
        Tensor::zeros([2, 3]).tensordot(&Tensor::zeros([2, 3]), 1);
    }
}
