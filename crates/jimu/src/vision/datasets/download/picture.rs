//! PNG pictures, which some sources wrap the pixels in.

use std::io::{BufRead, Seek};

use png::{BitDepth, ColorType, Decoder, Limits};

use super::Reason;

pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    /// Row by row, the channels of a pixel side by side.
    pub(super) pixels: Vec<u8>,
}

/// A batch of 10,000 CIFAR-10 images as one picture takes 31 MB.
const LARGEST_PICTURE: usize = 1 << 27;

/// Decodes a picture of 8 bits a channel, grey or RGB.
pub(super) fn decode(reader: impl BufRead + Seek) -> Result<Picture, Reason> {
    let damaged = |error: &dyn std::fmt::Display| format!("a picture is damaged: {error}");
    let decoder = Decoder::new_with_limits(reader, Limits { bytes: LARGEST_PICTURE });
    let mut reader = decoder.read_info().map_err(|error| damaged(&error))?;
    let size = reader.output_buffer_size().filter(|size| *size <= LARGEST_PICTURE);
    let mut pixels = vec![0; size.ok_or_else(|| damaged(&"it is too large"))?];
    let info = reader.next_frame(&mut pixels).map_err(|error| damaged(&error))?;
    let channels = match (info.color_type, info.bit_depth) {
        (ColorType::Grayscale, BitDepth::Eight) => 1,
        (ColorType::Rgb, BitDepth::Eight) => 3,
        (color, depth) => {
            return Err(format!("a picture has {color:?} pixels of {depth:?} bits, not 8-bit grey or RGB"));
        }
    };
    pixels.truncate(info.buffer_size());
    Ok(Picture { width: info.width as usize, height: info.height as usize, channels, pixels })
}

impl Picture {
    /// Adds the picture's planes, one channel after the other.
    pub(super) fn append_planes(&self, planes: &mut Vec<u8>) {
        append_planes(&self.pixels, self.channels, planes);
    }
}

/// Takes channels that lie side by side apart into planes.
pub(super) fn append_planes(pixels: &[u8], channels: usize, planes: &mut Vec<u8>) {
    for channel in 0..channels {
        planes.extend(pixels.iter().skip(channel).step_by(channels));
    }
}
