//! What images look like, apart from what they show.

use crate::data::ImageSet;

/// The share of the images looked at that may lie outside of a range, at either end.
const TAIL: f64 = 0.001;
/// How far from the background, as a share of the range from black to white, a pixel is no longer background.
const INK: f32 = 0.25;
/// The share of the pixels along the edges that are of one colour where images have a background.
const UNIFORM: f64 = 0.7;
/// So many images, drawn evenly, are looked at.
const SAMPLE: usize = 4000;

/// The least and the greatest of almost all training images.
pub type Range = [f32; 2];

/// How a data set's images look: enough to tell that a picture is nothing like them, and to bring one into their shape.
///
/// Pixels are numbers from 0 (black) to 1 (white), before any normalisation.
///
/// ```
/// use jimu::data::ImageSet;
/// use jimu::train::Appearance;
/// // White squares on black.
/// let square: Vec<u8> = (0..64).map(|i| if (2..6).contains(&(i / 8)) && (2..6).contains(&(i % 8)) { 255 } else { 0 }).collect();
/// let look = Appearance::of(&ImageSet::new(square.repeat(10), [1, 8, 8], vec![0; 10])).unwrap();
/// assert_eq!((look.brightness, look.background), ([0.25, 0.25], Some(0.0)));
/// assert!(look.oddities(&[1.0; 64], [1, 8, 8])[0].to_string().starts_with("it is brighter than"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Appearance {
    /// The mean of an image's pixels.
    pub brightness: Range,
    /// The deviation of an image's pixels.
    pub contrast: Range,
    /// The mean difference of pixels side by side, which is great in noise and small in mist.
    pub roughness: Range,
    /// The colour of the pixels along the edges of grey images, if nearly all have the same.
    pub background: Option<f32>,
    /// The longer side of what stands out from the background, as a share of the image's; the median. 1 without background.
    pub extent: f32,
    /// Whether what stands out is centred by its mass, as MNIST's digits are, rather than by its outline.
    pub centred_by_mass: bool,
}

/// One way in which an image differs from the training images: it is printed as a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oddity {
    /// What was measured, and what an image with less and with more of it is called.
    words: [&'static str; 3],
    value: f32,
    range: Range,
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let &Self { words: [measure, less, more], value, range: [least, greatest] } = self;
        let word = if value < least { less } else { more };
        write!(f, "it is {word} than the training images ({measure} {value:.3}, theirs {least:.3} to {greatest:.3})")
    }
}

/// What is measured on one image.
struct Measures {
    brightness: f32,
    contrast: f32,
    roughness: f32,
}

impl Measures {
    fn of(pixels: &[f32], [channels, height, width]: [usize; 3]) -> Self {
        let count = pixels.len().max(1) as f64;
        let sum = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>();
        let mean = sum(&mut pixels.iter().map(|&pixel| f64::from(pixel))) / count;
        let variance = sum(&mut pixels.iter().map(|&pixel| (f64::from(pixel) - mean).powi(2))) / count;
        let step = |a: usize, b: usize| f64::from((pixels[a] - pixels[b]).abs());
        let rows = 0..channels * height;
        let across = rows.clone().flat_map(|row| (1..width).map(move |x| row * width + x)).map(|i| step(i, i - 1));
        let down = rows.filter(|row| row % height > 0).flat_map(|row| (0..width).map(move |x| row * width + x));
        let down = down.map(|i| step(i, i - width));
        let steps = channels * (height * width.saturating_sub(1) + height.saturating_sub(1) * width);
        let roughness = sum(&mut across.chain(down)) / steps.max(1) as f64;
        Self { brightness: mean as f32, contrast: variance.sqrt() as f32, roughness: roughness as f32 }
    }
}

impl Appearance {
    /// How the images of a set look; none of an empty set.
    ///
    /// ```
    /// assert!(jimu::train::Appearance::of(&jimu::data::ImageSet::new(vec![], [1, 2, 2], vec![])).is_none());
    /// ```
    pub fn of(images: &ImageSet) -> Option<Self> {
        let (size, count) = (images.image_size(), images.labels().len());
        if count == 0 || size.contains(&0) {
            return None;
        }
        let pixels = |index: usize| images.bytes(index).iter().map(|&byte| f32::from(byte) / 255.0).collect::<Vec<_>>();
        // Made anew for each look at them: as numbers they would take more memory than a training.
        let sample = || (0..count).step_by(count.div_ceil(SAMPLE)).map(pixels);
        let measures: Vec<Measures> = sample().map(|pixels| Measures::of(&pixels, size)).collect();
        let range = |measure: fn(&Measures) -> f32| {
            let mut values: Vec<f32> = measures.iter().map(measure).collect();
            values.sort_by(f32::total_cmp);
            let tail = (TAIL * values.len() as f64) as usize;
            [values[tail], values[values.len() - 1 - tail]]
        };
        let background = if size[0] == 1 { background(sample(), size) } else { None };
        let (extent, centred_by_mass) = background.map_or((1.0, false), |colour| placement(sample(), size, colour));
        Some(Self {
            brightness: range(|image| image.brightness),
            contrast: range(|image| image.contrast),
            roughness: range(|image| image.roughness),
            background,
            extent,
            centred_by_mass,
        })
    }

