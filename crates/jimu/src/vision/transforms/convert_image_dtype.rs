//! `ConvertImageDtype`.

use super::Transform;
use crate::dtype::DType;
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// The image in another type of numbers, of which the largest stands for what the largest of the old one did: real numbers
/// are from 0 to 1, whole ones from 0 to the largest there is.
/// [`torchvision.transforms.ConvertImageDtype`](https://pytorch.org/vision/stable/generated/torchvision.transforms.ConvertImageDtype.html).
///
/// # Args
/// - `dtype`: the type of the result.
///
/// # Shape
/// Any; the result has the same.
///
/// # Examples
/// ```
/// use jimu::vision::transforms::{ConvertImageDtype, Transform};
/// use jimu::{DType, Tensor};
/// let bytes = Tensor::new([0, 51, 255]).to(DType::U8);
/// let image = ConvertImageDtype::new(DType::F32).forward(&bytes);
/// assert_eq!(image.to_vec::<f32>(), [0.0, 0.2, 1.0]);
/// assert_eq!(ConvertImageDtype::new(DType::U8).forward(&image).to_vec::<u8>(), [0, 51, 255]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ConvertImageDtype {
    dtype: DType,
}

impl ConvertImageDtype {
    /// Into numbers of type `dtype`.
    pub fn new(dtype: DType) -> Self {
        Self { dtype }
    }
}

impl Transform for ConvertImageDtype {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        let (from, to) = (image.dtype(), self.dtype);
        // 255.999 rather than 255, so that each byte stands for a range of the same length.
        match (from, to) {
            _ if from == to => image.clone(),
            (DType::F32 | DType::F64, DType::F32 | DType::F64) => image.to(to),
            (DType::U8, DType::F32 | DType::F64) => image.to(to) / 255.0,
            (DType::F32 | DType::F64, DType::U8) => (image * 255.999).to(to),
            (DType::I64, DType::F32 | DType::F64) => image.to(to) / i64::MAX as f64,
            (DType::U8, DType::I64) => image.to(to) * (1_i64 << 55),
            (DType::I64, DType::U8) => image.div_rounded(1_i64 << 55, crate::Rounding::Floor).to(to),
            _ => raise(
                ShapeError::new("ConvertImageDtype", format!("an image of {from} cannot become one of {to}"))
                    .help("images are bytes (DType::U8) or real numbers from 0 to 1"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::message;

    #[test]
    fn every_byte_comes_back() {
        let bytes = Tensor::from_vec((0..=255u8).collect(), [1, 16, 16]);
        for dtype in [DType::F32, DType::F64, DType::I64] {
            let there = ConvertImageDtype::new(dtype).forward(&bytes);
            assert!(ConvertImageDtype::new(DType::U8).forward(&there).equal(&bytes), "{dtype}");
        }
        let refused = message(|| ConvertImageDtype::new(DType::Bool).forward(&bytes));
        assert!(refused.contains("an image of uint8 cannot become one of bool"), "{refused}");
    }
}
