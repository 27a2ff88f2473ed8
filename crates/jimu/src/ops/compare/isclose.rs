//! `isclose`, `allclose` and `equal`.

use crate::tensor::Tensor;

impl Tensor {
    /// Whether each element is as near to `other`'s as rounding allows, |a - b| ≤ `atol` + `rtol` · |b|:
    /// [`torch.isclose`](https://pytorch.org/docs/stable/generated/torch.isclose.html). Infinities are near to
    /// themselves alone.
    ///
    /// # Args
    /// - `rtol`, `atol`: 1e-5 and 1e-8 in PyTorch unless given.
    /// - `equal_nan`: whether NaN is near to NaN.
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([1.0, 1.0, f32::NAN]), Tensor::new([1.000001, 1.1, f32::NAN]));
    /// assert_eq!(a.isclose(&b, 1e-5, 1e-8, true).to_vec::<bool>(), [true, false, true]);
    /// ```
    #[track_caller]
    pub fn isclose(&self, other: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Tensor {
        let (a, b) = (self.detach(), other.detach());
        let dtype = a.dtype().promote(b.dtype());
        // Differences of whole numbers are taken as real numbers, which cannot overflow.
        let (x, y) = (a.to(dtype.to_floating_point()), b.to(dtype.to_floating_point()));
        let near = (&x - &y).abs().le(&(y.abs() * rtol + atol)).logical_and(&y.isfinite()).logical_and(&x.isfinite());
        let close = near.logical_or(&a.eq(&b));
        if equal_nan { close.logical_or(&a.isnan().logical_and(&b.isnan())) } else { close }
    }

    /// Whether all elements are [close](Self::isclose) to `other`'s:
    /// [`torch.allclose`](https://pytorch.org/docs/stable/generated/torch.allclose.html).
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert!(Tensor::new([1.0, 2.0]).allclose(&Tensor::new([1.0, 2.000001]), 1e-5, 1e-8, false));
    /// ```
    #[track_caller]
    pub fn allclose(&self, other: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> bool {
        self.isclose(other, rtol, atol, equal_nan).all().item() != 0.0
    }

    /// Whether both tensors have one shape and the same elements:
    /// [`torch.equal`](https://pytorch.org/docs/stable/generated/torch.equal.html). NaN is unequal to itself.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1, 2]);
    /// assert!(x.equal(&x.clone()) && !x.equal(&Tensor::new([1, 3])) && !x.equal(&Tensor::new(1)));
    /// ```
    #[track_caller]
    pub fn equal(&self, other: &Tensor) -> bool {
        self.shape() == other.shape() && self.detach().eq(&other.detach()).all().item() != 0.0
    }
}

#[cfg(test)]
mod tests {
    use crate::tensor::Tensor;

    #[test]
    fn infinities_are_near_to_themselves_alone() {
        let (a, b) = (Tensor::new([f32::INFINITY; 3]), Tensor::new([f32::INFINITY, 1.0, f32::NEG_INFINITY]));
        assert_eq!(a.isclose(&b, 1.0, 1.0, false).to_vec::<bool>(), [true, false, false]);
        assert_eq!(b.isclose(&a, 1.0, 1.0, false).to_vec::<bool>(), [true, false, false]);
    }

    #[test]
    fn whole_numbers_and_truth_values() {
        assert!(Tensor::new([100, 7]).allclose(&Tensor::new([101, 7]), 0.0, 1.0, false));
        assert!(!Tensor::new([true]).allclose(&Tensor::new([false]), 0.0, 0.5, false));
        assert!(Tensor::zeros([0]).allclose(&Tensor::zeros([0]), 0.0, 0.0, false));
    }
}
