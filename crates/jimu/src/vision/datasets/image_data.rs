use super::name::DatasetName;

/// Images of one size with their labels, one byte a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageData {
    /// The pixels, contiguous, of shape `[count, channels, height, width]`.
    pub images: Vec<u8>,
    /// One label an image, an index into `classes`.
    pub labels: Vec<u8>,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// In pixels.
    pub height: usize,
    /// In pixels.
    pub width: usize,
    /// The classes' names.
    pub classes: Vec<String>,
}

/// A training set and a test set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDataset {
    /// Which set it is.
    pub name: DatasetName,
    /// The images to learn from.
    pub train: ImageData,
    /// The images to be tested on.
    pub test: ImageData,
    /// Where it was read from: a folder, or the source that it has just been fetched from.
    pub origin: String,
}

/// The mean and the deviation of the pixels of each channel, with pixels as numbers between 0 and 1.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelStatistics {
    /// One mean a channel.
    pub mean: Vec<f64>,
    /// One standard deviation (of the population) a channel; 0 where all pixels are equal.
    pub std: Vec<f64>,
}

impl ImageData {
    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// How many bytes one image takes: channels x height x width.
    pub fn image_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The pixels of one image, of shape `[channels, height, width]`.
    ///
    /// # Panics
    /// If there are not that many images.
    #[track_caller]
    pub fn image(&self, index: usize) -> &[u8] {
        assert!(index < self.len(), "image {index} was asked for, but there are {} images", self.len());
        &self.images[index * self.image_len()..][..self.image_len()]
    }

    /// The mean and the deviation of each channel over all images, with pixels divided by 255: what
    /// [`Normalize`](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html) takes.
    ///
    /// Counted exactly, so the order of the images does not matter.
    ///
    /// ```
    /// use jimu::vision::datasets::{self, DatasetName};
    ///
    /// let statistics = datasets::load(DatasetName::FashionMini)?.train.statistics();
    /// assert_eq!(statistics.mean.len(), 1);
    /// assert!((statistics.mean[0] - 0.286).abs() < 0.01 && (statistics.std[0] - 0.353).abs() < 0.01);
    /// # Ok::<(), datasets::DatasetError>(())
    /// ```
    pub fn statistics(&self) -> ChannelStatistics {
        let (mean, std) = self.histograms().iter().map(mean_and_deviation).unzip();
        ChannelStatistics { mean, std }
    }

    /// How often each pixel value occurs, channel by channel.
    fn histograms(&self) -> Vec<[u64; 256]> {
        let mut histograms = vec![[0; 256]; self.channels];
        let plane = self.height * self.width;
        if plane > 0 {
            for (index, pixels) in self.images.chunks_exact(plane).enumerate() {
                let histogram = &mut histograms[index % self.channels];
                pixels.iter().for_each(|&pixel| histogram[usize::from(pixel)] += 1);
            }
        }
        histograms
    }
}

fn mean_and_deviation(histogram: &[u64; 256]) -> (f64, f64) {
    let count = histogram.iter().sum::<u64>().max(1) as f64;
    let weighted = |value: &dyn Fn(f64) -> f64| -> f64 {
        (0_u8..=255).zip(histogram).map(|(pixel, &times)| value(f64::from(pixel) / 255.0) * times as f64).sum::<f64>()
            / count
    };
    let mean = weighted(&|pixel| pixel);
    (mean, weighted(&|pixel| (pixel - mean).powi(2)).sqrt())
}
