//! `RandomRotation`.

use super::random::between;
use super::window::{image_size, in_real_numbers};
use super::{Fill, Transform};
use crate::error::{OrRaise, ShapeError, raise};
use crate::ops::nn::interpolate::InterpolateMode;
use crate::tensor::Tensor;

/// The range of an angle: from one to the other, or one number for as much to either side.
///
/// ```
/// use jimu::vision::transforms::Degrees;
/// assert_eq!(Degrees::from(10.0), Degrees::from([-10.0, 10.0]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Degrees([f64; 2]);

impl From<f64> for Degrees {
    fn from(either_side: f64) -> Self {
        Self([-either_side, either_side])
    }
}

impl From<[f64; 2]> for Degrees {
    fn from(range: [f64; 2]) -> Self {
        Self(range)
    }
}

/// The image turned about its middle by a random angle, against the clock if it is positive:
/// [`torchvision.transforms.RandomRotation`](https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomRotation.html).
///
/// # Args
/// - `degrees`: the range of the angle; see [`Degrees`].
/// - [`interpolation`](Self::interpolation()): how values between pixels are found, by default
///   [`Nearest`](InterpolateMode::Nearest); [`Linear`](InterpolateMode::Linear), which is `BILINEAR`, is the other one.
/// - [`expand`](Self::expand()): whether the result is large enough for the whole turned image, by default no.
/// - [`center`](Self::center()): the point that stays where it is, `[x, y]` from the upper left corner, by default the
///   middle.
/// - [`fill`](Self::fill()): the value of what lies outside, by default 0.
///
/// # Shape
/// […, C, H, W] of bytes or real numbers; the result has the same, or a larger size with `expand`.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::vision::transforms::{RandomRotation, Transform};
/// let quarter = RandomRotation::new([90.0, 90.0]);
/// assert_eq!(quarter.forward(&Tensor::new([[[1.0, 2.0], [3.0, 4.0]]])).to_vec::<f32>(), [2.0, 4.0, 1.0, 3.0]);
/// let image = Tensor::rand([3, 20, 10]);
/// assert_eq!(RandomRotation::new(30.0).forward(&image).size(), [3, 20, 10]);
/// assert_eq!(quarter.expand(true).forward(&image).size(), [3, 10, 20]);
/// ```
#[derive(Clone, Debug)]
pub struct RandomRotation {
    degrees: Degrees,
    interpolation: InterpolateMode,
    expand: bool,
    center: Option<[f64; 2]>,
    fill: Fill,
}

impl RandomRotation {
    /// By an angle in this range.
    ///
    /// # Panics
    /// If the range ends before it begins.
    #[track_caller]
    pub fn new(degrees: impl Into<Degrees>) -> Self {
        let degrees = degrees.into();
        let [least, greatest] = degrees.0;
        if !(least <= greatest && least.is_finite() && greatest.is_finite()) {
            let problem = format!("the range of the angle is {:?}", degrees.0);
            raise(ShapeError::new("RandomRotation", problem).help("give the least angle first"));
        }
        Self { degrees, interpolation: InterpolateMode::Nearest, expand: false, center: None, fill: Fill::default() }
    }

    /// How values between pixels are found.
    ///
    /// # Panics
    /// If it is neither `Nearest` nor `Linear`.
    #[track_caller]
    pub fn interpolation(mut self, mode: InterpolateMode) -> Self {
        if !matches!(mode, InterpolateMode::Nearest | InterpolateMode::Linear) {
            let error = ShapeError::new("RandomRotation", format!("{mode:?} is not for turned images"));
            raise(error.help("choose Nearest or Linear"));
        }
        self.interpolation = mode;
        self
    }

    /// Whether the result is large enough for the whole turned image.
    pub fn expand(mut self, on: bool) -> Self {
        self.expand = on;
        self
    }

    /// The point that stays where it is, `[x, y]`.
    pub fn center(mut self, center: [f64; 2]) -> Self {
        self.center = Some(center);
        self
    }

    /// The value of what lies outside; one number, or one for each channel.
    pub fn fill(mut self, fill: impl Into<Fill>) -> Self {
        self.fill = fill.into();
        self
    }
}

/// Where the pixels of a turned image come from.
struct Turned {
    /// Of the image.
    from: [usize; 2],
    /// Of the result.
    size: [usize; 2],
    sin: f64,
    cos: f64,
    /// The point that stays, from the middle of the image.
    center: [f64; 2],
}

impl Turned {
    fn new(rotation: &RandomRotation, [height, width]: [usize; 2], angle: f64) -> Self {
        let (sin, cos) = libm::sincos(angle.to_radians());
        let center = rotation.center.map_or([0.0; 2], |[x, y]| [x - width as f64 / 2.0, y - height as f64 / 2.0]);
        let mut turned = Self { from: [height, width], size: [height, width], sin, cos, center };
        if rotation.expand {
            turned.size = turned.whole();
        }
        turned
    }

