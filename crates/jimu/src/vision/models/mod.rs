//! Networks for images.
//!
//! | name | what | parameters |
//! |---|---|---|
//! | `alexnet` | [`AlexNet`] | 61,100,840 |
//! | `lenet` | [`LeNet`]: the course's, without padding | 44,426 |
//! | `lenet1` | [`LeNet1`], as its paper has it | 2,578 |
//! | `lenet4` | [`LeNet4`], with trained subsampling | 51,090 |
//! | `lenet5` | [`LeNet::lenet5`]: 400 features after the convolutions | 61,706 |
//! | `lenet5_1998` | [`LeNet5`], as its paper has it | 60,850 |
//! | `mlp` | [`Mlp`]: three linear layers | 535,818 |
//! | `mobilenet_v2` | [`MobileNetV2`] | 3,504,872 |
//! | `patchnet` | [`PatchNet`]: two convolutions on patches of 5x5 | 198 |
//! | `resnet18` | [`ResNet`] | 11,689,512 |
//! | `resnet20` | [`ResNetCifar`]: for 32x32 images | 269,722 |
//! | `resnet34` | [`ResNet`] | 21,797,672 |
//! | `resnet50` | [`ResNet`] | 25,557,032 |
//! | `resnet9` | [`ResNet9`]: small and fast | 6,573,130 |
//! | `vgg11` | [`VGG`] | 132,863,336 |
//! | `vgg11_bn` | [`VGG`], batch normalised | 132,868,840 |
//! | `vgg11_bn_cifar` | [`VGG`], batch normalised: for 32x32 images | 9,231,114 |
//! | `vgg11_cifar` | [`VGG`]: for 32x32 images | 9,225,610 |
//! | `vgg13` | [`VGG`] | 133,047,848 |
//! | `vgg13_bn` | [`VGG`], batch normalised | 133,053,736 |
//! | `vgg13_bn_cifar` | [`VGG`], batch normalised: for 32x32 images | 9,416,010 |
//! | `vgg13_cifar` | [`VGG`]: for 32x32 images | 9,410,122 |
//! | `vgg16` | [`VGG`] | 138,357,544 |
//! | `vgg16_bn` | [`VGG`], batch normalised | 138,365,992 |
//! | `vgg16_bn_cifar` | [`VGG`], batch normalised: for 32x32 images | 14,728,266 |
//! | `vgg16_cifar` | [`VGG`]: for 32x32 images | 14,719,818 |
//! | `vgg19` | [`VGG`] | 143,667,240 |
//! | `vgg19_bn` | [`VGG`], batch normalised | 143,678,248 |
//! | `vgg19_bn_cifar` | [`VGG`], batch normalised: for 32x32 images | 20,040,522 |
//! | `vgg19_cifar` | [`VGG`]: for 32x32 images | 20,029,514 |
//! | `vit` | [`VisionTransformer`]: a small one for 32x32 images | 811,146 |
//! | `vit_b_16` | [`VisionTransformer`] | 86,567,656 |
//!
//! The numbers are for the images and classes that the network was made for: [`ModelInfo::input`], [`ModelInfo::classes`].

mod alexnet;
mod initial;
mod lenet;
mod lenet_series;
mod mlp;
mod mobilenet;
mod patch_net;
mod registry;
mod resnet;
mod resnet20;
mod resnet9;
mod vgg;
mod vit;

pub use alexnet::AlexNet;
pub use lenet::LeNet;
pub use lenet_series::{LeNet1, LeNet4, LeNet5};
pub use mlp::Mlp;
pub use mobilenet::MobileNetV2;
pub use patch_net::PatchNet;
pub use registry::{ModelError, ModelInfo, NAMES, all, by_name, info};
pub use resnet::ResNet;
pub use resnet9::ResNet9;
pub use resnet20::ResNetCifar;
pub use vgg::{VGG, VggDepth};
pub use vit::{VisionTransformer, VitOptions};
