//! The hosts that serve the files as they were published.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::super::checksums::{md5, published};
use super::super::cifar::{Batch, parse_binary};
use super::super::idx::{inflate, parse_images, parse_labels};
use super::super::image_data::ImageData;
use super::super::layout::{Splits, colour, grey};
use super::super::name::DatasetName;
use super::http::part_of;
use super::{Job, Reason};

const CIFAR_ARCHIVE: &str = "cifar-10-binary.tar.gz";
/// The largest member that is wanted has 31 MB.
const LARGEST_MEMBER: u64 = 1 << 26;

/// The folders that the files lie in, best first. LeCun's own page no longer serves MNIST.
pub(super) fn official(name: DatasetName) -> &'static [&'static str] {
    match name {
        DatasetName::Mnist => {
            &["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"]
        }
        DatasetName::FashionMnist => &[
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ],
        DatasetName::Cifar10 => &["https://www.cs.toronto.edu/~kriz/"],
        DatasetName::FashionMini => &[],
    }
}

/// Asks one mirror after the other. A mirror that fails for one file is asked again only if no other has that file.
pub(super) fn ask(job: &mut Job<'_>, addresses: &[String]) -> Option<(Splits, String)> {
    if job.name != DatasetName::Cifar10 {
        return ask_for_files(job, addresses);
    }
    addresses.iter().find_map(|address| {
        let url = join(address, CIFAR_ARCHIVE);
        job.ask_for_set(&url, |job| download(job, &url, read_archive))
    })
}

fn join(address: &str, file: &str) -> String {
    format!("{}/{file}", address.trim_end_matches('/'))
}

/// Where a file of this address is kept. Copies from different mirrors are kept apart, as a download must be resumed
/// where it was begun.
fn kept_at(downloads: &Path, url: &str) -> PathBuf {
    let file = url.rsplit('/').next().unwrap_or_default();
    downloads.join(format!("{}-{file}", &md5(url.as_bytes())[..8]))
}

/// Fetches the four files of an IDX set, each from the first mirror that has it intact.
fn ask_for_files(job: &mut Job<'_>, addresses: &[String]) -> Option<(Splits, String)> {
    let mut order: Vec<&String> = addresses.iter().collect();
    let mut contents = Vec::new();
    for &(file, checksum) in published(job.name) {
        let fetched = order.iter().enumerate().find_map(|(position, address)| {
            let url = join(address, &format!("{file}.gz"));
            Some((position, job.ask(&url, |job| file_content(job, &url, checksum))?))
        });
        let (position, content) = fetched?;
        // The mirror that has just worked is asked first for the next file.
        let working = order.remove(position);
        order.insert(0, working);
        contents.push(content);
    }
    let origin = order.first()?.to_string();
    let splits = job.ask(&origin, |job| parse_files(job.name, &contents))?;
    Some((splits, origin))
}

fn file_content(job: &mut Job<'_>, url: &str, checksum: &str) -> Result<Vec<u8>, Reason> {
    download(job, url, |_, path| {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let content = inflate(&bytes).map_err(|error| error.to_string())?;
        if md5(&content) == checksum { Ok(content) } else { Err("its MD5 checksum differs".to_owned()) }
    })
}

/// Downloads a file, unless an earlier session that was interrupted later on has done so, and reads it.
///
/// A file that can't be read is removed, so that it is not taken for a finished download the next time. If a part of it
/// is older than this session, the server's file may have changed since, so it is downloaded once more as a whole.
pub(super) fn download<T>(
    job: &mut Job<'_>,
    url: &str,
    read: impl Fn(DatasetName, &Path) -> Result<T, Reason>,
) -> Result<T, Reason> {
    let path = kept_at(&job.downloads, url);
    loop {
        let partly_old = path.exists() || part_of(&path).exists();
        if !path.exists() {
            job.client.download(url, &path, job.reporter)?;
        }
        let content = read(job.name, &path);
        if content.is_ok() {
            job.used.push(path);
            return content;
        }
        fs::remove_file(&path).map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
        if !partly_old {
            return content;
        }
    }
}

/// The set that the four files of an IDX set make up.
pub(super) fn parse_files(name: DatasetName, contents: &[Vec<u8>]) -> Result<Splits, Reason> {
    let split = |images: &[u8], labels: &[u8]| -> Result<ImageData, Reason> {
        let images = parse_images(images).map_err(|error| error.to_string())?;
        let labels = parse_labels(labels, name.classes().len()).map_err(|error| error.to_string())?;
        grey(name, images, labels, Path::new("the images' file")).map_err(|error| error.to_string())
    };
    match contents {
        [train_images, train_labels, test_images, test_labels] => {
            Ok((split(train_images, train_labels)?, split(test_images, test_labels)?))
        }
        _ => Err(format!("it has {} of the four files", contents.len())),
    }
}

fn read_archive(name: DatasetName, path: &Path) -> Result<Splits, Reason> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let wanted: Vec<&str> = published(name).iter().map(|&(file, _)| file).collect();
    let contents = members(GzDecoder::new(BufReader::new(file)), &wanted)?;
    let parse = |bytes: &Vec<u8>| parse_binary(bytes, name.classes().len()).map_err(|error| error.to_string());
    let batches = contents.iter().map(parse).collect::<Result<Vec<Batch>, Reason>>()?;
    Ok(colour(name, batches))
}

/// The content of the members with these file names, in any folder of a tar archive.
pub(super) fn members(archive: impl Read, wanted: &[&str]) -> Result<Vec<Vec<u8>>, Reason> {
    let damaged = |error: std::io::Error| format!("its archive is damaged: {error}");
    let mut contents: Vec<Option<Vec<u8>>> = vec![None; wanted.len()];
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let file = entry.path().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
        if let Some(index) = file.and_then(|file| wanted.iter().position(|name| *name == file)) {
            let mut bytes = Vec::new();
            entry.take(LARGEST_MEMBER).read_to_end(&mut bytes).map_err(damaged)?;
            contents[index] = Some(bytes);
        }
    }
    let lacks = |(content, name): (Option<Vec<u8>>, &&str)| content.ok_or_else(|| format!("its archive has no {name}"));
    contents.into_iter().zip(wanted).map(lacks).collect()
}
