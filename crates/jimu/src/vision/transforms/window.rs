//! Pixels picked by row and column: what crops, pads and mirrors are made of.

use super::Fill;
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// What lies beyond the border of an image: the `padding_mode` of torchvision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BorderMode {
    /// The fill value.
    #[default]
    Constant,
    /// The pixel on the border: `edge`.
    Edge,
    /// The image mirrored, without the pixels on the border again: 3 2 | 1 2 3 | 2 1.
    Reflect,
    /// The image mirrored, and the pixels on the border with it: 2 1 | 1 2 3 | 3 2.
    Symmetric,
}

impl BorderMode {
    /// Which of `size` places stands at `index`, which may lie outside; none for a filled one.
    fn place(self, index: isize, size: usize) -> Option<usize> {
        let last = size as isize - 1;
        let mirrored = |index: isize, period: isize, turn: isize| {
            let index = index.rem_euclid(period.max(1));
            if index > last { turn - index } else { index }
        };
        let inside = match self {
            Self::Constant if !(0..=last).contains(&index) => return None,
            Self::Constant => index,
            Self::Edge => index.clamp(0, last),
            Self::Reflect => mirrored(index, 2 * last, 2 * last),
            Self::Symmetric => mirrored(index, 2 * last + 2, 2 * last + 1),
        };
        Some(inside as usize)
    }
}

/// Which rows, or columns, of an image are taken, in order; none for one that is filled.
#[derive(Clone, Debug)]
pub(super) struct Places(Vec<Option<usize>>);

impl Places {
    /// All of them.
    pub(super) fn all(size: usize) -> Self {
        Self((0..size).map(Some).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// With `before` and `after` more on either side.
    pub(super) fn padded(self, [before, after]: [usize; 2], mode: BorderMode) -> Self {
        if before + after == 0 || self.len() == 0 {
            return self;
        }
        let range = -(before as isize)..(self.len() + after) as isize;
        Self(range.map(|index| self.0[mode.place(index, self.len())?]).collect())
    }

    /// `size` of them from number `start` on.
    pub(super) fn cropped(mut self, start: usize, size: usize) -> Self {
        self.0.drain(..start);
        self.0.truncate(size);
        self
    }

    /// Where they lie beside each other in the image: the first of them.
    fn run(&self) -> Option<usize> {
        let first = self.0.first().copied().flatten()?;
        self.0.iter().enumerate().all(|(at, place)| *place == Some(first + at)).then_some(first)
    }

    fn take(&self, image: &Tensor, dim: isize) -> Tensor {
        match self.run() {
            Some(first) => image.narrow(dim, first as isize, self.len()),
            None => {
                let index: Vec<i64> = self.0.iter().map(|place| place.unwrap_or(0) as i64).collect();
                image.index_select(dim, &Tensor::from(index))
            }
        }
    }
}

/// The pixels of `image` in these rows and columns.
pub(super) fn pick(
    image: &Tensor,
    [rows, columns]: &[Places; 2],
    fill: &Fill,
    who: &str,
) -> Result<Tensor, ShapeError> {
    let picked = columns.take(&rows.take(image, -2), -1);
    let outside = |places: &Places| places.0.iter().any(Option::is_none);
    if !outside(rows) && !outside(columns) {
        return Ok(picked);
    }
    let inside: Vec<bool> =
        rows.0.iter().flat_map(|row| columns.0.iter().map(|column| row.is_some() && column.is_some())).collect();
    let inside = Tensor::from_vec(inside, [rows.len(), columns.len()]);
    Ok(inside.where_(&picked, &fill.like(image, who)?))
}

/// Height and width of an image that has pixels.
pub(super) fn image_size(image: &Tensor, who: &str) -> Result<[usize; 2], ShapeError> {
    let shape = image.shape();
    match shape[..] {
        [.., height, width] if height > 0 && width > 0 => Ok([height, width]),
        _ => Err(ShapeError::new(who, format!("an image […, C, H, W] is needed, but the shape is {shape}"))
            .help("give a height and a width of at least 1")),
    }
}

/// `f` of the image in real numbers; bytes are converted for it, and what it gives is rounded to bytes again.
#[track_caller]
pub(super) fn in_real_numbers(image: &Tensor, who: &str, f: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
    match image.dtype() {
        DType::F32 | DType::F64 => f(image),
        DType::U8 => f(&image.to(DType::F32)).round().clamp(0.0, 255.0).to(DType::U8),
        other => {
            let error = ShapeError::new(who, format!("the image holds {other}"));
            Err(error.help("images are bytes (DType::U8) or real numbers")).or_raise()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beyond_the_border() {
        let of = |mode: BorderMode| Places::all(3).padded([2, 4], mode).0;
        let some = |places: [usize; 9]| places.map(Some).to_vec();
        assert_eq!(of(BorderMode::Edge), some([0, 0, 0, 1, 2, 2, 2, 2, 2]));
        assert_eq!(of(BorderMode::Reflect), some([2, 1, 0, 1, 2, 1, 0, 1, 2]));
        assert_eq!(of(BorderMode::Symmetric), some([1, 0, 0, 1, 2, 2, 1, 0, 0]));
        assert_eq!(of(BorderMode::Constant)[1..5], [None, Some(0), Some(1), Some(2)]);
        assert_eq!(Places::all(1).padded([2, 2], BorderMode::Reflect).0, [Some(0); 5]);
    }
}
