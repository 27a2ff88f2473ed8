//! How a list of samples becomes a batch.

use crate::Tensor;

/// A sample that can be put into a batch with others: PyTorch's
/// [`default_collate`](https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate).
///
/// | sample | batch |
/// |---|---|
/// | [`Tensor`] | their stack along a new first dimension |
/// | `f32`, `f64`, `i64`, `u8`, `bool`, `i32`, `usize` | a tensor of one dimension (`i32` and `usize` as `i64`) |
/// | a tuple | a tuple of batches |
/// | [`String`] | a `Vec` of them |
/// | [`Result`] | a batch, or the first error |
///
/// ```
/// use jimu::Tensor;
/// use jimu::data::Collate;
/// let samples = vec![(Tensor::zeros([2, 3]), 5i64), (Tensor::ones([2, 3]), 7)];
/// let (x, y) = Collate::collate(samples);
/// assert_eq!(x.size(), [2, 2, 3]);
/// assert_eq!(y.to_vec::<i64>(), [5, 7]);
/// ```
pub trait Collate: Sized {
    /// What the samples become together.
    type Batch;

    /// The batch.
    ///
    /// # Panics
    /// If the samples differ in shape or type, or there are none.
    #[track_caller]
    fn collate(samples: Vec<Self>) -> Self::Batch;
}

impl Collate for Tensor {
    type Batch = Tensor;

    #[track_caller]
    fn collate(samples: Vec<Self>) -> Tensor {
        Tensor::stack(&samples.iter().collect::<Vec<_>>(), 0)
    }
}

macro_rules! collate_number {
    ($($number:ty),*) => {$(
        impl Collate for $number {
            type Batch = Tensor;

            fn collate(samples: Vec<Self>) -> Tensor {
                Tensor::from(samples)
            }
        }
    )*};
}
collate_number!(f32, f64, i64, u8, bool);

macro_rules! collate_as_i64 {
    ($($number:ty),*) => {$(
        impl Collate for $number {
            type Batch = Tensor;

            fn collate(samples: Vec<Self>) -> Tensor {
                Tensor::from(samples.into_iter().map(|sample| sample as i64).collect::<Vec<_>>())
            }
        }
    )*};
}
// `i32` is what an integer literal falls back to.
collate_as_i64!(i32, usize);

impl Collate for String {
    type Batch = Vec<String>;

    fn collate(samples: Vec<Self>) -> Vec<String> {
        samples
    }
}

impl<T: Collate, E> Collate for Result<T, E> {
    type Batch = Result<T::Batch, E>;

    #[track_caller]
    fn collate(samples: Vec<Self>) -> Self::Batch {
        match samples.into_iter().collect() {
            Ok(samples) => Ok(T::collate(samples)),
            Err(error) => Err(error),
        }
    }
}

macro_rules! collate_tuple {
    ($($T:ident $list:ident),*) => {
        impl<$($T: Collate),*> Collate for ($($T,)*) {
            type Batch = ($($T::Batch,)*);

            #[track_caller]
            fn collate(samples: Vec<Self>) -> Self::Batch {
                $(let mut $list = Vec::with_capacity(samples.len());)*
                for sample in samples {
                    #[expect(non_snake_case, reason = "the values are named as their types")]
                    let ($($T,)*) = sample;
                    $($list.push($T);)*
                }
                ($($T::collate($list),)*)
            }
        }
    };
}
collate_tuple!(A a);
collate_tuple!(A a, B b);
collate_tuple!(A a, B b, C c);
collate_tuple!(A a, B b, C c, D d);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;

    #[test]
    fn tuples_are_collated_by_position() {
        let samples = vec![(1.5f32, 3usize, "a".to_owned(), true), (2.5, 4, "b".to_owned(), false)];
        let (a, b, c, d) = Collate::collate(samples);
        assert_eq!(a.to_vec::<f32>(), [1.5, 2.5]);
        assert_eq!(b.to_vec::<i64>(), [3, 4]);
        assert_eq!(c, ["a", "b"]);
        assert_eq!(d.dtype(), DType::Bool);
    }

    #[test]
    fn the_first_error_is_the_batch() {
        let samples = vec![Ok(1i64), Err("torn"), Ok(2), Err("burnt")];
        assert_eq!(Collate::collate(samples).err(), Some("torn"));
        assert_eq!(Collate::collate(vec![Ok::<_, ()>(1i64), Ok(2)]).unwrap().to_vec::<i64>(), [1, 2]);
    }
}
