use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::name::DatasetName;

/// What kind of place a data set was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlaceKind {
    /// The folder given to [`Locator::data_dir`](super::Locator::data_dir).
    DataDir,
    /// The folder in the environment variable `JIMU_DATA`.
    Environment,
    /// A folder that torchvision has left.
    Torchvision,
    /// Keras' cache.
    Keras,
    /// A package of Debian.
    Debian,
    /// jimu's own cache.
    Cache,
    /// The library itself.
    BuiltIn,
}

impl fmt::Display for PlaceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            PlaceKind::DataDir => "data folder",
            PlaceKind::Environment => "JIMU_DATA",
            PlaceKind::Torchvision => "torchvision",
            PlaceKind::Keras => "Keras",
            PlaceKind::Debian => "Debian",
            PlaceKind::Cache => "cache",
            PlaceKind::BuiltIn => "built in",
        })
    }
}

/// A folder in which a data set may lie.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) kind: PlaceKind,
    pub(super) folder: PathBuf,
}

/// What the search depends on besides its options.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) jimu_data: Option<PathBuf>,
    pub(super) working_dir: PathBuf,
    pub(super) home: Option<PathBuf>,
    /// Keras' home: `KERAS_HOME`, or `~/.keras`.
    pub(super) keras: Option<PathBuf>,
    pub(super) debian: PathBuf,
    /// jimu's cache; none where the system names no home folder.
    pub(super) cache: Option<PathBuf>,
}

impl Surroundings {
    pub(super) fn of_this_process() -> Self {
        // An empty variable counts as none, as it does for XDG's.
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = etcetera::home_dir().ok();
        let user_cache = || Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("jimu"));
        Self {
            jimu_data: variable("JIMU_DATA"),
            working_dir: PathBuf::new(),
            keras: variable("KERAS_HOME").or_else(|| home.as_ref().map(|home| home.join(".keras"))),
            home,
            debian: PathBuf::from("/usr/share/datasets"),
            cache: variable("JIMU_CACHE").or_else(user_cache),
        }
    }

    /// The folders that other tools may have left, in the order in which they are looked into.
    pub(super) fn of_other_tools(&self, name: DatasetName) -> Vec<Place> {
        let mut places = Vec::new();
        let mut add = |kind, folder: PathBuf| places.push(Place { kind, folder });
        let torchvision = [Some(self.working_dir.join("data")), self.home.as_ref().map(|home| home.join("data"))];
        for data in torchvision.into_iter().flatten() {
            torchvision_folders(name).iter().for_each(|folder| add(PlaceKind::Torchvision, data.join(folder)));
        }
        if let Some(keras) = &self.keras {
            keras_folders(name).iter().for_each(|folder| add(PlaceKind::Keras, keras.join("datasets").join(folder)));
        }
        if name == DatasetName::FashionMnist {
            add(PlaceKind::Debian, self.debian.join("fashion-mnist"));
        }
        places
    }
}

fn torchvision_folders(name: DatasetName) -> &'static [&'static str] {
    match name {
        DatasetName::Mnist => &["MNIST/raw"],
        DatasetName::FashionMnist => &["FashionMNIST/raw"],
        DatasetName::Cifar10 => &["cifar-10-batches-bin", "cifar-10-batches-py"],
        DatasetName::FashionMini => &[],
    }
}

/// Keras 3 unpacks CIFAR-10 into a folder inside a folder, older versions do not. `""` is `datasets` itself, where
/// `mnist.npz` lies.
fn keras_folders(name: DatasetName) -> &'static [&'static str] {
    match name {
        DatasetName::Mnist => &[""],
        DatasetName::FashionMnist => &["fashion-mnist"],
        DatasetName::Cifar10 => {
            &["cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py-target"]
        }
        DatasetName::FashionMini => &[],
    }
}

/// The folder of the data sets in jimu's cache.
pub(super) fn datasets_folder(cache: &Path) -> PathBuf {
    cache.join("datasets")
}

/// The folder of a set, below that of the data sets.
pub(super) fn cached_folder(name: DatasetName) -> &'static str {
    match name {
        DatasetName::Cifar10 => "cifar-10-batches-bin",
        _ => name.as_str(),
    }
}

/// Where a set may lie in a folder that the user has named: in a folder of its own, as torchvision leaves it, or in the
/// folder itself. The folder itself comes last, as the files of MNIST and Fashion-MNIST have the same names.
pub(super) fn inside(name: DatasetName, folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.join(name.as_str())];
    for below in ["", "data"] {
        folders.extend(torchvision_folders(name).iter().map(|inner| folder.join(below).join(inner)));
    }
    folders.push(folder.to_owned());
    folders
}
