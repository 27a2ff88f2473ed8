//! The same values in other memory orders: no result may depend on how its inputs lie in memory.

use jimu::{DType, Tensor, no_grad};

/// How a case's tensors lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Row-major, as in the file.
    RowMajor,
    /// The first dimension fastest, then the last, the last but one, …: the batch innermost.
    BatchInnermost,
    /// The first dimension slowest, the second fastest: channels last.
    ChannelsLast,
    /// Row-major with a gap after each element and an offset before the first; the gaps hold NaN or odd values.
    Gaps,
}

impl Layout {
    /// The layouts that a case is repeated in once it has passed.
    pub const OTHERS: [Self; 3] = [Self::BatchInnermost, Self::ChannelsLast, Self::Gaps];

    /// For the line of a failing case.
    pub fn name(self) -> &'static str {
        match self {
            Self::RowMajor => "row-major",
            Self::BatchInnermost => "batch innermost",
            Self::ChannelsLast => "channels last",
            Self::Gaps => "gaps",
        }
    }

    /// A tensor equal to `tensor` with this layout.
    pub fn of(self, tensor: &Tensor) -> Tensor {
        no_grad(|| match self {
            Self::RowMajor => tensor.clone(),
            Self::BatchInnermost if tensor.dim() > 1 => tensor.movedim(0, -1).contiguous().movedim(-1, 0),
            Self::ChannelsLast if tensor.dim() > 2 => tensor.movedim(1, -1).contiguous().movedim(-1, 1),
            Self::BatchInnermost | Self::ChannelsLast => tensor.clone(),
            Self::Gaps => Tensor::stack(&[&noise(tensor), tensor], -1).select(-1, 1),
        })
    }
}

/// Values that spoil any result they enter.
fn noise(tensor: &Tensor) -> Tensor {
    match tensor.dtype() {
        DType::F32 | DType::F64 => tensor.full_like(f64::NAN),
        DType::I64 => tensor.full_like(i64::MIN),
        DType::U8 => tensor.full_like(255),
        DType::Bool => tensor.full_like(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_and_strides_change() {
        let x = Tensor::arange(0, 24).reshape([2, 3, 2, 2]);
        let strides: [(Layout, [usize; 4]); 3] = [
            (Layout::BatchInnermost, [1, 8, 4, 2]),
            (Layout::ChannelsLast, [12, 1, 6, 3]),
            (Layout::Gaps, [24, 8, 4, 2]),
        ];
        for (layout, strides) in strides {
            let y = layout.of(&x);
            assert_eq!(y.stride(), strides, "{}", layout.name());
            assert_eq!(y.to_vec::<i64>(), x.to_vec::<i64>(), "{}", layout.name());
        }
        assert_eq!(Layout::Gaps.of(&Tensor::new(2.5)).item(), 2.5);
    }
}
