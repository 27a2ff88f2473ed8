//! Linear layers.

use jimu::nn::Linear;

use super::{Build, Layer, no_factory};

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        // in_features, out_features, bias=True
        "Linear" => |a| {
            let layer = Linear::new(a.take("in_features")?, a.take("out_features")?).bias(a.or("bias", true)?);
            no_factory(a)?;
            Layer::of_input(layer)
        },
        _ => return None,
    })
}
