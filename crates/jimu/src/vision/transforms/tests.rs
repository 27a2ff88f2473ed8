//! Transforms against torchvision's numbers, and what random ones must keep.

use super::*;
use crate::dtype::DType;
use crate::ops::nn::interpolate::InterpolateMode::{Bicubic, Linear, Nearest, NearestExact};
use crate::optim::testing::message;
use crate::tensor::Tensor;

/// An image of two channels whose pixels all differ from their neighbours.
fn image() -> Tensor {
    let values = (0..2 * 5 * 7).map(|i| f64::from(i * 11 % 31) / 31.0);
    Tensor::from_vec(values.collect(), [2, 5, 7])
}

fn bytes() -> Tensor {
    (image() * 255.0).to(DType::U8)
}

/// One number that depends on each element.
fn digest(x: &Tensor) -> f64 {
    let weights: Vec<f64> = (0..x.numel()).map(|i| ((i * 3) % 7) as f64 - 3.0).collect();
    (x.to(DType::F64).reshape([-1]) * Tensor::from(weights)).sum().item()
}

#[track_caller]
fn gives(transform: impl Transform, image: &Tensor, size: [usize; 2], expected: f64) {
    let result = transform.forward(image);
    assert_eq!((result.size(), result.dtype()), ([2, size[0], size[1]].into(), image.dtype()));
    let got = digest(&result);
    assert!((got - expected).abs() < 2e-6, "{got} instead of {expected}");
}

// The numbers in the next three tests are torchvision 0.29's for the same image.

#[test]
fn pads_and_crops_give_torchvisions_numbers() {
    let x = image();
    let pad = |mode| Pad::new([2, 1, 3, 4]).padding_mode(mode);
    gives(pad(BorderMode::Reflect), &x, [10, 12], -5.612903);
    gives(pad(BorderMode::Edge), &x, [10, 12], 6.129032);
    gives(pad(BorderMode::Symmetric), &x, [10, 12], 2.838710);
    gives(Pad::new([2, 1]).fill(0.5), &x, [7, 11], -5.0);
    for (size, expected) in
        [([3, 4], 2.064516), ([4, 3], 0.032258), ([8, 4], 2.161290), ([10, 9], 3.967742), ([2, 2], -5.0)]
    {
        gives(CenterCrop::new(size), &x, size, expected);
    }
}

#[test]
fn resizing_gives_torchvisions_numbers() {
    let (x, bytes) = (image(), bytes());
    gives(Resize::new(3), &x, [3, 4], 0.569849);
    gives(Resize::new([10, 4]), &x, [10, 4], 0.501382);
    gives(Resize::new([10, 4]).antialias(false), &x, [10, 4], 1.1875);
    gives(Resize::new(10).max_size(12), &x, [8, 12], 1.754368);
    for (mode, expected) in [(Bicubic, 0.940343), (Nearest, -2.774194), (NearestExact, 2.419355)] {
        gives(Resize::new([3, 9]).interpolation(mode), &x, [3, 9], expected);
    }
    gives(Resize::new([3, 9]), &bytes, [3, 9], 250.0);
    gives(Resize::new([9, 3]).interpolation(Bicubic), &bytes, [9, 3], 204.0);
}

#[test]
fn rotations_give_torchvisions_numbers() {
    let (x, bytes) = (image(), bytes());
    let by = |angle| RandomRotation::new([angle, angle]);
    for (angle, expanded, expected) in [
        (31.0, [9, 9], [0.0, -0.434907, 2.774194, 1.977822, 2.774070, 678.0, 1433.0]),
        (-75.0, [9, 7], [1.677419, 6.886667, 14.193548, 18.659883, -1.468543, 3365.0, 2360.0]),
    ] {
        let linear = || by(angle).interpolation(Linear);
        gives(by(angle).fill(0.5), &x, [5, 7], expected[0]);
        gives(linear().fill([0.5, 0.25]), &x, [5, 7], expected[1]);
        gives(by(angle).expand(true), &x, expanded, expected[2]);
        gives(linear().expand(true), &x, expanded, expected[3]);
        gives(linear().center([1.0, 2.0]), &x, [5, 7], expected[4]);
        gives(linear().fill(7.0), &bytes, [5, 7], expected[5]);
        gives(by(angle).fill(7.0), &bytes, [5, 7], expected[6]);
    }
    gives(by(90.0).expand(true), &x, [7, 5], 1.032258);
    gives(by(180.0), &x, [5, 7], 7.161290);
}

