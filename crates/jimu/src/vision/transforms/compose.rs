//! `Compose`.

use super::Transform;
use crate::error::relay;
use crate::tensor::Tensor;

/// Transforms one after the other:
/// [`torchvision.transforms.Compose`](https://pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html). The
/// macro [`compose!`](crate::compose) writes it down.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{CenterCrop, Compose, Pad, Transform};
/// let both = Compose::new().add(Pad::new(1)).add(CenterCrop::new(3));
/// assert_eq!(both.forward(&Tensor::zeros([3, 5, 5])).size(), [3, 3, 3]);
/// ```
#[derive(Debug, Default)]
pub struct Compose {
    transforms: Vec<Box<dyn Transform>>,
}

impl Compose {
    /// No transforms yet.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::vision::transforms::{Compose, Transform};
    /// assert_eq!(Compose::new().forward(&Tensor::zeros([1, 2, 2])).size(), [1, 2, 2]);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// With a further transform after the others.
    ///
    /// ```
    /// use jimu::vision::transforms::{Compose, RandomHorizontalFlip};
    /// assert_eq!(Compose::new().add(RandomHorizontalFlip::new()).len(), 1);
    /// ```
    #[expect(clippy::should_implement_trait, reason = "the name that Sequential has, too")]
    pub fn add(mut self, transform: impl Transform + 'static) -> Self {
        self.transforms.push(Box::new(transform));
        self
    }

    /// How many transforms there are.
    ///
    /// ```
    /// assert_eq!(jimu::vision::transforms::Compose::new().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.transforms.len()
    }

    /// Whether there are no transforms.
    ///
    /// ```
    /// assert!(jimu::vision::transforms::Compose::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.transforms.is_empty()
    }
}

impl Transform for Compose {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        relay(|| self.transforms.iter().fold(image.clone(), |image, transform| transform.forward(&image)))
    }
}

/// Writes down a [`Compose`](crate::vision::transforms::Compose).
///
/// ```
/// use jimu::compose;
/// use jimu::vision::transforms::{RandomCrop, RandomHorizontalFlip};
/// assert_eq!(compose![RandomCrop::new(32).padding(4), RandomHorizontalFlip::new()].len(), 2);
/// ```
#[macro_export]
macro_rules! compose {
    ($($transform:expr),* $(,)?) => {
        $crate::vision::transforms::Compose::new()$(.add($transform))*
    };
}