    /// In what the image, of size [channels, height, width], differs from almost all training images.
    ///
    /// See [`Appearance`] for an example.
    pub fn oddities(&self, pixels: &[f32], size: [usize; 3]) -> Vec<Oddity> {
        let Measures { brightness, contrast, roughness } = Measures::of(pixels, size);
        let all = [
            Oddity { words: ["brightness", "darker", "brighter"], value: brightness, range: self.brightness },
            Oddity { words: ["contrast", "paler", "richer in contrast"], value: contrast, range: self.contrast },
            Oddity { words: ["roughness", "smoother", "rougher"], value: roughness, range: self.roughness },
        ];
        // A picture that has been scaled is never quite as sharp as the training images, so the edges are not taken to
        // the last digit.
        let outside = |oddity: &Oddity| {
            let [least, greatest] = oddity.range;
            oddity.value < 0.95 * least || oddity.value > 1.05 * greatest
        };
        all.into_iter().filter(outside).collect()
    }
}

/// The colour along the edges of grey images of this size, if most edges have the same.
fn background(images: impl Iterator<Item = Vec<f32>>, size: [usize; 3]) -> Option<f32> {
    let [_, height, width] = size;
    let on_edge =
        |i: usize| i < width || i >= (height - 1) * width || i.is_multiple_of(width) || i % width == width - 1;
    let mut edge = Vec::new();
    for image in images {
        edge.extend(image.into_iter().enumerate().filter(|(i, _)| on_edge(*i)).map(|(_, pixel)| pixel));
    }
    edge.sort_by(f32::total_cmp);
    let colour = edge[edge.len() / 2];
    let same = edge.iter().filter(|&&pixel| (pixel - colour).abs() < INK).count();
    (same as f64 > UNIFORM * edge.len() as f64).then_some(colour)
}

/// How large what stands out from the background is, and whether its mass rather than its outline is in the middle.
fn placement(images: impl Iterator<Item = Vec<f32>>, [_, height, width]: [usize; 3], background: f32) -> (f32, bool) {
    let (mut extents, mut by_mass, mut by_box) = (Vec::new(), 0.0, 0.0);
    for image in images {
        let ink = |i: usize| (image[i] - background).abs();
        let place = |i: usize| [(i % width) as f32, (i / width) as f32];
        let (mut least, mut most) = ([f32::MAX; 2], [f32::MIN; 2]);
        let (mut sum, mut moments) = (0.0, [0.0; 2]);
        for i in 0..image.len() {
            for axis in [0, 1] {
                moments[axis] += ink(i) * place(i)[axis];
                if ink(i) > INK {
                    (least[axis], most[axis]) = (least[axis].min(place(i)[axis]), most[axis].max(place(i)[axis]));
                }
            }
            sum += ink(i);
        }
        if least[0] > most[0] {
            continue;
        }
        let middle = [(width - 1) as f32 / 2.0, (height - 1) as f32 / 2.0];
        for axis in [0, 1] {
            by_mass += (moments[axis] / sum - middle[axis]).powi(2);
            by_box += ((least[axis] + most[axis]) / 2.0 - middle[axis]).powi(2);
        }
        extents.push(((most[0] - least[0] + 1.0) / width as f32).max((most[1] - least[1] + 1.0) / height as f32));
    }
    extents.sort_by(f32::total_cmp);
    (extents.get(extents.len() / 2).copied().unwrap_or(1.0), by_mass < by_box)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(images: &[[u8; 16]]) -> Appearance {
        Appearance::of(&ImageSet::new(images.concat(), [1, 4, 4], vec![0; images.len()])).unwrap()
    }

    /// A bar of two pixels in each of the middle columns.
    const BAR: [u8; 16] = [0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0];

    #[test]
    fn measures_are_those_of_their_definitions() {
        let Measures { brightness, contrast, roughness } = Measures::of(&[0.0, 1.0, 1.0, 1.0], [1, 2, 2]);
        assert_eq!((brightness, contrast, roughness), (0.75, 0.1875f32.sqrt(), 0.5));
        // The last row of one channel and the first of the next are no neighbours.
        assert_eq!(Measures::of(&[0.0, 0.0, 1.0, 1.0], [2, 1, 2]).roughness, 0.0);
    }

    #[test]
    fn background_and_placement_are_found() {
        let found = look(&[BAR; 5]);
        assert_eq!((found.background, found.extent), (Some(0.0), 0.5));
        let checks = std::array::from_fn(|i| if (i + i / 4) % 2 == 0 { 255 } else { 0 });
        assert_eq!(look(&[checks; 5]).background, None);
    }

    #[test]
    fn what_is_centred_by_mass_is_told() {
        // An L whose corner is heavy: its mass is in the middle of the image, its outline is not.
        let heavy = [0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 70, 0, 0, 70, 0];
        assert!(look(&[heavy; 3]).centred_by_mass);
    }

    #[test]
    fn an_image_like_the_others_has_no_oddities() {
        let found = look(&[BAR; 5]);
        let pixels = BAR.map(|byte| f32::from(byte) / 255.0);
        assert!(found.oddities(&pixels, [1, 4, 4]).is_empty());
        let inverted = pixels.map(|pixel| 1.0 - pixel);
        let oddities = found.oddities(&inverted, [1, 4, 4]);
        assert_eq!(
            oddities[0].to_string(),
            "it is brighter than the training images (brightness 0.750, theirs 0.250 to 0.250)"
        );
    }
}
