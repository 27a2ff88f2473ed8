//! Data: where it lies, how many samples there are, how to get one; and how samples become batches.

use jimu::Tensor;
use jimu::data::{DataLoader, Dataset, ImageSet, Subset, random_split};
use jimu::vision::datasets::{self, DatasetError, DatasetName};

/// A set of one's own says how many samples there are and gives one: here a number and its square.
struct Squares;

impl Dataset for Squares {
    type Item = (Tensor, Tensor);

    fn len(&self) -> usize {
        10
    }

    fn get(&self, index: usize) -> (Tensor, Tensor) {
        let x = index as f32;
        (Tensor::new([x]), Tensor::new([x * x]))
    }
}

fn main() -> Result<(), DatasetError> {
    for (x, y) in &DataLoader::new(Squares, 4) {
        println!("a batch: x {}, y {}, the last y is {}", x.size(), y.size(), y.index((-1, 0)).item());
    }

    // Real images: 2,000 + 500 of Fashion-MNIST come with the library.
    let images = datasets::load(DatasetName::FashionMini)?;
    let classes = images.train.classes.clone();
    println!("{} images to learn from, {} to be tested on", images.train.len(), images.test.len());
    let statistics = images.train.statistics();
    println!("pixels have mean {:.4} and deviation {:.4}", statistics.mean[0], statistics.std[0]);

    let labels = images.train.labels.iter().map(|&label| i64::from(label)).collect();
    let set = ImageSet::new(images.train.images, [1, 28, 28], labels);
    let (image, label) = set.get(0);
    println!("the first one is a {} of size {}:", classes[label as usize], image.size());
    print_image(&image);

    // Shuffled anew in every epoch, from a seed; the batches are made ahead on a thread.
    let [train, validation] = random_split(set, [0.9, 0.1], 42);
    let loader = DataLoader::new(train, 64).shuffle(true).seed(1).drop_last(true);
    println!("{} images in {} batches, {} kept for validation", loader.dataset().len(), loader.len(), validation.len());
    for epoch in 1..=2 {
        if let Some((x, y)) = loader.iter().next() {
            println!("epoch {epoch}: the first batch is {}, its labels begin with {}", x.size(), y.narrow(0, 0, 8));
        }
    }
    let first = Subset::new(&validation, (0..10).collect());
    println!("a subset of {} images", first.len());
    Ok(())
}

/// An image `[1, H, W]` as characters, every second row since they are tall.
fn print_image(image: &Tensor) {
    let [_, height, width] = image.size()[..] else { return };
    let shades: Vec<char> = " .:-=+*#%@".chars().collect();
    let pixels = image.to_vec::<f32>();
    for row in (0..height).step_by(2) {
        let line = &pixels[row * width..][..width];
        println!("  {}", line.iter().map(|&pixel| shades[(pixel * 9.0) as usize]).collect::<String>());
    }
}