#[test]
fn a_random_crop_is_a_part_of_the_padded_image() {
    let x = image();
    let padded = Pad::new([2, 1]).fill([7.0, 9.0]).forward(&x);
    let crop = RandomCrop::new((4, 6)).padding([2, 1]).fill([7.0, 9.0]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let part = crop.forward(&x).to_vec::<f64>();
        let places = (0..=3).flat_map(|top| (0..=5).map(move |left| (top, left)));
        let found = places.filter(|&(top, left)| padded.narrow(1, top, 4).narrow(2, left, 6).to_vec::<f64>() == part);
        seen.extend(found);
    }
    assert_eq!(seen.len(), 24, "every place should come");
    let needed = RandomCrop::new(9).pad_if_needed(true).padding_mode(BorderMode::Edge).forward(&x);
    assert_eq!(needed.size(), [2, 9, 9]);
    let small = message(|| RandomCrop::new(6).forward(&x));
    assert!(small.contains("RandomCrop: 6x6 pixels of an image that has 5x7"), "{small}");
}

#[test]
fn flips_come_as_often_as_they_should() {
    let x = image();
    let count = |p: f64| {
        let flip = RandomHorizontalFlip::new().p(p);
        (0..1000).filter(|_| !flip.forward(&x).equal(&x)).count()
    };
    assert_eq!([count(0.0), count(1.0)], [0, 1000]);
    assert!((200..300).contains(&count(0.25)));
    assert!(RandomVerticalFlip::new().p(1.0).forward(&x).equal(&x.flip(1)));
    assert!(message(|| RandomVerticalFlip::new().p(1.5)).contains("RandomVerticalFlip: p is 1.5"));
}

#[test]
fn erasing_takes_a_rectangle_of_the_size_asked_for() {
    let x = Tensor::ones([2, 3, 20, 30]);
    let erase = RandomErasing::new().p(1.0).scale(0.1, 0.3).ratio(0.5, 2.0).value([5.0, 6.0, 7.0]);
    for _ in 0..50 {
        let erased = erase.forward(&x);
        let gone = erased.ne(&x);
        let of = |dims: [isize; 3]| gone.any_dim(dims, false).sum().item();
        let (height, width) = (of([0, 1, 3]), of([0, 1, 2]));
        assert_eq!(gone.sum().item(), height * width * 6.0, "a rectangle of all channels and images");
        assert!((0.08..0.33).contains(&(height * width / 600.0)) && (0.4..2.5).contains(&(height / width)));
        assert_eq!([0, 1, 2].map(|channel| erased.select(1, channel).max().item()), [5.0, 6.0, 7.0]);
    }
    let noise = RandomErasing::new().p(1.0).value(ErasingValue::Random).forward(&x).select(0, 0);
    assert!(noise.reshape([-1]).unique().values.numel() > 10);
    assert!(message(|| RandomErasing::new().scale(0.4, 0.2)).contains("the range of the area is [0.4, 0.2]"));
    let channels = message(|| RandomErasing::new().p(1.0).value([1.0, 2.0]).forward(&x));
    assert!(channels.contains("2 values to fill the 3 channels"), "{channels}");
}

#[test]
fn the_same_seed_gives_the_same_images() {
    let augment = crate::compose![
        RandomResizedCrop::new(6),
        RandomRotation::new(20.0).interpolation(Linear),
        RandomHorizontalFlip::new(),
        RandomErasing::new().value(ErasingValue::Random),
    ];
    let x = image();
    let images = |seed| {
        crate::manual_seed(seed);
        [augment.forward(&x), augment.forward(&x)].map(|image| image.to_vec::<f64>())
    };
    let first = images(3);
    assert_eq!(first, images(3));
    assert!(first[0] != first[1] && first != images(4));
}

#[test]
fn gradients_flow_through() {
    let x = image().narrow(1, 0, 3).narrow(2, 0, 4).detach().requires_grad_();
    let transforms: [&dyn Transform; 6] = [
        &Pad::new(2).padding_mode(BorderMode::Reflect),
        &CenterCrop::new((4, 2)),
        &Resize::new([2, 5]),
        &RandomRotation::new([30.0, 30.0]).interpolation(Linear),
        &RandomHorizontalFlip::new().p(1.0),
        &Normalize::new([0.5, 0.4], [0.2, 0.3]),
    ];
    for transform in transforms {
        crate::autograd::gradcheck(|x| transform.forward(x[0]), &[&x]).unwrap();
    }
}

#[test]
fn images_without_pixels_are_refused() {
    let refused = message(|| Pad::new(1).forward(&Tensor::zeros([3, 0, 4])));
    assert!(refused.contains("Pad: an image […, C, H, W] is needed, but the shape is [3, 0, 4]"), "{refused}");
    let composed = message(|| crate::compose![Resize::new(3)].forward(&Tensor::zeros([4])));
    assert!(composed.contains("Resize: an image") && composed.contains("tests.rs"), "{composed}");
}
