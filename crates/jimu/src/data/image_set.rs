//! Images as bytes in memory.

use std::sync::Arc;

use jimu_kernels::buffer::Buffer;
use jimu_kernels::pixels::{self, Table};

use super::tensor_dataset::check_index;
use super::{Collate, Dataset};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Layout, Tensor};

/// Labelled images that lie in memory as bytes, a quarter of their size as `f32`, and become numbers as they enter a
/// batch: MNIST, Fashion-MNIST, CIFAR-10.
///
/// A sample is an image `[C, H, W]` in `f32` and its label; a batch is `[B, C, H, W]` and the labels in `i64`. A pixel
/// becomes `byte / 255`, from 0 to 1, and after [`normalize`](Self::normalize) `(byte / 255 - mean) / std`.
///
/// # Examples
/// ```
/// use jimu::data::{DataLoader, Dataset, ImageSet};
/// // Four images of one channel and 2x2 pixels.
/// let set = ImageSet::new((0..16).map(|i| i * 17).collect(), [1, 2, 2], vec![0, 1, 0, 1]);
/// let (x, y) = DataLoader::new(set, 4).iter().next().unwrap();
/// assert_eq!(x.size(), [4, 1, 2, 2]);
/// assert_eq!(x.select(0, 3).to_vec::<f32>(), [0.8, 13.0 / 15.0, 14.0 / 15.0, 1.0]);
/// assert_eq!(y.to_vec::<i64>(), [0, 1, 0, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct ImageSet {
    // As it was given: a copy of a whole set would double the memory that loading takes.
    images: Arc<Vec<u8>>,
    labels: Arc<[i64]>,
    /// Channels, height, width.
    size: [usize; 3],
    scale: f64,
    /// Mean and deviation of each channel; none to leave it as it is.
    standard: Vec<(f32, f32)>,
    /// What a byte becomes, for each channel.
    tables: Vec<Table>,
    batch_innermost: bool,
}

impl ImageSet {
    /// Images of `size` (channels, height, width), one after the other in `images`, each plane row by row, and their
    /// labels.
    ///
    /// # Panics
    /// If there are not as many images as labels.
    ///
    /// ```
    /// use jimu::data::{Dataset, ImageSet};
    /// let set = ImageSet::new(vec![0; 10 * 3 * 32 * 32], [3, 32, 32], vec![7; 10]);
    /// assert_eq!(set.len(), 10);
    /// ```
    #[track_caller]
    pub fn new(images: Vec<u8>, size: [usize; 3], labels: Vec<i64>) -> Self {
        let (have, pixels) = (images.len(), size.iter().product::<usize>());
        let checked = if have == pixels * labels.len() { Ok(()) } else { Err(labels.len()) };
        checked
            .map_err(|count| {
                ShapeError::new("ImageSet", format!("{count} images of size {size:?} are not {have} bytes"))
                    .help(format!("give {pixels} bytes for each label"))
            })
            .or_raise();
        let standard = Vec::new();
        let mut set = Self {
            images: Arc::new(images),
            labels: labels.into(),
            size,
            scale: 1.0 / 255.0,
            standard,
            tables: Vec::new(),
            batch_innermost: false,
        };
        set.fill_tables();
        set
    }

    /// What bytes are multiplied by; 1/255 by default.
    ///
    /// ```
    /// use jimu::data::{Dataset, ImageSet};
    /// let set = ImageSet::new(vec![200], [1, 1, 1], vec![0]).scale(1.0);
    /// assert_eq!(set.get(0).0.item(), 200.0);
    /// ```
    pub fn scale(mut self, scale: f64) -> Self {
        self.scale = scale;
        self.fill_tables();
        self
    }

    /// Standardises each channel: its mean is subtracted and the rest divided by its deviation, both in scaled units,
    /// as by torchvision's `Normalize`.
    ///
    /// # Panics
    /// If there is not one mean and one deviation above 0 for each channel.
    ///
    /// ```
    /// use jimu::data::{Dataset, ImageSet};
    /// let set = ImageSet::new(vec![255, 0], [1, 1, 2], vec![0]).normalize(&[0.5], &[0.25]);
    /// assert_eq!(set.get(0).0.to_vec::<f32>(), [2.0, -2.0]);
    /// ```
    #[track_caller]
    pub fn normalize(mut self, mean: &[f32], std: &[f32]) -> Self {
        let channels = self.size[0];
        let fits = mean.len() == channels && std.len() == channels;
        let valid = std.iter().all(|&std| std > 0.0 && std.is_finite()) && mean.iter().all(|mean| mean.is_finite());
        let checked = match (fits, valid) {
            (true, true) => Ok(()),
            (false, _) => Err(ShapeError::new(
                "ImageSet",
                format!("{} means and {} deviations for {channels} channels", mean.len(), std.len()),
            )
            .help("give one mean and one deviation for each channel")),
            (true, false) => Err(ShapeError::new("ImageSet", format!("the means {mean:?}, the deviations {std:?}"))
                .help("give finite means and deviations above 0; mean_and_std() computes them")),
        };
        checked.or_raise();
        self.standard = mean.iter().copied().zip(std.iter().copied()).collect();
        self.fill_tables();
        self
    }

