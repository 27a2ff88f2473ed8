//! The networks by name.

use super::{
    AlexNet, LeNet, LeNet1, LeNet4, LeNet5, Mlp, MobileNetV2, PatchNet, ResNet, ResNet9, ResNetCifar, VGG, VggDepth,
    VisionTransformer,
};
use crate::nn::Block;

/// A network that can be had by its name.
#[derive(Clone, Copy, Debug)]
pub struct ModelInfo {
    /// The name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Channels, height and width of the images that it was made for.
    pub input: [usize; 3],
    /// The classes that it was made for.
    pub classes: usize,
    build: fn(Task) -> Result<Box<dyn Block>, ModelError>,
}

/// What a network is to be built for.
#[derive(Clone, Copy)]
struct Task {
    channels: usize,
    height: usize,
    width: usize,
    classes: usize,
}

impl Task {
    /// Refuses images with fewer rows or columns.
    fn at_least(self, model: &'static str, size: usize, reason: &'static str) -> Result<Self, ModelError> {
        match self.height.min(self.width) >= size {
            true => Ok(self),
            false => Err(ModelError::Size { model, height: self.height, width: self.width, reason }),
        }
    }

    /// Height and width, which must be equal.
    fn square(self, model: &'static str) -> Result<usize, ModelError> {
        let Self { height, width, .. } = self;
        match height == width {
            true => Ok(height),
            false => Err(ModelError::Size { model, height, width, reason: "it is made for squares" }),
        }
    }
}

fn boxed(block: impl Block + 'static) -> Result<Box<dyn Block>, ModelError> {
    Ok(Box::new(block))
}

const GREY: [usize; 3] = [1, 28, 28];
const SMALL: [usize; 3] = [3, 32, 32];
const PHOTO: [usize; 3] = [3, 224, 224];

/// A network for photos of any size.
macro_rules! photo {
    ($name:literal, $about:literal, $build:expr) => {
        ModelInfo {
            name: $name,
            about: $about,
            input: PHOTO,
            classes: 1000,
            build: |task| boxed($build(task.channels, task.classes)),
        }
    };
}

/// A VGG for photos (`new`) or small images (`for_small_images`).
macro_rules! vgg {
    ($name:literal, $about:literal, $depth:ident, $batch_norm:literal, $new:ident, $input:expr, $classes:literal) => {
        ModelInfo {
            name: $name,
            about: $about,
            input: $input,
            classes: $classes,
            build: |task| {
                let task = task.at_least($name, 32, "five poolings leave no pixel of less than 32x32")?;
                boxed(VGG::$new(VggDepth::$depth, task.channels, task.classes, $batch_norm))
            },
        }
    };
}

