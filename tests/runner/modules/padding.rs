//! Padding.

use jimu::Dims;
use jimu::nn::{
    CircularPad1d, CircularPad2d, ConstantPad1d, ConstantPad2d, ReflectionPad1d, ReflectionPad2d, ReplicationPad1d,
    ReplicationPad2d, ZeroPad1d, ZeroPad2d,
};

use super::{Build, Layer};

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "CircularPad1d" => |a| Layer::of_input(CircularPad1d::new(a.take::<Dims>("padding")?)),
        "CircularPad2d" => |a| Layer::of_input(CircularPad2d::new(a.take::<Dims>("padding")?)),
        "ConstantPad1d" => |a| Layer::of_input(ConstantPad1d::new(a.take::<Dims>("padding")?, a.take("value")?)),
        "ConstantPad2d" => |a| Layer::of_input(ConstantPad2d::new(a.take::<Dims>("padding")?, a.take("value")?)),
        "ReflectionPad1d" => |a| Layer::of_input(ReflectionPad1d::new(a.take::<Dims>("padding")?)),
        "ReflectionPad2d" => |a| Layer::of_input(ReflectionPad2d::new(a.take::<Dims>("padding")?)),
        "ReplicationPad1d" => |a| Layer::of_input(ReplicationPad1d::new(a.take::<Dims>("padding")?)),
        "ReplicationPad2d" => |a| Layer::of_input(ReplicationPad2d::new(a.take::<Dims>("padding")?)),
        "ZeroPad1d" => |a| Layer::of_input(ZeroPad1d::new(a.take::<Dims>("padding")?)),
        "ZeroPad2d" => |a| Layer::of_input(ZeroPad2d::new(a.take::<Dims>("padding")?)),
        _ => return None,
    })
}
