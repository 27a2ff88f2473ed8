//! Whether a result is close enough to the expected one, and how far off it is if not.

use std::fmt;

use jimu::{DType, Tensor, no_grad};

use super::cases::Tolerance;

/// Why a result is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// It is not even of the expected type, shape or kind.
    Kind(String),
    /// Its values differ.
    Values {
        /// The largest difference between two elements.
        largest: f64,
        /// What would have been allowed there.
        allowed: f64,
        /// Where it is.
        at: Vec<usize>,
        /// The element there.
        got: f64,
        /// The element expected there.
        want: f64,
        /// How many elements are refused.
        count: usize,
        /// Of how many.
        of: usize,
    },
}

impl Mismatch {
    /// The largest difference; infinite where it cannot be told.
    pub fn largest(&self) -> f64 {
        match self {
            Self::Kind(_) => f64::INFINITY,
            Self::Values { largest, .. } => *largest,
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(text) => f.write_str(text),
            Self::Values { largest, allowed, at, got, want, count, of } => write!(
                f,
                "largest difference {largest:.3e} (allowed {allowed:.1e}) at {at:?}: {got} instead of {want}; \
                 {count} of {of} elements differ"
            ),
        }
    }
}

/// Compares a result with the expected tensor; `double` says that float64 is expected where float32 is stored.
pub fn compare(got: &Tensor, want: &Tensor, tolerance: Tolerance, double: bool) -> Result<(), Mismatch> {
    let dtype = match want.dtype() {
        DType::F32 if double => DType::F64,
        dtype => dtype,
    };
    if got.dtype() != dtype {
        return Err(Mismatch::Kind(format!("the elements are {} instead of {dtype}", got.dtype())));
    }
    if got.shape() != want.shape() {
        return Err(Mismatch::Kind(format!("the shape is {} instead of {}", got.shape(), want.shape())));
    }
    let exact = Tolerance { rtol: 0.0, atol: 0.0 };
    let tolerance = if want.dtype().is_floating_point() { tolerance } else { exact };
    compare_values(&values(got), &values(want), want.shape(), tolerance)
}

/// Compares two lists of numbers.
pub fn compare_values(got: &[f64], want: &[f64], shape: &[usize], tolerance: Tolerance) -> Result<(), Mismatch> {
    let scale = want.iter().filter(|b| b.is_finite()).fold(1.0_f64, |scale, b| scale.max(b.abs()));
    let allowed = |b: f64| tolerance.atol * scale + tolerance.rtol * b.abs();
    let difference = |a: f64, b: f64| match a == b || (a.is_nan() && b.is_nan()) {
        true => 0.0,
        // An infinity or NaN that is not matched is refused whatever the tolerance.
        false if !(a.is_finite() && b.is_finite()) => f64::INFINITY,
        false => (a - b).abs(),
    };
    let refused = |&(_, (&a, &b)): &(usize, (&f64, &f64))| {
        let difference = difference(a, b);
        difference == f64::INFINITY || difference > allowed(b)
    };
    let pairs: Vec<_> = got.iter().zip(want).enumerate().filter(refused).collect();
    let worst = pairs.iter().max_by(|x, y| difference(*x.1.0, *x.1.1).total_cmp(&difference(*y.1.0, *y.1.1)));
    match worst {
        None => Ok(()),
        Some(&(index, (&got, &want_there))) => Err(Mismatch::Values {
            largest: difference(got, want_there),
            allowed: allowed(want_there),
            at: position(index, shape),
            got,
            want: want_there,
            count: pairs.len(),
            of: want.len(),
        }),
    }
}

/// The elements as `f64`, in row-major order. Integers beyond 2⁵³ do not occur in the cases.
fn values(tensor: &Tensor) -> Vec<f64> {
    no_grad(|| match tensor.dtype() {
        DType::F32 => tensor.to_vec::<f32>().into_iter().map(f64::from).collect(),
        DType::F64 => tensor.to_vec::<f64>(),
        DType::I64 => tensor.to_vec::<i64>().into_iter().map(|value| value as f64).collect(),
        DType::U8 => tensor.to_vec::<u8>().into_iter().map(f64::from).collect(),
        DType::Bool => tensor.to_vec::<bool>().into_iter().map(|value| f64::from(u8::from(value))).collect(),
    })
}

fn position(index: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = index;
    let mut at: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&size| {
            let place = rest % size;
            rest /= size;
            place
        })
        .collect();
    at.reverse();
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Tolerance = Tolerance { rtol: 1e-4, atol: 1e-5 };

    #[test]
    fn the_tolerance_grows_with_the_largest_element() {
        assert_eq!(compare_values(&[1.0 + 1e-3, 100.0], &[1.0, 100.0], &[2], TOLERANCE), Ok(()));
        let refused = compare_values(&[1.0, 1.0 + 1e-3, 2.0], &[1.0, 1.0, 2.0 + 1e-9], &[3, 1], TOLERANCE);
        let Err(Mismatch::Values { at, count, largest, .. }) = refused else { panic!("{refused:?}") };
        assert!(at == [1, 0] && count == 1 && (largest - 1e-3).abs() < 1e-12);
    }

    #[test]
    fn infinities_and_nan_must_be_met() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        assert_eq!(compare_values(&[nan, inf, -inf], &[nan, inf, -inf], &[3], TOLERANCE), Ok(()));
        for (got, want) in [(nan, 1.0), (1.0, nan), (inf, -inf), (inf, 1.0), (1.0, inf)] {
            assert!(compare_values(&[got, 0.0], &[want, 0.0], &[2], TOLERANCE).is_err(), "{got} for {want}");
        }
    }

    #[test]
    fn types_and_shapes_must_agree() {
        let float = Tensor::new([1.0, 2.0]);
        assert!(compare(&Tensor::new([1, 2]), &float, TOLERANCE, false).is_err());
        assert!(compare(&float.unsqueeze(0), &float, TOLERANCE, false).is_err());
        assert!(compare(&float.to(DType::F64), &float, TOLERANCE, false).is_err());
        assert_eq!(compare(&float.to(DType::F64), &float, TOLERANCE, true), Ok(()));
        assert!(compare(&Tensor::new([10_000_001]), &Tensor::new([10_000_000]), TOLERANCE, false).is_err());
    }

    #[test]
    fn positions() {
        assert_eq!(position(7, &[2, 3, 2]), [1, 0, 1]);
        assert_eq!(position(0, &[]), [0; 0]);
    }
}
