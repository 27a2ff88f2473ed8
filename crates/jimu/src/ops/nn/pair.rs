//! Arguments that are one number for both axes or one for each.

use std::fmt::{Debug, Display};

/// Height before width: from one number for both, or from two.
///
/// ```
/// use jimu::nn::Pair;
/// assert_eq!(Pair::from(3), Pair::from((3, 3)));
/// assert_eq!(Pair::from([3, 5]).to_string(), "(3, 5)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair(pub(crate) [usize; 2]);

impl From<usize> for Pair {
    fn from(both: usize) -> Self {
        Self([both, both])
    }
}

impl From<(usize, usize)> for Pair {
    fn from((height, width): (usize, usize)) -> Self {
        Self([height, width])
    }
}

impl From<[usize; 2]> for Pair {
    fn from(pair: [usize; 2]) -> Self {
        Self(pair)
    }
}

impl Display for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({}, {})", self.0[0], self.0[1])
    }
}

/// A size, stride, padding or dilation: a number for signals (one dimension), a [`Pair`] for images (two). What slides
/// over signals slides over images of height 1.
///
/// ```
/// use jimu::nn::functional::ConvOptions;
/// use jimu::nn::Pair;
/// let signals = ConvOptions::<usize>::new().stride(2);
/// let images = ConvOptions::<Pair>::new().stride((2, 1));
/// ```
pub trait Extent: Copy + Debug + PartialEq + From<usize> + IntoExtent<Self> + sealed::Extent {}

impl Extent for usize {}
impl Extent for Pair {}

/// What an [`Extent`] can be given as: a number for signals, anything that makes a [`Pair`] for images.
///
/// ```
/// use jimu::nn::functional::MaxPoolOptions;
/// use jimu::nn::Pair;
/// assert_eq!(MaxPoolOptions::<Pair>::new(2), MaxPoolOptions::new((2, 2)));
/// ```
pub trait IntoExtent<S> {
    /// The extent.
    fn into_extent(self) -> S;
}

impl IntoExtent<usize> for usize {
    fn into_extent(self) -> usize {
        self
    }
}

impl<P: Into<Pair>> IntoExtent<Pair> for P {
    fn into_extent(self) -> Pair {
        self.into()
    }
}

pub(crate) mod sealed {
    use super::Pair;

    pub trait Extent: Sized {
        /// How many dimensions are meant.
        const DIMENSIONS: usize;

        /// Height and width, `height` being that of a signal.
        fn height_and_width(self, height: usize) -> [usize; 2];

        /// From the last numbers of a shape.
        fn of_last(sizes: &[usize]) -> Self;

        /// The numbers as PyTorch's Python prints a tuple of them.
        fn tuple(self) -> String;

        /// One number, or a tuple of them.
        fn shown(self) -> String;
    }

    impl Extent for usize {
        const DIMENSIONS: usize = 1;

        fn height_and_width(self, height: usize) -> [usize; 2] {
            [height, self]
        }
        fn of_last(sizes: &[usize]) -> Self {
            sizes[sizes.len() - 1]
        }
        fn tuple(self) -> String {
            format!("({self},)")
        }
        fn shown(self) -> String {
            self.to_string()
        }
    }

    impl Extent for Pair {
        const DIMENSIONS: usize = 2;

        fn height_and_width(self, _height: usize) -> [usize; 2] {
            self.0
        }
        fn of_last(sizes: &[usize]) -> Self {
            Self([sizes[sizes.len() - 2], sizes[sizes.len() - 1]])
        }
        fn tuple(self) -> String {
            self.to_string()
        }
        fn shown(self) -> String {
            self.to_string()
        }
    }
}