const ALL: &[ModelInfo] = &[
    ModelInfo {
        name: "alexnet",
        about: "AlexNet for photos",
        input: PHOTO,
        classes: 1000,
        build: |task| {
            let task = task.at_least("alexnet", 63, "its poolings leave no pixel of less than 63x63")?;
            boxed(AlexNet::new(task.channels, task.classes))
        },
    },
    ModelInfo {
        name: "lenet",
        about: "LeNet without padding",
        input: GREY,
        classes: 10,
        build: |task| boxed(LeNet::for_images(task.channels, task.height, task.width, task.classes)?),
    },
    ModelInfo {
        name: "lenet1",
        about: "LeNet-1 of 1989",
        input: GREY,
        classes: 10,
        build: |task| match (task.height, task.width) {
            (28, 28) => {
                let model = LeNet1::new(task.channels, task.classes);
                boxed(model.connection_table(true).trainable_subsampling(true))
            }
            (height, width) => Err(ModelError::Size { model: "lenet1", height, width, reason: "it is made for 28x28" }),
        },
    },
    ModelInfo {
        name: "lenet4",
        about: "LeNet-4 of 1995",
        input: GREY,
        classes: 10,
        build: |task| {
            let model = LeNet4::new(task.channels, task.square("lenet4")?, task.classes)?;
            boxed(model.trainable_subsampling(true))
        },
    },
    ModelInfo {
        name: "lenet5",
        about: "LeNet-5 with ReLU and max-pooling",
        input: GREY,
        classes: 10,
        build: |task| boxed(LeNet::lenet5(task.channels, task.height, task.width, task.classes)?),
    },
    ModelInfo {
        name: "lenet5_1998",
        about: "LeNet-5 of 1998",
        input: GREY,
        classes: 10,
        build: |task| {
            let model = LeNet5::new(task.channels, task.square("lenet5_1998")?, task.classes)?;
            boxed(model.connection_table(true).trainable_subsampling(true))
        },
    },
    ModelInfo {
        name: "mlp",
        about: "three linear layers",
        input: GREY,
        classes: 10,
        build: |task| boxed(Mlp::new(task.channels * task.height * task.width, task.classes)),
    },
    photo!("mobilenet_v2", "MobileNetV2 for photos", MobileNetV2::new),
    ModelInfo {
        name: "patchnet",
        about: "two convolutions on patches of 5x5",
        input: [1, 5, 5],
        classes: 2,
        build: |task| boxed(PatchNet::for_images(task.channels, task.height, task.width, task.classes)?),
    },
    photo!("resnet18", "ResNet-18 for photos", ResNet::resnet18),
    ModelInfo {
        name: "resnet20",
        about: "ResNet-20 for small images",
        input: SMALL,
        classes: 10,
        build: |task| boxed(ResNetCifar::resnet20(task.channels, task.classes)),
    },
    photo!("resnet34", "ResNet-34 for photos", ResNet::resnet34),
    photo!("resnet50", "ResNet-50 for photos", ResNet::resnet50),
    ModelInfo {
        name: "resnet9",
        about: "ResNet-9 for small images",
        input: SMALL,
        classes: 10,
        build: |task| {
            let task = task.at_least("resnet9", 8, "three poolings leave no pixel of less than 8x8")?;
            boxed(ResNet9::new(task.channels, task.classes))
        },
    },
    vgg!("vgg11", "VGG-11 for photos", Vgg11, false, new, PHOTO, 1000),
    vgg!("vgg11_bn", "VGG-11 with batch normalisation for photos", Vgg11, true, new, PHOTO, 1000),
    vgg!(
        "vgg11_bn_cifar",
        "VGG-11 with batch normalisation for small images",
        Vgg11,
        true,
        for_small_images,
        SMALL,
        10
    ),
    vgg!("vgg11_cifar", "VGG-11 for small images", Vgg11, false, for_small_images, SMALL, 10),
    vgg!("vgg13", "VGG-13 for photos", Vgg13, false, new, PHOTO, 1000),
    vgg!("vgg13_bn", "VGG-13 with batch normalisation for photos", Vgg13, true, new, PHOTO, 1000),
    vgg!(
        "vgg13_bn_cifar",
        "VGG-13 with batch normalisation for small images",
        Vgg13,
        true,
        for_small_images,
        SMALL,
        10
    ),
    vgg!("vgg13_cifar", "VGG-13 for small images", Vgg13, false, for_small_images, SMALL, 10),
    vgg!("vgg16", "VGG-16 for photos", Vgg16, false, new, PHOTO, 1000),
    vgg!("vgg16_bn", "VGG-16 with batch normalisation for photos", Vgg16, true, new, PHOTO, 1000),
    vgg!(
        "vgg16_bn_cifar",
        "VGG-16 with batch normalisation for small images",
        Vgg16,
        true,
        for_small_images,
        SMALL,
        10
    ),
    vgg!("vgg16_cifar", "VGG-16 for small images", Vgg16, false, for_small_images, SMALL, 10),
    vgg!("vgg19", "VGG-19 for photos", Vgg19, false, new, PHOTO, 1000),
    vgg!("vgg19_bn", "VGG-19 with batch normalisation for photos", Vgg19, true, new, PHOTO, 1000),
    vgg!(
        "vgg19_bn_cifar",
        "VGG-19 with batch normalisation for small images",
        Vgg19,
        true,
        for_small_images,
        SMALL,
        10
    ),
    vgg!("vgg19_cifar", "VGG-19 for small images", Vgg19, false, for_small_images, SMALL, 10),
    ModelInfo {
        name: "vit",
        about: "a small vision transformer for small images",
        input: SMALL,
        classes: 10,
        build: |task| boxed(VisionTransformer::for_images(task.channels, task.height, task.width, task.classes)?),
    },
    ModelInfo {
        name: "vit_b_16",
        about: "ViT-B/16 for photos",
        input: PHOTO,
        classes: 1000,
        build: |task| match (task.height, task.width) {
            (224, 224) => boxed(VisionTransformer::vit_b_16(task.channels, task.classes)),
            (height, width) => {
                Err(ModelError::Size { model: "vit_b_16", height, width, reason: "it is made for 224x224" })
            }
        },
    },
];

/// The names that [`by_name`] knows.
pub const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut index = 0;
    while index < ALL.len() {
        names[index] = ALL[index].name;
        index += 1;
    }
    names
};

/// Why a network cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No network has this name.
    #[error("there is no model {name:?}{}\n  help: choose one of {}", did_you_mean(name), NAMES.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// The network does not fit the images.
    #[error("{model} cannot take images of {height}x{width}: {reason}\n  help: resize them, or choose another model")]
    Size {
        /// The network.
        model: &'static str,
        /// Rows of the images.
        height: usize,
        /// Columns of the images.
        width: usize,
        /// What it needs.
        reason: &'static str,
    },
}

