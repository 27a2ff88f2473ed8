//! LeNet-5 learns clothes from 2,000 images.

use jimu::data::{DataLoader, ImageSet};
use jimu::nn::{Conv2d, Forward, Linear, Module};
use jimu::optim::{Optimizer, Sgd};
use jimu::vision::datasets::{self, DatasetError, DatasetName, ImageData};
use jimu::{Tensor, no_grad};

#[derive(Module)]
#[rustfmt::skip]
struct LeNet { conv1: Conv2d, conv2: Conv2d, fc1: Linear, fc2: Linear, fc3: Linear }

impl Forward for LeNet {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.conv1.forward(x).relu().max_pool2d(2);
        let x = self.conv2.forward(&x).relu().max_pool2d(2);
        let x = self.fc1.forward(&x.flatten(1..)).relu();
        self.fc3.forward(&self.fc2.forward(&x).relu())
    }
}

fn batches(data: ImageData) -> DataLoader<ImageSet> {
    let labels = data.labels.iter().map(|&label| label.into()).collect();
    DataLoader::new(ImageSet::new(data.images, [1, 28, 28], labels), 50)
}

#[rustfmt::skip]
fn main() -> Result<(), DatasetError> {
    let images = datasets::load(DatasetName::FashionMini)?;
    let (train, test) = (batches(images.train).shuffle(true), batches(images.test));
    let model = LeNet {
        conv1: Conv2d::new(1, 6, 5).padding(2), conv2: Conv2d::new(6, 16, 5),
        fc1: Linear::new(400, 120), fc2: Linear::new(120, 84), fc3: Linear::new(84, 10),
    };
    let mut opt = Sgd::new(model.parameters(), 0.05).momentum(0.9);
    for epoch in 1..=10 {
        for (x, y) in &train {
            opt.zero_grad();
            model.forward(&x).cross_entropy(&y).backward();
            opt.step();
        }
        let right = |(x, y)| model.forward(&x).argmax_dim(1, false).eq(&y).sum().item();
        let right: f64 = no_grad(|| test.iter().map(right).sum());
        println!("epoch {epoch}: {right} of 500 test images are right");
    }
    Ok(())
}
