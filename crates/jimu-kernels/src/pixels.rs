//! Bytes of images to the real numbers that a network reads, straight into the buffer of a batch.
//!
//! A byte has 256 values, so any conversion (division by 255, standardisation of a channel) is a table of 256 numbers
//! for each channel: the result is exact whatever the formula, and costs one read from the first-level cache.

use crate::threads::parallel_chunks_mut;

/// Pixels that one task converts.
const BLOCK: usize = 1 << 14;

/// What each value of a byte becomes in one channel.
pub type Table = [f32; 256];

/// `out[b][c][p] = tables[c][images[b][c][p]]`, where an image has `plane` pixels a channel.
///
/// # Panics
/// If an image or `out` has not the size that the others give it.
pub fn batch_first(images: &[&[u8]], plane: usize, tables: &[Table], out: &mut [f32]) {
    check(images, plane, tables, out);
    let planes = (BLOCK / plane.max(1)).max(1);
    parallel_chunks_mut(out, planes * plane.max(1), |block, chunk| {
        for (index, out) in chunk.chunks_exact_mut(plane).enumerate() {
            let index = block * planes + index;
            let (image, channel) = (images[index / tables.len()], index % tables.len());
            let (bytes, table) = (&image[channel * plane..][..plane], &tables[channel]);
            out.iter_mut().zip(bytes).for_each(|(out, &byte)| *out = table[usize::from(byte)]);
        }
    });
}

/// `out[c][p][b] = tables[c][images[b][c][p]]`: as [`batch_first`], with the images side by side.
///
/// # Panics
/// If an image or `out` has not the size that the others give it.
pub fn batch_innermost(images: &[&[u8]], plane: usize, tables: &[Table], out: &mut [f32]) {
    /// Neighbouring pixels share cache lines of their images: so many are converted together.
    const STRETCH: usize = 64;
    check(images, plane, tables, out);
    let batch = images.len();
    parallel_chunks_mut(out, STRETCH * batch.max(1), |block, chunk| {
        for (index, out) in chunk.chunks_exact_mut(batch).enumerate() {
            let position = block * STRETCH + index;
            let table = &tables[position / plane];
            out.iter_mut().zip(images).for_each(|(out, image)| *out = table[usize::from(image[position])]);
        }
    });
}

fn check(images: &[&[u8]], plane: usize, tables: &[Table], out: &[f32]) {
    let pixels = plane * tables.len();
    assert!(images.iter().all(|image| image.len() == pixels), "every image has {pixels} bytes");
    assert_eq!(out.len(), images.len() * pixels, "a number for each byte");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_equal_one_pixel_at_a_time() {
        let table = |factor: f32| std::array::from_fn(|byte| byte as f32 * factor);
        let tables: [Table; 3] = [table(1.0), table(-2.0), table(0.5)];
        for (batch, plane) in [(1, 1), (5, 7), (70, 784), (3, 20_000), (0, 4), (4, 0)] {
            let bytes: Vec<u8> = (0..batch * 3 * plane).map(|i| (i * 31 % 251) as u8).collect();
            let images: Vec<&[u8]> = (0..batch).map(|image| &bytes[image * 3 * plane..][..3 * plane]).collect();
            let (mut first, mut innermost) = (vec![f32::NAN; bytes.len()], vec![f32::NAN; bytes.len()]);
            batch_first(&images, plane, &tables, &mut first);
            batch_innermost(&images, plane, &tables, &mut innermost);
            for (index, &byte) in bytes.iter().enumerate() {
                let (b, c, p) = (index / (3 * plane), index / plane % 3, index % plane);
                let expected = tables[c][usize::from(byte)];
                assert_eq!(first[index], expected, "image {b}, channel {c}, pixel {p} of {batch} x {plane}");
                assert_eq!(innermost[(c * plane + p) * batch + b], expected, "{batch} x {plane}");
            }
        }
    }
}