fn did_you_mean(name: &str) -> String {
    let closest = NAMES.iter().max_by(|a, b| strsim::jaro(name, a).total_cmp(&strsim::jaro(name, b)));
    match closest {
        Some(close) if strsim::jaro(name, close) > 0.7 => format!(" (did you mean {close:?}?)"),
        _ => String::new(),
    }
}

/// All networks that can be had by name, in alphabetical order.
///
/// ```
/// use jimu::vision::models;
/// for model in models::all() {
///     println!("{:12} {}", model.name, model.about);
/// }
/// assert!(models::all().iter().map(|model| model.name).is_sorted());
/// ```
pub fn all() -> &'static [ModelInfo] {
    ALL
}

/// What is known of the network called `name`.
///
/// # Errors
/// If no network has the name.
///
/// ```
/// assert_eq!(jimu::vision::models::info("lenet5")?.input, [1, 28, 28]);
/// # Ok::<(), jimu::vision::models::ModelError>(())
/// ```
pub fn info(name: &str) -> Result<&'static ModelInfo, ModelError> {
    ALL.iter().find(|info| info.name == name).ok_or_else(|| ModelError::Unknown { name: name.to_owned() })
}

/// The network called `name`, with random weights, for images [channels, height, width] of `classes` classes.
///
/// # Errors
/// If no network has the name, or it does not fit the images.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::Forward, vision::models};
/// let model = models::by_name("lenet5", 3, 32, 32, 10)?;
/// assert_eq!(model.forward(&Tensor::zeros([2, 3, 32, 32])).size(), [2, 10]);
/// assert!(models::by_name("lenet7", 1, 28, 28, 10).err().unwrap().to_string().contains("did you mean"));
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn by_name(
    name: &str,
    channels: usize,
    height: usize,
    width: usize,
    classes: usize,
) -> Result<Box<dyn Block>, ModelError> {
    (info(name)?.build)(Task { channels, height, width, classes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;
    use crate::nn::{Module, summary};

    /// The numbers of the table in this module's documentation; those of torchvision where it has the network.
    const PARAMETERS: &[(&str, usize)] = &[
        ("alexnet", 61_100_840),
        ("lenet", 44_426),
        ("lenet1", 2_578),
        ("lenet4", 51_090),
        ("lenet5", 61_706),
        ("lenet5_1998", 60_850),
        ("mlp", 535_818),
        ("mobilenet_v2", 3_504_872),
        ("patchnet", 198),
        ("resnet18", 11_689_512),
        ("resnet20", 269_722),
        ("resnet34", 21_797_672),
        ("resnet50", 25_557_032),
        ("resnet9", 6_573_130),
        ("vgg11", 132_863_336),
        ("vgg11_bn", 132_868_840),
        ("vgg11_bn_cifar", 9_231_114),
        ("vgg11_cifar", 9_225_610),
        ("vgg13", 133_047_848),
        ("vgg13_bn", 133_053_736),
        ("vgg13_bn_cifar", 9_416_010),
        ("vgg13_cifar", 9_410_122),
        ("vgg16", 138_357_544),
        ("vgg16_bn", 138_365_992),
        ("vgg16_bn_cifar", 14_728_266),
        ("vgg16_cifar", 14_719_818),
        ("vgg19", 143_667_240),
        ("vgg19_bn", 143_678_248),
        ("vgg19_bn_cifar", 20_040_522),
        ("vgg19_cifar", 20_029_514),
        ("vit", 811_146),
        ("vit_b_16", 86_567_656),
    ];

    #[test]
    fn every_network_has_its_parameters_and_takes_its_input() {
        assert!(PARAMETERS.iter().map(|(name, _)| *name).eq(NAMES), "a line for each network");
        for &(name, parameters) in PARAMETERS {
            let &ModelInfo { input: [channels, height, width], classes, .. } = info(name).unwrap();
            let model = Device::Meta.with(|| by_name(name, channels, height, width, classes).unwrap());
            assert_eq!(model.num_parameters(), parameters, "{name}");
            let summary = summary(&*model, [2, channels, height, width]).unwrap();
            assert_eq!(summary.rows.last().unwrap().output, [2, classes], "{name}");
            assert_eq!(summary.rows.iter().map(|row| row.parameters).sum::<usize>(), parameters, "{name}");
            assert_eq!(summary.unused, [""; 0], "{name}");
        }
    }

    #[test]
    fn images_too_small_are_refused_when_the_network_is_built() {
        for info in all() {
            for size in 1..info.input[1] {
                let built = Device::Meta.with(|| by_name(info.name, 1, size, size, 2));
                if let Ok(model) = built {
                    let outcome = summary(&*model, [2, 1, size, size]);
                    assert!(outcome.is_ok(), "{} at {size}: {}", info.name, outcome.unwrap_err());
                }
            }
        }
    }
}
