//! `RandomHorizontalFlip` and `RandomVerticalFlip`.

use super::Transform;
use super::random::happens;
use super::window::image_size;
use crate::error::OrRaise;
use crate::ops::nn::dropout::check_probability;
use crate::tensor::Tensor;

macro_rules! flip {
    ($(#[$documentation:meta])* $flip:ident, $dim:literal) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug)]
        pub struct $flip {
            p: f64,
        }

        impl Default for $flip {
            fn default() -> Self {
                Self::new()
            }
        }

        impl $flip {
            /// Every other image, at random.
            pub fn new() -> Self {
                Self { p: 0.5 }
            }

            /// With this probability.
            ///
            /// # Panics
            /// If it is not from 0 to 1.
            #[track_caller]
            pub fn p(mut self, p: f64) -> Self {
                check_probability(p, stringify!($flip)).or_raise();
                self.p = p;
                self
            }
        }

        impl Transform for $flip {
            #[track_caller]
            fn forward(&self, image: &Tensor) -> Tensor {
                image_size(image, stringify!($flip)).or_raise();
                if happens(self.p) { image.flip($dim) } else { image.clone() }
            }
        }
    };
}

flip! {
    /// Left and right swapped, with probability `p`:
    /// [`torchvision.transforms.RandomHorizontalFlip`](https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomHorizontalFlip.html).
    ///
    /// # Args
    /// - [`p`](Self::p()): the probability, by default 0.5.
    ///
    /// # Shape
    /// […, H, W]; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// use jimu::vision::transforms::{RandomHorizontalFlip, Transform};
    /// let image = Tensor::new([[[1, 2, 3]]]);
    /// assert_eq!(RandomHorizontalFlip::new().p(1.0).forward(&image).to_vec::<i64>(), [3, 2, 1]);
    /// ```
    RandomHorizontalFlip, -1
}

flip! {
    /// Top and bottom swapped, with probability `p`:
    /// [`torchvision.transforms.RandomVerticalFlip`](https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomVerticalFlip.html).
    ///
    /// # Args
    /// - [`p`](Self::p()): the probability, by default 0.5.
    ///
    /// # Shape
    /// […, H, W]; the result has the same.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// use jimu::vision::transforms::{RandomVerticalFlip, Transform};
    /// let image = Tensor::new([[[1], [2], [3]]]);
    /// assert_eq!(RandomVerticalFlip::new().p(1.0).forward(&image).to_vec::<i64>(), [3, 2, 1]);
    /// ```
    RandomVerticalFlip, -2
}
