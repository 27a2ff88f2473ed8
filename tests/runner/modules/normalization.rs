//! Normalisation.

use anyhow::Result;
use jimu::Shape;
use jimu::nn::{
    BatchNorm1d, BatchNorm2d, GroupNorm, InstanceNorm1d, InstanceNorm2d, LayerNorm, LocalResponseNorm, RMSNorm,
};

use super::{Build, Layer, no_factory};
use crate::runner::arguments::Arguments;

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "BatchNorm1d" => batch_norm1d,
        "BatchNorm2d" => batch_norm2d,
        "GroupNorm" => group_norm,
        "InstanceNorm1d" => instance_norm1d,
        "InstanceNorm2d" => instance_norm2d,
        "LayerNorm" => layer_norm,
        "LocalResponseNorm" => local_response_norm,
        "RMSNorm" => rms_norm,
        _ => return None,
    })
}

/// `num_features, eps=1e-5, momentum=0.1, affine, track_running_stats, device=None, dtype=None, *, bias=True`.
macro_rules! running_norm {
    ($name:ident, $layer:ident, $affine:literal, $track:literal) => {
        fn $name(a: &mut Arguments) -> Result<Layer> {
            let layer = $layer::new(a.take("num_features")?).eps(a.or("eps", 1e-5)?);
            let layer = layer.momentum(a.or("momentum", Some(0.1))?).affine(a.or("affine", $affine)?);
            let layer = layer.track_running_stats(a.or("track_running_stats", $track)?);
            no_factory(a)?;
            Layer::of_input(layer.bias(a.keyword("bias", true)?))
        }
    };
}
running_norm!(batch_norm1d, BatchNorm1d, true, true);
running_norm!(batch_norm2d, BatchNorm2d, true, true);
running_norm!(instance_norm1d, InstanceNorm1d, false, false);
running_norm!(instance_norm2d, InstanceNorm2d, false, false);

/// `num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None, *, bias=True`.
fn group_norm(a: &mut Arguments) -> Result<Layer> {
    let layer = GroupNorm::new(a.take("num_groups")?, a.take("num_channels")?).eps(a.or("eps", 1e-5)?);
    let layer = layer.affine(a.or("affine", true)?);
    no_factory(a)?;
    Layer::of_input(layer.bias(a.keyword("bias", true)?))
}

/// `normalized_shape, eps=1e-5, elementwise_affine=True, bias=True`.
fn layer_norm(a: &mut Arguments) -> Result<Layer> {
    let layer = LayerNorm::new(a.take::<Shape>("normalized_shape")?).eps(a.or("eps", 1e-5)?);
    let layer = layer.elementwise_affine(a.or("elementwise_affine", true)?).bias(a.or("bias", true)?);
    no_factory(a)?;
    Layer::of_input(layer)
}

/// `normalized_shape, eps=None, elementwise_affine=True`.
fn rms_norm(a: &mut Arguments) -> Result<Layer> {
    let layer = RMSNorm::new(a.take::<Shape>("normalized_shape")?).eps(a.optional::<f64>("eps")?);
    let layer = layer.elementwise_affine(a.or("elementwise_affine", true)?);
    no_factory(a)?;
    Layer::of_input(layer)
}

/// `size, alpha=1e-4, beta=0.75, k=1`.
fn local_response_norm(a: &mut Arguments) -> Result<Layer> {
    let layer = LocalResponseNorm::new(a.take("size")?).alpha(a.or("alpha", 1e-4)?);
    Layer::of_input(layer.beta(a.or("beta", 0.75)?).k(a.or("k", 1.0)?))
}
