//! Networks for images.
//!
//! | name | what | parameters |
//! |---|---|---|
//! | `lenet` | [`LeNet`]: the course's, without padding | 44,426 |
//! | `lenet1` | [`LeNet1`], as its paper has it | 2,578 |
//! | `lenet4` | [`LeNet4`], with trained subsampling | 51,090 |
//! | `lenet5` | [`LeNet::lenet5`]: 400 features after the convolutions | 61,706 |
//! | `lenet5_1998` | [`LeNet5`], as its paper has it | 60,850 |
//! | `mlp` | [`Mlp`]: three linear layers | 535,818 |
//! | `patchnet` | [`PatchNet`]: two convolutions on patches of 5x5 | 198 |
//! | `resnet9` | [`ResNet9`]: small and fast | 6,573,130 |
//! | `resnet20` | [`ResNetCifar`]: for 32x32 images | 269,722 |
//!
//! The numbers are for the images and classes that the network was made for: [`ModelInfo::input`], [`ModelInfo::classes`].

mod initial;
mod lenet;
mod lenet_series;
mod mlp;
mod patch_net;
mod registry;
mod resnet20;
mod resnet9;

pub use lenet::LeNet;
pub use lenet_series::{LeNet1, LeNet4, LeNet5};
pub use mlp::Mlp;
pub use patch_net::PatchNet;
pub use registry::{ModelError, ModelInfo, NAMES, all, by_name, info};
pub use resnet9::ResNet9;
pub use resnet20::ResNetCifar;
