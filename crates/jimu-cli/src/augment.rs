//! Training images that are never twice the same.

use clap::ValueEnum;
use jimu::data::{Collate, Dataset, ImageSet};
use jimu::train::checkpoint::Normalization;
use jimu::vision::transforms::{Compose, RandomCrop, RandomErasing, RandomHorizontalFlip, RandomRotation, Transform};
use jimu::{InterpolateMode, Tensor};
use serde::{Deserialize, Serialize};

/// How far an image is turned at most.
const DEGREES: f64 = 10.0;

/// What can be done to a training image; they are done in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AugmentName {
    /// Shifted by up to an eighth of its side, the rest black
    Crop,
    /// Left and right swapped, every other one
    Flip,
    /// Turned by up to 10 degrees either way
    Rotate,
    /// A rectangle of 2 to 33 % of it replaced by the mean, every other one
    Erase,
}

impl AugmentName {
    /// The transform for images of this size whose black is `black`, one number for each channel.
    fn add_to(self, transforms: Compose, [height, width]: [usize; 2], black: &[f64]) -> Compose {
        let eighth = |side: usize| (side + 4) / 8;
        match self {
            Self::Crop => {
                let crop = RandomCrop::new((height, width)).padding([eighth(width), eighth(height)]);
                transforms.add(crop.fill(black.to_vec()))
            }
            Self::Flip => transforms.add(RandomHorizontalFlip::new()),
            Self::Rotate => {
                let rotation = RandomRotation::new(DEGREES).interpolation(InterpolateMode::Linear);
                transforms.add(rotation.fill(black.to_vec()))
            }
            Self::Erase => transforms.add(RandomErasing::new()),
        }
    }
}

/// The images to train on, changed at random as they enter a batch.
pub struct TrainingImages {
    images: ImageSet,
    augment: Compose,
}

impl TrainingImages {
    /// The images, standardised so, with these changes.
    pub fn new(images: ImageSet, normalization: &Normalization, augment: &[AugmentName]) -> Self {
        let [channels, height, width] = images.image_size();
        let black: Vec<f64> = match normalization.mean.is_empty() {
            true => vec![0.0; channels],
            false => {
                let each = normalization.mean.iter().zip(&normalization.std);
                each.map(|(&mean, &std)| f64::from((0.0 - mean) / std)).collect()
            }
        };
        let wanted = AugmentName::value_variants().iter().filter(|name| augment.contains(name));
        let add = |transforms, name: &AugmentName| name.add_to(transforms, [height, width], &black);
        Self { images, augment: wanted.fold(Compose::new(), add) }
    }

    /// The images as they are.
    pub fn images(&self) -> &ImageSet {
        &self.images
    }
}

impl Dataset for TrainingImages {
    type Item = (Tensor, i64);

    fn len(&self) -> usize {
        self.images.len()
    }

    #[track_caller]
    fn get(&self, index: usize) -> Self::Item {
        let (image, label) = self.images.get(index);
        (self.augment.forward(&image), label)
    }

    #[track_caller]
    fn batch(&self, indices: &[usize]) -> (Tensor, Tensor) {
        let (images, labels) = self.images.batch(indices);
        match self.augment.is_empty() {
            true => (images, labels),
            false => {
                let changed = images.unbind(0).iter().map(|image| self.augment.forward(image)).collect::<Vec<_>>();
                (Collate::collate(changed), labels)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jimu::DType;

    use super::*;

    #[test]
    fn black_is_black_in_standardised_numbers() {
        let images = ImageSet::new(vec![255; 3 * 16 * 8], [3, 16, 8], vec![4]).normalize(&[0.5, 0.4, 0.3], &[0.2; 3]);
        let normalization = Normalization { mean: vec![0.5, 0.4, 0.3], std: vec![0.2; 3] };
        let all = AugmentName::value_variants();
        let changed = TrainingImages::new(images.clone(), &normalization, all);
        assert_eq!((changed.len(), changed.augment.len()), (1, 4));
        let (x, y) = changed.batch(&[0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((x.size(), x.dtype(), y.to_vec::<i64>()), ([8, 3, 16, 8].into(), DType::F32, vec![4; 8]));
        for (channel, black) in [-2.5, -2.0, -1.5].into_iter().enumerate() {
            assert!((x.select(1, channel as isize).min().item() - black).abs() < 1e-4);
        }
        let as_they_are = TrainingImages::new(images.clone(), &normalization, &[]);
        assert!(as_they_are.batch(&[0]).0.equal(&images.batch(&[0]).0));
    }
}
