//! `+`, `-`, `*`, `/` between tensors, references to tensors and scalars, on both sides.

use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::Tensor;
use super::access::Scalar;

/// The operator `$op` for every combination of owned and borrowed tensors and scalars.
macro_rules! operator {
    ($Trait:ident, $method:ident, $Assign:ident, $assign:ident) => {
        impl $Trait<&Tensor> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                Tensor::$method(self, other)
            }
        }
        impl $Trait<Tensor> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: Tensor) -> Tensor {
                Tensor::$method(self, &other)
            }
        }
        impl $Trait<&Tensor> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                Tensor::$method(&self, other)
            }
        }
        impl $Trait<Tensor> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: Tensor) -> Tensor {
                Tensor::$method(&self, &other)
            }
        }
        /// Makes a new tensor and lets the variable name it; other handles keep the old one.
        impl<T> $Assign<T> for Tensor
        where
            for<'a> &'a Tensor: $Trait<T, Output = Tensor>,
        {
            #[track_caller]
            fn $assign(&mut self, other: T) {
                *self = $Trait::$method(&*self, other);
            }
        }
        // One type of each kind, so that a literal needs no suffix.
        operator!(@scalar $Trait, $method, f64 i64);
    };
    (@scalar $Trait:ident, $method:ident, $($scalar:ty)*) => {$(
        impl $Trait<$scalar> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: $scalar) -> Tensor {
                let other = Scalar::from(other);
                Tensor::$method(self, &Tensor::scalar(other, other.promote(self.dtype())))
            }
        }
        impl $Trait<$scalar> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: $scalar) -> Tensor {
                $Trait::$method(&self, other)
            }
        }
        impl $Trait<&Tensor> for $scalar {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                let own = Scalar::from(self);
                Tensor::$method(&Tensor::scalar(own, own.promote(other.dtype())), other)
            }
        }
        impl $Trait<Tensor> for $scalar {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: Tensor) -> Tensor {
                $Trait::$method(self, &other)
            }
        }
    )*};
}

operator!(Add, add, AddAssign, add_assign);
operator!(Sub, sub, SubAssign, sub_assign);
operator!(Mul, mul, MulAssign, mul_assign);
operator!(Div, div, DivAssign, div_assign);

impl Neg for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        Tensor::neg(self)
    }
}

impl Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        Tensor::neg(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;

    #[test]
    fn scalars_stand_on_both_sides() {
        let x = Tensor::new([1.0, 2.0]);
        assert_eq!((1.0 - &x).to_vec::<f32>(), [0.0, -1.0]);
        assert_eq!((&x - 1).to_vec::<f32>(), [0.0, 1.0]);
        assert_eq!((2 / x.clone()).to_vec::<f32>(), [2.0, 1.0]);
        assert_eq!((-x).to_vec::<f32>(), [-1.0, -2.0]);
    }

    #[test]
    fn scalars_raise_the_kind_but_not_the_width() {
        assert_eq!((Tensor::new([1u8]) * 2).dtype(), DType::U8);
        assert_eq!((Tensor::new([1]) * 2.0).dtype(), DType::F32);
        assert_eq!((Tensor::zeros_of([1], DType::F64) * 2.0).dtype(), DType::F64);
        assert_eq!((Tensor::new([1]) / 2).dtype(), DType::F32);
    }

    #[test]
    fn assignment_leaves_other_handles_alone() {
        let mut x = Tensor::new([1.0]);
        let before = x.clone();
        x += 1.0;
        x *= &before;
        assert_eq!((x.item(), before.item()), (2.0, 1.0));
    }
}