    /// Whether a batch lies in memory with the images side by side, strides `(1, H·W·B, W·B, B)`, which suits
    /// convolutions over few channels. No value depends on it.
    ///
    /// ```
    /// use jimu::data::{Dataset, ImageSet};
    /// let set = ImageSet::new(vec![0; 8 * 6], [1, 2, 3], vec![0; 8]).batch_innermost(true);
    /// let (x, _) = set.batch(&[5, 1, 3, 0]);
    /// assert_eq!((x.size(), x.stride()), ([4, 1, 2, 3].into(), &[1, 24, 12, 4][..]));
    /// ```
    pub fn batch_innermost(mut self, on: bool) -> Self {
        self.batch_innermost = on;
        self
    }

    /// The size of an image: channels, height, width.
    ///
    /// ```
    /// use jimu::data::ImageSet;
    /// assert_eq!(ImageSet::new(vec![], [3, 32, 32], vec![]).image_size(), [3, 32, 32]);
    /// ```
    pub fn image_size(&self) -> [usize; 3] {
        self.size
    }

    /// All labels, in order.
    ///
    /// ```
    /// use jimu::data::ImageSet;
    /// assert_eq!(ImageSet::new(vec![1, 2], [1, 1, 1], vec![7, 3]).labels(), [7, 3]);
    /// ```
    pub fn labels(&self) -> &[i64] {
        &self.labels
    }

    /// The bytes of the image at `index`.
    ///
    /// # Panics
    /// If there is no such image.
    ///
    /// ```
    /// use jimu::data::ImageSet;
    /// assert_eq!(ImageSet::new(vec![1, 2, 3, 4], [1, 1, 2], vec![0, 0]).bytes(1), [3, 4]);
    /// ```
    #[track_caller]
    pub fn bytes(&self, index: usize) -> &[u8] {
        check_index("ImageSet", index, self.len()).or_raise();
        let pixels = self.pixels();
        &self.images[index * pixels..][..pixels]
    }

    /// The mean and the deviation of each channel over all images, in scaled units: what [`normalize`](Self::normalize)
    /// takes. Of no images, 0 and 1; the deviation of a channel of one colour is 1, since it cannot be divided by.
    ///
    /// ```
    /// use jimu::data::ImageSet;
    /// let set = ImageSet::new(vec![0, 255, 255, 0], [1, 1, 2], vec![0, 0]);
    /// assert_eq!(set.mean_and_std(), (vec![0.5], vec![0.5]));
    /// ```
    pub fn mean_and_std(&self) -> (Vec<f32>, Vec<f32>) {
        let [channels, height, width] = self.size;
        let mut counts = vec![[0u64; 256]; channels];
        for (plane, bytes) in self.images.chunks_exact((height * width).max(1)).enumerate() {
            let counts = &mut counts[plane % channels];
            bytes.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
        }
        counts.iter().map(|counts| self.moments(counts)).unzip()
    }

    /// Mean and deviation from how often each byte occurs: exact, however many pixels there are.
    fn moments(&self, counts: &[u64; 256]) -> (f32, f32) {
        let total = counts.iter().sum::<u64>() as f64;
        if total == 0.0 {
            return (0.0, 1.0);
        }
        let average = |f: &dyn Fn(f64) -> f64| {
            counts.iter().enumerate().map(|(byte, &count)| count as f64 * f(byte as f64)).sum::<f64>() / total
        };
        let mean = average(&|byte| byte);
        let std = average(&|byte| (byte - mean) * (byte - mean)).sqrt() * self.scale.abs();
        ((mean * self.scale) as f32, if std > 0.0 { std as f32 } else { 1.0 })
    }

    fn pixels(&self) -> usize {
        self.size.iter().product()
    }

