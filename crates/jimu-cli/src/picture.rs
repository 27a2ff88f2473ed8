//! A picture of any size, brought into the shape of the images that a model was trained on.
//!
//! ```text
//! open    decode, turn as the camera says, lay transparency on a ground, split into the model's channels
//! fit     a picture of the model's size is taken as it is, but for a light background where the training images have a
//!         dark one. Of another one, if the training images show things on a plain background and the picture does, too,
//!         what stands out is cropped, scaled and centred as they are; otherwise it is scaled as a whole and padded
//! ```

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::imageops::{FilterType, crop_imm, resize};
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageReader, Luma};
use jimu::train::Appearance;
use jimu::train::checkpoint::ModelFile;

use crate::failure::Failure;

/// One channel, from 0 to 1.
type Plane = ImageBuffer<Luma<f32>, Vec<f32>>;

/// How far apart two shades of a background may be.
const SAME: f32 = 0.15;
/// The share of the pixels along the edges that are of one shade in a picture with a background.
const UNIFORM: f64 = 0.6;
/// What differs less from the background than this share of the strongest difference is background; and what differs so
/// much more, fully ink.
const FAINT: f32 = 0.1;
/// From here on, a pixel belongs to what stands out.
const INK: f32 = 0.25;

/// A picture in the model's channels, and what has been done to it.
pub struct Picture {
    planes: Vec<Plane>,
    steps: Vec<String>,
}

/// What the model sees.
pub struct Fitted {
    /// Channel by channel, row by row.
    pub bytes: Vec<u8>,
    /// What was done, in words.
    pub steps: Vec<String>,
}

