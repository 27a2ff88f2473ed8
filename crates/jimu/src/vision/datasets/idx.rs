//! The IDX format of MNIST: a big-endian header (magic number, then one 32-bit size a dimension) and the bytes.
//! Described by LeCun, Cortes and Burges at <http://yann.lecun.com/exdb/mnist/>.

use std::borrow::Cow;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use jimu_kernels::buffer::advise_huge_pages;

use super::error::{DatasetError, FormatError};
use super::file::read_file;

/// `00 00`, then `08` for unsigned bytes, then the number of dimensions.
const IMAGES_MAGIC: u32 = 0x0000_0803;
const LABELS_MAGIC: u32 = 0x0000_0801;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How much room is made because a header says so; what goes beyond has to be there.
const ROOM_ON_TRUST: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct IdxImages {
    pub(super) pixels: Vec<u8>,
    pub(super) count: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

pub(super) fn read_images(path: &Path) -> Result<IdxImages, DatasetError> {
    parse_images(read_file(path)?).map_err(|error| DatasetError::malformed(path, error))
}

pub(super) fn read_labels(path: &Path, classes: usize) -> Result<Vec<u8>, DatasetError> {
    parse_labels(read_file(path)?, classes).map_err(|error| DatasetError::malformed(path, error))
}

/// The bytes of an IDX file, inflated if they are gzip data, whatever the file is called: some servers inflate a `.gz` on
/// the way.
///
/// No more than the header promises is inflated, so that a small malicious file can't fill the memory.
pub(super) fn inflate<'a>(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Vec<u8>, FormatError> {
    let bytes = bytes.into();
    if !bytes.starts_with(&GZIP_MAGIC) {
        return Ok(bytes.into_owned());
    }
    let mut stream = MultiGzDecoder::new(BufReader::new(&*bytes));
    let mut inflated = Vec::new();
    let mut read = |limit: u64, inflated: &mut Vec<u8>| {
        stream.by_ref().take(limit).read_to_end(inflated).map_err(FormatError::Gzip)
    };
    read(16, &mut inflated)?;
    if let Some(length) = promised_length(&inflated) {
        // One byte more shows that something follows.
        let more = length.saturating_add(1).saturating_sub(inflated.len() as u64);
        let mut whole = Vec::with_capacity(length.saturating_add(1).min(ROOM_ON_TRUST) as usize);
        advise_huge_pages(&whole);
        whole.append(&mut inflated);
        read(more, &mut whole)?;
        return Ok(whole);
    }
    Ok(inflated)
}

/// Header and content in bytes, if the header is one of ours and its sizes can be meant seriously.
fn promised_length(bytes: &[u8]) -> Option<u64> {
    let dimensions = match read_u32(bytes, 0)? {
        IMAGES_MAGIC => 3,
        LABELS_MAGIC => 1,
        _ => return None,
    };
    let header = 4 + 4 * dimensions;
    let content = (0..dimensions)
        .try_fold(1_u64, |product, dimension| product.checked_mul(u64::from(read_u32(bytes, 4 + 4 * dimension)?)))?;
    content.checked_add(header as u64)
}

fn read_u32(bytes: &[u8], offset: usize) -> Option<u32> {
    let field = bytes.get(offset..offset + 4)?;
    Some(u32::from_be_bytes(field.try_into().ok()?))
}

/// Checks the magic number and the sizes in the header and that just as many bytes follow; gives the sizes and the
/// content.
fn parse<const DIMENSIONS: usize>(
    mut bytes: Vec<u8>,
    magic: u32,
    kind: &'static str,
) -> Result<([usize; DIMENSIONS], Vec<u8>), FormatError> {
    let header = 4 + 4 * DIMENSIONS;
    let truncated = |expected: u64, found: usize| FormatError::Truncated { expected, found: found as u64 };
    let found = read_u32(&bytes, 0).ok_or_else(|| truncated(header as u64, bytes.len()))?;
    if found != magic {
        return Err(FormatError::WrongMagic { kind, expected: magic, found });
    }
    if bytes.len() < header {
        return Err(truncated(header as u64, bytes.len()));
    }
    let sizes = std::array::from_fn(|index| read_u32(&bytes, 4 + 4 * index).map_or(0, |size| size as usize));
    let expected = promised_length(&bytes)
        .ok_or_else(|| FormatError::WrongSize(format!("its header promises impossibly many {kind}: {sizes:?}")))?;
    match (bytes.len() as u64).cmp(&expected) {
        std::cmp::Ordering::Less => Err(truncated(expected, bytes.len())),
        std::cmp::Ordering::Greater => Err(FormatError::TrailingBytes { expected }),
        std::cmp::Ordering::Equal => {
            bytes.drain(..header);
            Ok((sizes, bytes))
        }
    }
}

pub(super) fn parse_images<'a>(bytes: impl Into<Cow<'a, [u8]>>) -> Result<IdxImages, FormatError> {
    let ([count, height, width], pixels) = parse(inflate(bytes)?, IMAGES_MAGIC, "images")?;
    if count == 0 {
        return Err(FormatError::Empty);
    }
    if height == 0 || width == 0 {
        return Err(FormatError::WrongSize(format!("its images are {height}x{width} pixels")));
    }
    Ok(IdxImages { pixels, count, height, width })
}

pub(super) fn parse_labels<'a>(bytes: impl Into<Cow<'a, [u8]>>, classes: usize) -> Result<Vec<u8>, FormatError> {
    let ([_], labels) = parse::<1>(inflate(bytes)?, LABELS_MAGIC, "labels")?;
    check_labels(&labels, classes)?;
    Ok(labels)
}

pub(super) fn check_labels(labels: &[u8], classes: usize) -> Result<(), FormatError> {
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(index) => Err(FormatError::LabelOutOfRange { index, label: i64::from(labels[index]), classes }),
        None => Ok(()),
    }
}

/// How the IDX file of so many images begins.
pub(super) fn header_of_images(count: usize, height: usize, width: usize) -> Vec<u8> {
    header(IMAGES_MAGIC, &[count, height, width])
}

/// How the IDX file of so many labels begins.
pub(super) fn header_of_labels(count: usize) -> Vec<u8> {
    header(LABELS_MAGIC, &[count])
}

fn header(magic: u32, sizes: &[usize]) -> Vec<u8> {
    let mut bytes = magic.to_be_bytes().to_vec();
    for &size in sizes {
        // Sizes come from files of the same format or from sets of at most 60,000 images.
        bytes.extend(u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes());
    }
    bytes
}

/// The IDX file of these images of `[count, height, width]` bytes.
#[cfg(test)]
pub(super) fn encode_images(pixels: &[u8], count: usize, height: usize, width: usize) -> Vec<u8> {
    [&header_of_images(count, height, width), pixels].concat()
}

/// The IDX file of these labels.
#[cfg(test)]
pub(super) fn encode_labels(labels: &[u8]) -> Vec<u8> {
    [&header_of_labels(labels.len()), labels].concat()
}
