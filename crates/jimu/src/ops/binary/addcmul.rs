//! `addcmul` and `addcdiv`.

use crate::tensor::{Scalar, Tensor};

fn scaled(x: Tensor, factor: Scalar) -> Tensor {
    match factor {
        Scalar::Int(1) => x,
        Scalar::Int(factor) => x * factor,
        factor => x * factor.to_f64(),
    }
}

impl Tensor {
    /// `self + value · a · b`, element by element:
    /// [`torch.addcmul`](https://pytorch.org/docs/stable/generated/torch.addcmul.html).
    ///
    /// # Shape
    /// Any three that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([1.0, 2.0]), Tensor::new([3.0, 4.0]));
    /// assert_eq!(Tensor::ones([2]).addcmul(&a, &b, 10).to_vec::<f32>(), [31.0, 81.0]);
    /// ```
    #[track_caller]
    pub fn addcmul(&self, a: &Tensor, b: &Tensor, value: impl Into<Scalar>) -> Tensor {
        self + scaled(a * b, value.into())
    }

    /// `self + value · a / b`, element by element:
    /// [`torch.addcdiv`](https://pytorch.org/docs/stable/generated/torch.addcdiv.html).
    ///
    /// # Shape
    /// Any three that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([3.0, 8.0]), Tensor::new([3.0, 4.0]));
    /// assert_eq!(Tensor::ones([2]).addcdiv(&a, &b, 10).to_vec::<f32>(), [11.0, 21.0]);
    /// ```
    #[track_caller]
    pub fn addcdiv(&self, a: &Tensor, b: &Tensor, value: impl Into<Scalar>) -> Tensor {
        self + scaled(a / b, value.into())
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let inputs = [variable([2, 3]), variable([3]), variable([2, 1])];
        check(|x| x[0].addcmul(x[1], x[2], 0.5), &[&inputs[0], &inputs[1], &inputs[2]]);
        check(|x| x[0].addcdiv(x[1], x[2], 2), &[&inputs[0], &inputs[1], &inputs[2]]);
    }
}