    fn fill_tables(&mut self) {
        // In f32 and in this order, so that the numbers are PyTorch's to the bit.
        let value = |byte: usize, standard: Option<&(f32, f32)>| {
            let scaled = (byte as f64 * self.scale) as f32;
            standard.map_or(scaled, |(mean, std)| (scaled - mean) / std)
        };
        let table = |channel: usize| std::array::from_fn(|byte| value(byte, self.standard.get(channel)));
        self.tables = (0..self.size[0]).map(table).collect();
    }
}

impl Dataset for ImageSet {
    type Item = (Tensor, i64);

    fn len(&self) -> usize {
        self.labels.len()
    }

    #[track_caller]
    fn get(&self, index: usize) -> (Tensor, i64) {
        let (image, label) = self.batch(&[index]);
        (image.select(0, 0), label.item() as i64)
    }

    #[track_caller]
    fn batch(&self, indices: &[usize]) -> <Self::Item as Collate>::Batch {
        let images: Vec<&[u8]> = indices.iter().map(|&index| self.bytes(index)).collect();
        let [channels, height, width] = self.size;
        let shape = [images.len(), channels, height, width].into();
        let mut batch = Buffer::unspecified(images.len() * self.pixels());
        let layout = if self.batch_innermost {
            pixels::batch_innermost(&images, height * width, &self.tables, &mut batch);
            Layout::in_order(shape, &[1, 2, 3, 0])
        } else {
            pixels::batch_first(&images, height * width, &self.tables, &mut batch);
            Layout::contiguous(shape)
        };
        let labels: Vec<i64> = indices.iter().map(|&index| self.labels[index]).collect();
        (Tensor::from_buffer::<f32>(batch, layout), Tensor::from(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::message;

    fn noise(count: usize) -> ImageSet {
        let bytes = (0..count * 3 * 5 * 7).map(|i| (i * 37 % 256) as u8).collect();
        ImageSet::new(bytes, [3, 5, 7], (0..count as i64).collect())
    }

    #[test]
    fn a_byte_is_divided_by_255_to_the_bit() {
        let set = ImageSet::new((0..=255).collect(), [1, 16, 16], vec![0]);
        let expected: Vec<f32> = (0..=255u8).map(|byte| f32::from(byte) / 255.0).collect();
        assert_eq!(set.get(0).0.to_vec::<f32>(), expected);
        let set = set.normalize(&[0.1307], &[0.3081]);
        let expected: Vec<f32> = expected.iter().map(|x| (x - 0.1307) / 0.3081).collect();
        assert_eq!(set.get(0).0.to_vec::<f32>(), expected);
    }

    #[test]
    fn a_batch_equals_its_samples_stacked_in_both_layouts() {
        let set = noise(20).normalize(&[0.1, 0.2, 0.3], &[0.5, 0.6, 0.7]);
        let indices = [19, 3, 3, 0, 11];
        let (x, y) = set.batch(&indices);
        let (stacked, labels) = Collate::collate(indices.iter().map(|&index| set.get(index)).collect::<Vec<_>>());
        assert_eq!(x.to_vec::<f32>(), stacked.to_vec::<f32>());
        assert_eq!((y.to_vec::<i64>(), labels.to_vec::<i64>()), (vec![19, 3, 3, 0, 11], vec![19, 3, 3, 0, 11]));
        let (innermost, _) = set.batch_innermost(true).batch(&indices);
        assert_eq!(innermost.stride(), [1, 175, 35, 5]);
        assert_eq!(innermost.to_vec::<f32>(), x.to_vec::<f32>());
    }

    #[test]
    fn standardised_images_have_mean_0_and_deviation_1() {
        let set = noise(30);
        let (mean, std) = set.mean_and_std();
        let (x, _) = set.normalize(&mean, &std).batch(&(0..30).collect::<Vec<_>>());
        for channel in 0..3 {
            let values = x.select(1, channel).to_vec::<f32>();
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let square = values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
            assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-5, "{mean} {square}");
        }
        assert_eq!(ImageSet::new(vec![9; 4], [1, 2, 2], vec![0]).mean_and_std().1, [1.0]);
    }

    #[test]
    fn refusals_name_sizes_and_fix() {
        let short = message(|| ImageSet::new(vec![0; 783], [1, 28, 28], vec![0]));
        assert!(short.contains("1 images of size [1, 28, 28] are not 783 bytes\n  help: give 784 bytes"), "{short}");
        assert!(message(|| noise(1).normalize(&[0.5], &[0.5])).contains("1 means and 1 deviations for 3 channels"));
        assert!(message(|| noise(1).normalize(&[0.5; 3], &[0.5, 0.0, 0.5])).contains("deviations above 0"));
        assert!(message(|| noise(2).batch(&[2])).contains("sample 2 of a dataset of 2 samples"));
    }
}
