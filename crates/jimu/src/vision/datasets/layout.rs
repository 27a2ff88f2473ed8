use std::fmt;
use std::path::{Path, PathBuf};

use super::cifar::{self, Batch};
use super::error::{DatasetError, FormatError};
use super::idx::{self, IdxImages};
use super::image_data::ImageData;
use super::name::DatasetName;
use super::npz;

/// How a data set lies in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Four IDX files, plain or gzipped.
    Idx,
    /// CIFAR-10's `.bin` files.
    CifarBinary,
    /// CIFAR-10's batches pickled by Python.
    CifarPickle,
    /// `mnist.npz`, a NumPy archive.
    KerasNpz,
    /// Inside the library itself.
    BuiltIn,
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Layout::Idx => "IDX files",
            Layout::CifarBinary => "binary batches",
            Layout::CifarPickle => "Python batches",
            Layout::KerasNpz => "NumPy archive",
            Layout::BuiltIn => "built in",
        })
    }
}

/// The training set and the test set.
pub(super) type Splits = (ImageData, ImageData);

/// A layout found in a folder: its files in the order of the published list, and the names of those that are missing.
#[derive(Clone, Debug)]
pub(super) struct Detected {
    pub(super) layout: Layout,
    pub(super) folder: PathBuf,
    pub(super) files: Vec<PathBuf>,
    pub(super) missing: Vec<String>,
}

/// Each published file of IDX sets, with the name that some copies have.
const IDX_FILES: [[&str; 2]; 4] = [
    ["train-images-idx3-ubyte", "train-images.idx3-ubyte"],
    ["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"],
    ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"],
    ["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"],
];
const CIFAR_FILES: [&str; 6] =
    ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];

/// The layout of this set in this folder, or none if not a single one of its files is there. A complete layout goes
/// before one that lacks files.
pub(super) fn detect(name: DatasetName, folder: &Path) -> Option<Detected> {
    let layouts: &[Layout] = match name {
        DatasetName::Mnist => &[Layout::Idx, Layout::KerasNpz],
        DatasetName::FashionMnist | DatasetName::FashionMini => &[Layout::Idx],
        DatasetName::Cifar10 => &[Layout::CifarBinary, Layout::CifarPickle],
    };
    let found = layouts.iter().filter_map(|&layout| detect_layout(layout, folder));
    found.min_by_key(|detected| detected.missing.len())
}

fn detect_layout(layout: Layout, folder: &Path) -> Option<Detected> {
    let wanted: Vec<Vec<String>> = match layout {
        Layout::Idx => IDX_FILES.iter().map(|names| idx_spellings(names)).collect(),
        Layout::CifarBinary => CIFAR_FILES.iter().map(|name| vec![format!("{name}.bin")]).collect(),
        Layout::CifarPickle => CIFAR_FILES.iter().map(|name| vec![(*name).to_owned()]).collect(),
        Layout::KerasNpz => vec![vec!["mnist.npz".to_owned()]],
        Layout::BuiltIn => return None,
    };
    let (mut files, mut missing) = (Vec::new(), Vec::new());
    for spellings in wanted {
        match spellings.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
            Some(path) => files.push(path),
            None => missing.extend(spellings.into_iter().next()),
        }
    }
    (!files.is_empty()).then(|| Detected { layout, folder: folder.to_owned(), files, missing })
}

/// Plain files first: they are read faster.
fn idx_spellings(names: &[&str]) -> Vec<String> {
    ["", ".gz"].iter().flat_map(|packing| names.iter().map(move |name| format!("{name}{packing}"))).collect()
}

impl Detected {
    pub(super) fn check_complete(&self, name: DatasetName) -> Result<(), DatasetError> {
        if self.missing.is_empty() {
            return Ok(());
        }
        Err(DatasetError::Incomplete { name, folder: self.folder.clone(), missing: self.missing.clone() })
    }

    /// Reads the files strictly.
    pub(super) fn read(&self, name: DatasetName) -> Result<Splits, DatasetError> {
        self.check_complete(name)?;
        let classes = name.classes().len();
        match self.layout {
            Layout::Idx => {
                Ok((self.read_idx(name, 0)?, self.read_idx(name, 2)?)).and_then(|splits| self.same_size(splits))
            }
            Layout::CifarBinary => self.read_cifar(name, |path| cifar::read_binary(path, classes)),
            Layout::CifarPickle => self.read_cifar(name, |path| cifar::read_pickle(path, classes)),
            Layout::KerasNpz => self.read_npz(name),
            Layout::BuiltIn => super::built_in::fashion_mini(),
        }
    }

    fn read_idx(&self, name: DatasetName, first: usize) -> Result<ImageData, DatasetError> {
        let images = idx::read_images(&self.files[first])?;
        let labels = idx::read_labels(&self.files[first + 1], name.classes().len())?;
        grey(name, images, labels, &self.files[first])
            .map_err(|error| DatasetError::malformed(&self.files[first + 1], error))
    }

    fn read_npz(&self, name: DatasetName) -> Result<Splits, DatasetError> {
        let path = &self.files[0];
        let [train, test] = npz::read_mnist(path, name.classes().len())?;
        let data =
            |(images, labels)| grey(name, images, labels, path).map_err(|error| DatasetError::malformed(path, error));
        self.same_size((data(train)?, data(test)?))
    }

    fn read_cifar(
        &self,
        name: DatasetName,
        read: impl Fn(&Path) -> Result<Batch, DatasetError>,
    ) -> Result<Splits, DatasetError> {
        let batches = self.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(colour(name, batches))
    }

    fn same_size(&self, (train, test): Splits) -> Result<Splits, DatasetError> {
        if (train.height, train.width) == (test.height, test.width) {
            return Ok((train, test));
        }
        let problem = format!(
            "its images are {}x{} pixels, but those of the training set are {}x{}",
            test.height, test.width, train.height, train.width
        );
        Err(DatasetError::malformed(self.files.get(2).unwrap_or(&self.files[0]), FormatError::WrongSize(problem)))
    }
}

fn class_names(name: DatasetName) -> Vec<String> {
    name.classes().iter().map(|&class| class.to_owned()).collect()
}

/// Grey images and as many labels.
pub(super) fn grey(
    name: DatasetName,
    images: IdxImages,
    labels: Vec<u8>,
    images_path: &Path,
) -> Result<ImageData, FormatError> {
    if images.count != labels.len() {
        return Err(FormatError::CountsDiffer {
            images: images.count,
            labels: labels.len(),
            images_path: images_path.display().to_string(),
        });
    }
    Ok(ImageData {
        images: images.pixels,
        labels,
        channels: 1,
        height: images.height,
        width: images.width,
        classes: class_names(name),
    })
}

/// Training batches followed by the test batch.
pub(super) fn colour(name: DatasetName, mut batches: Vec<Batch>) -> Splits {
    let data = |batch: Batch| ImageData {
        images: batch.images,
        labels: batch.labels,
        channels: cifar::CHANNELS,
        height: cifar::SIDE,
        width: cifar::SIDE,
        classes: class_names(name),
    };
    let test = batches.pop().unwrap_or_default();
    let mut train = Batch::default();
    train.images.reserve_exact(batches.iter().map(|batch| batch.images.len()).sum());
    for batch in batches {
        train.images.extend(batch.images);
        train.labels.extend(batch.labels);
    }
    (data(train), data(test))
}