impl Picture {
    /// Reads a PNG or JPEG file as `channels` channels: 1 for grey, 3 for colour.
    pub fn open(path: &Path, channels: usize) -> Result<Self, Failure> {
        let image = decode(path).map_err(|error| match error {
            ImageError::Unsupported(_) => {
                Failure::new(format_args!("{} is neither a PNG nor a JPEG picture", path.display()))
            }
            ImageError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                Failure::io("cannot read", path, &error)
            }
            other => Failure::new(format_args!("{} is damaged: {other}", path.display())),
        })?;
        Ok(Self::from_image(image, channels))
    }

    fn from_image(image: DynamicImage, channels: usize) -> Self {
        let mut steps = Vec::new();
        let image = image.into_rgba8();
        let ground = ground(&image);
        if let Some(ground) = ground {
            steps.push(format!("transparency laid on {}", if ground > 0.5 { "white" } else { "black" }));
        }
        let ground = ground.unwrap_or(1.0);
        let opaque = |pixel: &image::Rgba<u8>| {
            let [r, g, b, alpha] = pixel.0.map(|byte| f32::from(byte) / 255.0);
            [r, g, b].map(|value| alpha * value + (1.0 - alpha) * ground)
        };
        let plane = |value: &dyn Fn([f32; 3]) -> f32| {
            Plane::from_fn(image.width(), image.height(), |x, y| Luma([value(opaque(image.get_pixel(x, y)))]))
        };
        let planes = match channels {
            1 => {
                if image.pixels().any(|pixel| pixel.0[0] != pixel.0[1] || pixel.0[1] != pixel.0[2]) {
                    steps.push("made grey".to_owned());
                }
                vec![plane(&grey)]
            }
            _ => (0..channels).map(|channel| plane(&|rgb| rgb[channel.min(2)])).collect(),
        };
        Self { planes, steps }
    }

    /// The picture as an image of the kind that the model takes.
    pub fn fit(mut self, file: &ModelFile) -> Fitted {
        let size = (file.width as u32, file.height as u32);
        let own_size = self.planes[0].dimensions() == size;
        let framed = match &file.appearance {
            Some(look) if self.planes.len() == 1 => self.onto_background(look, size, own_size),
            _ => false,
        };
        if !own_size && !framed {
            self.pad(file, size);
        }
        let byte = |value: &f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        let bytes = self.planes.iter().flat_map(|plane| plane.as_raw().iter().map(byte)).collect();
        Fitted { bytes, steps: self.steps }
    }

    /// If both the training images and the picture have a background: swaps light and dark where the picture's is the
    /// wrong way round and, unless it has the right size already, puts what stands out into its place. Whether it did.
    fn onto_background(&mut self, look: &Appearance, size: (u32, u32), own_size: bool) -> bool {
        let Some(wanted) = look.background else { return false };
        let Some(mut found) = background(&self.planes[0]) else { return false };
        if (1.0 - found - wanted).abs() + SAME < (found - wanted).abs() {
            self.planes[0].pixels_mut().for_each(|pixel| pixel.0[0] = 1.0 - pixel.0[0]);
            found = 1.0 - found;
            let [is, are] = if wanted < 0.5 { ["light", "dark"] } else { ["dark", "light"] };
            self.steps.push(format!("inverted, since its background is {is} and the training images' are {are}"));
        }
        !own_size && self.frame(look, found, wanted, size)
    }

    /// Crops what stands out from the background `found`, and scales and centres it on the background `wanted`.
    fn frame(&mut self, look: &Appearance, found: f32, wanted: f32, (width, height): (u32, u32)) -> bool {
        // Ink is light on a dark background and dark on a light one.
        let sign = if wanted < 0.5 { 1.0 } else { -1.0 };
        let strongest = self.planes[0].pixels().map(|pixel| sign * (pixel.0[0] - found)).fold(0.0, f32::max);
        if strongest < SAME {
            return false;
        }
        let strength =
            |pixel: f32| ((sign * (pixel - found) / strongest - FAINT) / (1.0 - 2.0 * FAINT)).clamp(0.0, 1.0);
        let ink = Plane::from_fn(self.planes[0].width(), self.planes[0].height(), |x, y| {
            Luma([strength(self.planes[0].get_pixel(x, y).0[0])])
        });
        let [left, top, right, bottom] = outline(&ink);
        let (w, h) = (right - left + 1, bottom - top + 1);
        let extent = look.extent.clamp(0.1, 1.0);
        let scale = (extent * width as f32 / w as f32).min(extent * height as f32 / h as f32);
        let to = |side: u32| ((side as f32 * scale).round() as u32).max(1);
        let small = resize(&*crop_imm(&ink, left, top, w, h), to(w), to(h), FilterType::Triangle);
        let (x, y) = place(&small, (width, height), look.centred_by_mass);
        let range = if sign > 0.0 { 1.0 - wanted } else { wanted };
        self.planes[0] = Plane::from_fn(width, height, |column, row| {
            let inside = |at: u32, start: i64, len: u32| u32::try_from(i64::from(at) - start).ok().filter(|&i| i < len);
            let pixel = inside(column, x, small.width()).zip(inside(row, y, small.height()));
            Luma([wanted + sign * range * pixel.map_or(0.0, |(x, y)| small.get_pixel(x, y).0[0])])
        });
        let by = if look.centred_by_mass { "its mass" } else { "its outline" };
        self.steps.push(format!(
            "cropped to {w}x{h} at ({left}, {top}), scaled to {}x{}, centred by {by} in {width}x{height}",
            small.width(),
            small.height()
        ));
        true
    }

    /// Scales the picture to fit, and fills what is left with the training images' mean.
    fn pad(&mut self, file: &ModelFile, (width, height): (u32, u32)) {
        let (w, h) = self.planes[0].dimensions();
        let scale = (width as f32 / w as f32).min(height as f32 / h as f32);
        let to = |side: u32, most: u32| ((side as f32 * scale).round() as u32).clamp(1, most);
        let (to_w, to_h) = (to(w, width), to(h, height));
        let background = file.appearance.as_ref().and_then(|look| look.background);
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            let mean = file.normalization.mean.get(channel).copied();
            let fill = background.or(mean).unwrap_or(0.0);
            let small = resize(plane, to_w, to_h, FilterType::Triangle);
            let mut whole = Plane::from_pixel(width, height, Luma([fill]));
            image::imageops::replace(&mut whole, &small, ((width - to_w) / 2).into(), ((height - to_h) / 2).into());
            *plane = whole;
        }
        let padded =
            if (to_w, to_h) == (width, height) { String::new() } else { format!(", padded to {width}x{height}") };
        self.steps.push(format!("scaled from {w}x{h} to {to_w}x{to_h}{padded}"));
    }
}

