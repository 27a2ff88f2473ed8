//! What the package managers and Hugging Face deliver, made here.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::super::cifar::{BATCH, IMAGE};
use super::super::download::{command, hugging_face, npm};
use super::super::{DatasetName, ImageData};
use super::{assert_contains, mini};

fn png(width: usize, height: usize, color: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

#[test]
fn a_row_of_npms_picture_is_an_image_of_three_planes() {
    // Image i has the red values i + column, the green values 100 and the blue values column / 32.
    let pixel = |index: usize| [(index / 1024 + index) as u8, 100, (index % 1024 / 32) as u8];
    let pixels: Vec<u8> = (0..BATCH * 1024).flat_map(pixel).collect();
    let images = npm::unroll(&png(1024, BATCH, png::ColorType::Rgb, &pixels)).unwrap();
    assert_eq!(images.len(), BATCH * IMAGE);
    let last = &images[(BATCH - 1) * IMAGE..];
    assert_eq!(last[..3], [(BATCH - 1) as u8, BATCH as u8, (BATCH + 1) as u8]);
    assert!(last[1024..2048].iter().all(|&green| green == 100));
    assert_eq!((last[2048], last[2048 + 31], last[2048 + 32], last[3071]), (0, 0, 1, 31));

    let wrong = png(2, 2, png::ColorType::Rgb, &[0; 12]);
    assert_contains(&npm::unroll(&wrong).unwrap_err(), "a batch's picture is 2x2 with 3 channels");
    assert_contains(&npm::unroll(b"no png").unwrap_err(), "a picture is damaged");
}

fn table(data: &ImageData, labels: &[i64]) -> Vec<u8> {
    let schema = "message table { optional group image { optional binary bytes; optional binary path (UTF8); }
                  optional int64 label; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let pictures: Vec<ByteArray> = (0..data.len())
        .map(|index| png(data.width, data.height, png::ColorType::Grayscale, data.image(index)).into())
        .collect();
    let count = data.len();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::default())).unwrap();
    let mut rows = writer.next_row_group().unwrap();
    let mut column = rows.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&pictures, Some(&vec![2; count]), None).unwrap();
    column.close().unwrap();
    let mut column = rows.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&[], Some(&vec![1; count]), None).unwrap();
    column.close().unwrap();
    let mut column = rows.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(labels, Some(&vec![1; count]), None).unwrap();
    column.close().unwrap();
    rows.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_table_of_pictures_gives_the_images_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.parquet");
    let (_, data) = mini();
    let labels: Vec<i64> = data.labels.iter().map(|&label| i64::from(label)).collect();
    let whole = table(&data, &labels);
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(hugging_face::read_table(DatasetName::FashionMini, &path).unwrap(), data);

    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = hugging_face::read_table(DatasetName::FashionMini, &path).unwrap_err();
    assert_contains(&error, "its table is damaged");
    std::fs::write(&path, table(&data, &vec![10; data.len()])).unwrap();
    let error = hugging_face::read_table(DatasetName::FashionMini, &path).unwrap_err();
    assert_contains(&error, "label 0 is 10");
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let error = command::run(&mut Command::new("no-such-package-manager")).unwrap_err();
    assert_eq!(error, "no-such-package-manager is not on the PATH");
}

#[cfg(unix)]
#[test]
fn a_command_that_fails_or_hangs_is_explained() {
    let shell = |script: &str, limit| command::run_within(Command::new("sh").args(["-c", script]), limit);
    let long = Duration::from_secs(60);
    assert_eq!(shell("echo hello", long).unwrap(), b"hello\n");
    let error = shell("echo working; echo notice >&2; echo 'npm error code ENOTFOUND' >&2; exit 3", long).unwrap_err();
    assert_contains(&error, "sh ended with exit status: 3: npm error code ENOTFOUND");
    assert!(!error.contains("notice"), "{error}");
    assert_contains(&shell("exit 1", long).unwrap_err(), "it says nothing");
    assert_contains(&shell("exec sleep 60", Duration::from_millis(100)).unwrap_err(), "was not done after");
    assert_eq!(
        shell("head -c 1000000 /dev/zero", long).unwrap().len(),
        1_000_000,
        "much output does not block the command"
    );
}
