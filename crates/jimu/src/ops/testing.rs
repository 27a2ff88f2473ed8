//! Checks that the tests of operations share.

use crate::autograd::{gradcheck, gradgradcheck};
use crate::dtype::DType;
use crate::tensor::{Shape, Tensor};

/// First and second derivatives of an element-wise function at `points`.
pub(crate) fn check_unary(f: impl Fn(&Tensor) -> Tensor, points: &[f64]) {
    let x = Tensor::from_slice(points, points.len()).requires_grad_();
    check(|inputs| f(inputs[0]), &[&x]);
}

/// First and second derivatives of a function of two tensors of the shapes given.
pub(crate) fn check_binary(f: impl Fn(&Tensor, &Tensor) -> Tensor, a: impl Into<Shape>, b: impl Into<Shape>) {
    check(|inputs| f(inputs[0], inputs[1]), &[&variable(a), &variable(b)]);
}

/// First and second derivatives of `f` at `inputs`.
#[track_caller]
pub(crate) fn check(f: impl Fn(&[&Tensor]) -> Tensor, inputs: &[&Tensor]) {
    // Behind a reference the checks are compiled once, not for each test.
    let f: &dyn Fn(&[&Tensor]) -> Tensor = &f;
    gradcheck(f, inputs).unwrap();
    gradgradcheck(f, inputs).unwrap();
}

/// A random `f64` tensor that requires gradients, its elements away from 0.
pub(crate) fn variable(shape: impl Into<Shape>) -> Tensor {
    let x = Tensor::randn(shape).to(DType::F64);
    let away: Vec<f64> = x.to_vec::<f64>().iter().map(|&x| x + 0.3f64.copysign(x)).collect();
    Tensor::from_vec(away, x.size()).requires_grad_()
}