fn decode(path: &Path) -> Result<DynamicImage, ImageError> {
    // By the content alone: names may lie.
    let file = BufReader::new(File::open(path)?);
    let mut decoder = ImageReader::new(file).with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// ITU-R BT.601, as PIL and torchvision have it.
fn grey([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// The shade that a picture with transparent parts is laid on, so that what is drawn can be seen; none if it has none.
fn ground(image: &image::RgbaImage) -> Option<f32> {
    let (mut light, mut sum) = (0.0, 0.0);
    for pixel in image.pixels() {
        let [r, g, b, alpha] = pixel.0.map(|byte| f32::from(byte) / 255.0);
        light += f64::from(alpha * grey([r, g, b]));
        sum += f64::from(alpha);
    }
    let transparent = sum < f64::from(image.width()) * f64::from(image.height()) - 1e-6;
    transparent.then_some(if light > 0.5 * sum { 0.0 } else { 1.0 })
}

/// The shade along the edges, if most of it is one.
fn background(plane: &Plane) -> Option<f32> {
    let (width, height) = plane.dimensions();
    let on_edge = |x: u32, y: u32| x == 0 || y == 0 || x == width - 1 || y == height - 1;
    let edge = plane.enumerate_pixels().filter(|&(x, y, _)| on_edge(x, y)).map(|(_, _, pixel)| pixel.0[0]);
    let mut edge: Vec<f32> = edge.collect();
    edge.sort_by(f32::total_cmp);
    let shade = edge[edge.len() / 2];
    let same = edge.iter().filter(|&&pixel| (pixel - shade).abs() < SAME).count();
    (same as f64 > UNIFORM * edge.len() as f64).then_some(shade)
}

/// The first and last column and row with ink: left, top, right, bottom.
fn outline(ink: &Plane) -> [u32; 4] {
    let marked = ink.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > INK);
    marked.fold([u32::MAX, u32::MAX, 0, 0], |[left, top, right, bottom], (x, y, _)| {
        [left.min(x), top.min(y), right.max(x), bottom.max(y)]
    })
}

/// Where the corner of what stands out lies, so that its mass or its outline is in the middle, but nothing is cut off.
fn place(ink: &Plane, (width, height): (u32, u32), by_mass: bool) -> (i64, i64) {
    let mut centre = [(ink.width() as f32 - 1.0) / 2.0, (ink.height() as f32 - 1.0) / 2.0];
    let mass: f32 = ink.pixels().map(|pixel| pixel.0[0]).sum();
    if by_mass && mass > 0.0 {
        let moment = |at: fn(u32, u32) -> u32| {
            ink.enumerate_pixels().map(|(x, y, pixel)| at(x, y) as f32 * pixel.0[0]).sum::<f32>() / mass
        };
        centre = [moment(|x, _| x), moment(|_, y| y)];
    }
    let start = |whole: u32, part: u32, centre: f32| {
        (((whole as f32 - 1.0) / 2.0 - centre).round() as i64).clamp(0, i64::from(whole.saturating_sub(part)))
    };
    (start(width, ink.width(), centre[0]), start(height, ink.height(), centre[1]))
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};
    use jimu::nn::StateDict;
    use jimu::train::checkpoint::Normalization;

    use super::*;

    fn model(channels: usize, side: usize, look: Option<Appearance>) -> ModelFile {
        ModelFile {
            model: "mlp".into(),
            dataset: "mnist".into(),
            classes: vec!["zero".into(), "one".into()],
            channels,
            height: side,
            width: side,
            normalization: Normalization { mean: vec![0.2; channels], std: vec![0.5; channels] },
            appearance: look,
            lowest_score: None,
            state: StateDict::new(),
        }
    }

    fn dark(extent: f32, centred_by_mass: bool) -> Option<Appearance> {
        let range = [0.0, 1.0];
        let background = Some(0.0);
        Some(Appearance { brightness: range, contrast: range, roughness: range, background, extent, centred_by_mass })
    }

    /// A rectangle of one colour on a ground of another.
    fn drawing(side: u32, ground: [u8; 4], ink: [u8; 4], [left, top, right, bottom]: [u32; 4]) -> DynamicImage {
        let inside = |x, y| (left..right).contains(&x) && (top..bottom).contains(&y);
        RgbaImage::from_fn(side, side, |x, y| Rgba(if inside(x, y) { ink } else { ground })).into()
    }

    const WHITE: [u8; 4] = [255; 4];
    const BLACK: [u8; 4] = [0, 0, 0, 255];
    const CLEAR: [u8; 4] = [0; 4];

    #[test]
    fn ink_on_paper_becomes_light_on_dark_and_goes_to_the_middle() {
        // In a corner of a large sheet, in any of these colours, a bar becomes one of half the height in the middle.
        for (ground, ink) in
            [(WHITE, BLACK), (BLACK, WHITE), (CLEAR, BLACK), (CLEAR, WHITE), ([230; 4], [40, 30, 90, 255])]
        {
            let ground = if ground == CLEAR { CLEAR } else { [ground[0], ground[1], ground[2], 255] };
            let picture = Picture::from_image(drawing(200, ground, ink, [10, 20, 30, 60]), 1);
            let fitted = picture.fit(&model(1, 8, dark(0.5, true)));
            let lit: Vec<usize> = (0..64).filter(|&i| fitted.bytes[i] > 200).collect();
            assert_eq!(lit, [19, 20, 27, 28, 35, 36, 43, 44], "{ground:?} {ink:?}: {:?}", fitted.bytes);
            assert!(fitted.steps.last().unwrap().starts_with("cropped to 20x40 at (10, 20), scaled to 2x4"));
            assert_eq!(
                fitted.steps.iter().any(|step| step.starts_with("inverted")),
                ground == WHITE || ink == BLACK || ground[0] == 230
            );
        }
    }

    #[test]
    fn a_picture_of_the_models_size_is_taken_as_it_is() {
        let picture = || drawing(8, BLACK, WHITE, [0, 2, 3, 5]);
        let fitted = Picture::from_image(picture(), 1).fit(&model(1, 8, dark(0.5, true)));
        assert_eq!((fitted.bytes[16], fitted.bytes[19], fitted.steps.len()), (255, 0, 0));
        let mut inverted = picture();
        inverted.invert();
        let again = Picture::from_image(inverted, 1).fit(&model(1, 8, dark(0.5, true)));
        assert_eq!((again.bytes, again.steps.len()), (fitted.bytes, 1));
    }

    #[test]
    fn a_photograph_keeps_its_aspect_and_is_padded() {
        let photo = RgbaImage::from_fn(40, 20, |x, _| Rgba([(x * 6) as u8, 100, 50, 255]));
        let fitted = Picture::from_image(photo.into(), 3).fit(&model(3, 8, None));
        assert_eq!(fitted.steps, ["scaled from 40x20 to 8x4, padded to 8x8"]);
        // Rows 0 and 1 are padding, of the training images' mean.
        assert_eq!((fitted.bytes[0], fitted.bytes[64], fitted.bytes[64 + 16]), (51, 51, 100));
    }

    #[test]
    fn a_blank_sheet_is_scaled_as_a_whole() {
        let fitted = Picture::from_image(drawing(50, WHITE, WHITE, [0; 4]), 1).fit(&model(1, 8, dark(0.5, true)));
        assert_eq!((fitted.bytes, fitted.steps.len()), (vec![0; 64], 2));
    }

    #[test]
    fn other_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let message = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            format!("{:?}", Picture::open(&path, 1).err().unwrap())
        };
        assert!(message("a.png", b"GIF89a, or so it says").contains("is neither a PNG nor a JPEG picture"));
        let mut png = Vec::new();
        drawing(9, WHITE, BLACK, [1, 1, 4, 4])
            .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
            .unwrap();
        assert!(message("b.png", &png[..png.len() / 2]).contains("is damaged"));
        let missing = format!("{:?}", Picture::open(&folder.path().join("none.png"), 1).err().unwrap());
        assert!(missing.contains("cannot read"), "{missing}");
    }
}