    /// The point of the image, from its middle, that comes to lie at a point of the result.
    fn source(&self, x: f64, y: f64) -> [f64; 2] {
        let [x, y] = [x - self.center[0], y - self.center[1]];
        [self.cos * x - self.sin * y + self.center[0], self.sin * x + self.cos * y + self.center[1]]
    }

    /// The size that has room for all of the image.
    fn whole(&self) -> [usize; 2] {
        let [height, width] = self.from.map(|side| side as f64 / 2.0);
        let corners = [[-width, -height], [-width, height], [width, height], [width, -height]];
        // What is beyond a pixel by less than rounding makes no further one.
        let rounded = |side: f64| (side * 1e4).round() / 1e4;
        let corners = corners.map(|[x, y]| {
            let [x, y] = self.source(x, y);
            [rounded(x + width), rounded(y + height)]
        });
        let side = |axis: usize| {
            let ends = corners.map(|corner| corner[axis]);
            let (low, high) = ends.iter().fold((f64::MAX, f64::MIN), |(low, high), &end| (low.min(end), high.max(end)));
            (high.ceil() - low.floor()) as usize
        };
        [side(1), side(0)]
    }

    /// For each pixel of the result its place in the image, in pixels from the middle of the first.
    fn places(&self) -> Vec<[f64; 2]> {
        let middle = |size: [usize; 2]| size.map(|side| (side as f64 - 1.0) / 2.0);
        let ([my, mx], [fy, fx]) = (middle(self.size), middle(self.from));
        let rows = (0..self.size[0]).map(|row| row as f64 - my);
        rows.flat_map(|y| (0..self.size[1]).map(move |column| (column as f64 - mx, y)))
            .map(|(x, y)| {
                let [x, y] = self.source(x, y);
                [y + fy, x + fx]
            })
            .collect()
    }

    /// Which pixel of the image lies at a place, counted through all rows.
    fn pixel(&self, [y, x]: [f64; 2]) -> Option<usize> {
        let inside = |at: f64, size: usize| (0.0..size as f64).contains(&at).then_some(at as usize);
        // Minus nothing is not outside.
        Some(inside(y + 0.0, self.from[0])? * self.from[1] + inside(x + 0.0, self.from[1])?)
    }
}

/// The pixels of the image, [planes, H · W], at these places, 0 for those outside; and which are inside.
fn pixels(planes: &Tensor, places: &[Option<usize>]) -> (Tensor, Tensor) {
    let index: Vec<i64> = places.iter().map(|place| place.unwrap_or(0) as i64).collect();
    let inside = Tensor::from(places.iter().map(Option::is_some).collect::<Vec<bool>>());
    (inside.where_(&planes.index_select(1, &Tensor::from(index)), 0), inside)
}

impl Transform for RandomRotation {
    #[track_caller]
    fn forward(&self, image: &Tensor) -> Tensor {
        const WHO: &str = "RandomRotation";
        let size = image_size(image, WHO).or_raise();
        let turned = Turned::new(self, size, between(self.degrees.0));
        let places = turned.places();
        let (planes, sizes) = {
            let front = &image.shape()[..image.dim() - 2];
            let planes = [front.iter().product(), size[0] * size[1]];
            (planes, front.iter().copied().chain(turned.size).collect::<Vec<usize>>())
        };
        let fill = self.fill.like(image, WHO).or_raise();
        if self.interpolation == InterpolateMode::Nearest {
            let nearest: Vec<Option<usize>> =
                places.iter().map(|place| turned.pixel(place.map(f64::round_ties_even))).collect();
            let (pixels, inside) = pixels(&image.reshape(planes), &nearest);
            return inside.reshape(turned.size).where_(&pixels.reshape(sizes), &fill);
        }
        in_real_numbers(image, WHO, |image| {
            let (dtype, image) = (image.dtype(), image.reshape(planes));
            let none = (Tensor::zeros_of([planes[0], places.len()], dtype), Tensor::zeros_of([places.len()], dtype));
            let corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
            let (sum, covered) = corners.into_iter().fold(none, |(sum, covered), corner| {
                let at = |place: &[f64; 2]| [0, 1].map(|axis| place[axis].floor() + corner[axis]);
                let near = |place: &[f64; 2]| [0, 1].map(|axis| 1.0 - (place[axis] - at(place)[axis]).abs());
                let weights: Vec<f64> = places.iter().map(|place| near(place).iter().product()).collect();
                let weights = Tensor::from(weights).to(dtype);
                let corners: Vec<Option<usize>> = places.iter().map(|place| turned.pixel(at(place))).collect();
                let (pixels, inside) = pixels(&image, &corners);
                (sum + pixels * &weights, covered + inside.where_(&weights, 0))
            });
            // The sum has the share of what lies inside already; torchvision takes it twice, and so must the same image.
            let covered = covered.reshape(turned.size);
            sum.reshape(sizes) * &covered + (1.0 - covered) * fill.to(dtype)
        })
    }
}
