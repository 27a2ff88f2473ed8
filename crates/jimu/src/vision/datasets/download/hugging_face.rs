//! Hugging Face keeps the sets as Parquet tables of PNG pictures. PNG loses nothing, so the original files can be put
//! together again and have the published checksums.

use std::env;
use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, Row};

use super::super::checksums::{md5, published};
use super::super::cifar::{self, BATCH, Batch, IMAGE};
use super::super::idx::check_labels;
use super::super::image_data::ImageData;
use super::super::layout::Splits;
use super::super::name::DatasetName;
use super::mirrors::download;
use super::{Job, Reason, picture};

/// The host, or the mirror of it that Hugging Face's own tools are told to use in `HF_ENDPOINT`.
pub(super) fn host() -> String {
    env::var("HF_ENDPOINT").ok().filter(|host| !host.is_empty()).unwrap_or_else(|| "https://huggingface.co".to_owned())
}

/// The repository and the folder in it.
fn table_of(name: DatasetName) -> Option<(&'static str, &'static str)> {
    match name {
        DatasetName::Mnist => Some(("ylecun/mnist", "mnist")),
        DatasetName::FashionMnist => Some(("zalando-datasets/fashion_mnist", "fashion_mnist")),
        DatasetName::Cifar10 => Some(("uoft-cs/cifar10", "plain_text")),
        DatasetName::FashionMini => None,
    }
}

pub(super) fn ask(job: &mut Job<'_>, host: &str) -> Option<(Splits, String)> {
    let (repository, folder) = table_of(job.name)?;
    let base = format!("{}/datasets/{repository}", host.trim_end_matches('/'));
    job.ask_for_set(&base, |job| {
        let mut split = |split: &str| {
            let url = format!("{base}/resolve/main/{folder}/{split}-00000-of-00001.parquet");
            download(job, &url, read_table)
        };
        let (mut train, test) = (split("train")?, split("test")?);
        if job.name == DatasetName::Cifar10 {
            train = in_published_order(train);
        }
        Ok((train, test))
    })
}

/// Reads a table whose rows are a label and a picture.
pub(in super::super) fn read_table(name: DatasetName, path: &Path) -> Result<ImageData, Reason> {
    let damaged = |error: parquet::errors::ParquetError| format!("its table is damaged: {error}");
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut data = ImageData {
        images: Vec::new(),
        labels: Vec::new(),
        channels: 0,
        height: 0,
        width: 0,
        classes: name.classes().iter().map(|&class| class.to_owned()).collect(),
    };
    for row in SerializedFileReader::new(file).map_err(damaged)? {
        let (png, label) = parts(&row.map_err(damaged)?).ok_or("its table has no pictures with labels")?;
        let picture = picture::decode(Cursor::new(png))?;
        if data.labels.is_empty() {
            (data.channels, data.height, data.width) = (picture.channels, picture.height, picture.width);
        }
        if (data.channels, data.height, data.width) != (picture.channels, picture.height, picture.width) {
            return Err("its pictures differ in size".to_owned());
        }
        picture.append_planes(&mut data.images);
        data.labels.push(label);
    }
    check_labels(&data.labels, data.classes.len()).map_err(|error| error.to_string())?;
    Ok(data)
}

/// The picture and the label of a row: `{image: {bytes, path}, label}`, the columns' names differing from set to set.
fn parts(row: &Row) -> Option<(Vec<u8>, u8)> {
    let (mut png, mut label) = (None, None);
    for (_, field) in row.get_column_iter() {
        match field {
            Field::Long(value) => label = u8::try_from(*value).ok(),
            Field::Group(picture) => {
                png = picture.get_column_iter().find_map(|(_, field)| match field {
                    Field::Bytes(bytes) => Some(bytes.data().to_vec()),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    Some((png?, label?))
}

/// The batches of CIFAR-10 may come in another order than they are numbered: each finds its place by its checksum.
fn in_published_order(train: ImageData) -> ImageData {
    let batches = train.images.chunks(BATCH * IMAGE).zip(train.labels.chunks(BATCH));
    let mut numbered: Vec<(usize, Batch)> = batches
        .map(|(images, labels)| {
            let checksum = md5(&cifar::encode_binary(images, labels));
            let number = published(DatasetName::Cifar10).iter().position(|(_, published)| *published == checksum);
            (number.unwrap_or(usize::MAX), Batch { images: images.to_vec(), labels: labels.to_vec() })
        })
        .collect();
    numbered.sort_by_key(|(number, _)| *number);
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for (_, batch) in numbered {
        images.extend(batch.images);
        labels.extend(batch.labels);
    }
    ImageData { images, labels, ..train }
}
