use std::path::{Path, PathBuf};
use std::time::Duration;

use super::built_in;
use super::checksums;
use super::error::{Attempt, DatasetError};
use super::image_data::ImageDataset;
use super::layout::{Detected, Layout, Splits, detect};
use super::name::DatasetName;
use super::places::{Place, PlaceKind, Surroundings, cached_folder, datasets_folder, inside};
use super::progress::{Progress, Reporter};
use super::verified::Note;

/// Finds data sets on this machine, and fetches those that are not there.
///
/// ```
/// use jimu::vision::datasets::{DatasetName, Locator};
///
/// let offline = Locator::new().download(false);
/// let set = offline.load(DatasetName::FashionMini)?;
/// assert_eq!((set.test.channels, set.test.height, set.test.width), (1, 28, 28));
/// # Ok::<(), jimu::vision::datasets::DatasetError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Locator {
    data_dir: Option<PathBuf>,
    download: bool,
    pub(super) mirrors: Option<Vec<String>>,
    pub(super) stall_timeout: Duration,
    pub(super) reporter: Reporter,
    pub(super) surroundings: Surroundings,
}

/// A place in which some or all files of a data set lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Which set.
    pub name: DatasetName,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// The folder.
    pub path: PathBuf,
    /// How the set lies there.
    pub layout: Layout,
    /// The files that are missing; none if the set is complete.
    pub missing: Vec<String>,
}

/// What [`Locator::verify`] found in a place.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The published data set, byte for byte.
    Published,
    /// Well-formed images and labels, but not the published ones: these files differ.
    Differs(Vec<String>),
    /// A file is missing, damaged or not readable.
    Broken(DatasetError),
}

impl Default for Locator {
    fn default() -> Self {
        Self::new()
    }
}

impl Locator {
    /// Looks everywhere, downloads what is not there, and reports no progress.
    pub fn new() -> Self {
        Self {
            data_dir: None,
            download: true,
            mirrors: None,
            stall_timeout: Duration::from_secs(30),
            reporter: Reporter::default(),
            surroundings: Surroundings::of_this_process(),
        }
    }

    /// Takes data sets from this folder, and from nowhere else: it is an error if it does not hold them. They may lie in
    /// the folder itself, in one called as the set, or as torchvision leaves them (`MNIST/raw`).
    pub fn data_dir(mut self, folder: Option<PathBuf>) -> Self {
        self.data_dir = folder;
        self
    }

    /// Whether [`load`](Self::load) may fetch what is not on this machine. By default it may.
    pub fn download(mut self, allowed: bool) -> Self {
        self.download = allowed;
        self
    }

    /// The folder of jimu's cache, in which the sets lie below `datasets`, instead of `JIMU_CACHE` or `jimu` in the
    /// user's cache folder.
    pub fn cache_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.surroundings.cache = Some(folder.into());
        self
    }

    /// The addresses of folders to download from, one after the other, instead of all hosts and package managers that
    /// jimu knows. They hold the published files: `train-images-idx3-ubyte.gz` and its three companions, or
    /// `cifar-10-binary.tar.gz`.
    pub fn mirrors<Address: Into<String>>(mut self, addresses: impl IntoIterator<Item = Address>) -> Self {
        self.mirrors = Some(addresses.into_iter().map(Into::into).collect());
        self
    }

    /// How long a server may send nothing before it is given up: 30 seconds by default.
    pub fn stall_timeout(mut self, time: Duration) -> Self {
        self.stall_timeout = time;
        self
    }

    /// Is called while something is fetched, from the thread that fetches.
    pub fn on_progress(mut self, callback: impl Fn(Progress<'_>) + Send + Sync + 'static) -> Self {
        self.reporter = Reporter::new(callback);
        self
    }

    /// Loads a data set from the first source that has it; the module's page lists them.
    ///
    /// # Errors
    /// If the folder that the user named holds no such set or a damaged one, and, as [`DatasetError::Unavailable`] with
    /// a line for each source tried, if no source has it.
    pub fn load(&self, name: DatasetName) -> Result<ImageDataset, DatasetError> {
        if name == DatasetName::FashionMini {
            return Ok(dataset(name, built_in::fashion_mini()?, built_in::ORIGIN.to_owned()));
        }
        if let Some(folder) = &self.data_dir {
            return self.load_inside(name, folder)?.ok_or_else(|| not_in_folder(name, folder));
        }
        let mut attempts = Vec::new();
        if let Some(folder) = &self.surroundings.jimu_data {
            match self.load_inside(name, folder)? {
                Some(found) => return Ok(found),
                None => {
                    attempts.push(Attempt::new(format!("JIMU_DATA ({})", folder.display()), "holds none of its files"))
                }
            }
        }
        for place in self.surroundings.of_other_tools(name) {
            match load_published(name, &place.folder, false) {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => attempts.push(nothing_there(&place)),
                Err(error) => attempts.push(Attempt::new(place.folder.display().to_string(), error)),
            }
        }
        match self.load_cached(name, &mut attempts) {
            Some(found) => Ok(found),
            None if self.download => self.fetch_into_cache(name, attempts),
            None => {
                attempts.push(Attempt::new("download", "switched off"));
                Err(DatasetError::Unavailable { name, attempts })
            }
        }
    }

    /// Puts a data set into jimu's cache, unless its intact copy is there already, and gives its folder.
    ///
    /// # Errors
    /// [`DatasetError::Unavailable`] lists each source tried and why it failed. What the cache held before is unharmed,
    /// and what was downloaded so far is kept for the next time.
    pub fn fetch(&self, name: DatasetName) -> Result<PathBuf, DatasetError> {
        if name == DatasetName::FashionMini {
            return Ok(PathBuf::from(built_in::ORIGIN));
        }
        let mut attempts = Vec::new();
        if self.load_cached(name, &mut attempts).is_none() {
            self.fetch_into_cache(name, attempts)?;
        }
        Ok(self.cached_folder(name).unwrap_or_default())
    }

    /// Every place in which files of this set lie, in the order in which [`load`](Self::load) would take it from there.
    /// Nothing is read.
    pub fn locate(&self, name: DatasetName) -> Vec<Location> {
        let found = self.detect_all(name).into_iter().map(|(kind, detected)| location(name, kind, &detected));
        let built_in = (name == DatasetName::FashionMini).then(|| Location {
            name,
            kind: PlaceKind::BuiltIn,
            path: PathBuf::from(built_in::ORIGIN),
            layout: Layout::BuiltIn,
            missing: Vec::new(),
        });
        built_in.into_iter().chain(found).collect()
    }

    /// Reads every copy of this set that lies on this machine, and compares it with the published checksums.
    pub fn verify(&self, name: DatasetName) -> Vec<(Location, Verdict)> {
        self.locate(name)
            .into_iter()
            .map(|location| {
                let verdict = match read_location(&location) {
                    Err(error) => Verdict::Broken(error),
                    Ok((train, test)) => match checksums::differences(name, &train, &test) {
                        files if files.is_empty() => Verdict::Published,
                        files => Verdict::Differs(files),
                    },
                };
                (location, verdict)
            })
            .collect()
    }

    fn detect_all(&self, name: DatasetName) -> Vec<(PlaceKind, Detected)> {
        if name == DatasetName::FashionMini {
            return Vec::new();
        }
        let named = [
            (PlaceKind::DataDir, self.data_dir.as_ref()),
            (PlaceKind::Environment, self.surroundings.jimu_data.as_ref()),
        ];
        let named = named.into_iter().filter_map(|(kind, folder)| Some((kind, folder?)));
        let mut places: Vec<Place> = named
            .flat_map(|(kind, folder)| inside(name, folder).into_iter().map(move |folder| Place { kind, folder }))
            .collect();
        places.extend(self.surroundings.of_other_tools(name));
        places.extend(self.cached_folder(name).map(|folder| Place { kind: PlaceKind::Cache, folder }));
        places.into_iter().filter_map(|place| Some((place.kind, detect(name, &place.folder)?))).collect()
    }

    /// Loads the set from a folder that the user has named; its content may be the user's own.
    fn load_inside(&self, name: DatasetName, folder: &Path) -> Result<Option<ImageDataset>, DatasetError> {
        let found = inside(name, folder).iter().filter_map(|folder| detect(name, folder)).collect::<Vec<_>>();
        let Some(detected) = found.into_iter().min_by_key(|detected| detected.missing.len()) else {
            return Ok(None);
        };
        let splits = detected.read(name)?;
        if let Some(found) = checksums::recognise_other(name, &splits.0, &splits.1) {
            return Err(DatasetError::OtherSet { wanted: name, found, folder: detected.folder });
        }
        Ok(Some(dataset(name, splits, detected.folder.display().to_string())))
    }

    /// Loads the set from the cache. A reason why that fails is noted.
    pub(super) fn load_cached(&self, name: DatasetName, attempts: &mut Vec<Attempt>) -> Option<ImageDataset> {
        let Some(folder) = self.cached_folder(name) else {
            attempts.push(Attempt::new("cache", "the system names no home folder, and JIMU_CACHE is not set"));
            return None;
        };
        match load_published(name, &folder, true) {
            Ok(Some(found)) => return Some(found),
            Ok(None) => attempts.push(nothing_there(&Place { kind: PlaceKind::Cache, folder })),
            Err(error) => attempts.push(Attempt::new(format!("cache ({})", folder.display()), error)),
        }
        None
    }

    fn cached_folder(&self, name: DatasetName) -> Option<PathBuf> {
        Some(datasets_folder(self.surroundings.cache.as_ref()?).join(cached_folder(name)))
    }

    #[cfg(not(feature = "download"))]
    fn fetch_into_cache(&self, name: DatasetName, mut attempts: Vec<Attempt>) -> Result<ImageDataset, DatasetError> {
        attempts.push(Attempt::new("download", "this program was built without jimu's feature \"download\""));
        Err(DatasetError::Unavailable { name, attempts })
    }
}

/// Loads the published set from a folder that nobody named, if it is there. In jimu's own cache a note may be left that
/// its files are the published ones.
fn load_published(name: DatasetName, folder: &Path, may_note: bool) -> Result<Option<ImageDataset>, DatasetError> {
    let Some(detected) = detect(name, folder) else { return Ok(None) };
    let note = may_note.then(|| Note::of(name, &detected)).flatten();
    let (train, test) = detected.read(name)?;
    if !note.as_ref().is_some_and(Note::is_left) {
        let files = checksums::differences(name, &train, &test);
        if !files.is_empty() {
            return Err(DatasetError::ChecksumMismatch { name, folder: folder.to_owned(), files });
        }
        note.iter().for_each(Note::leave);
    }
    Ok(Some(dataset(name, (train, test), folder.display().to_string())))
}

fn read_location(location: &Location) -> Result<Splits, DatasetError> {
    if location.layout == Layout::BuiltIn {
        return built_in::fashion_mini();
    }
    detect(location.name, &location.path)
        .ok_or_else(|| not_in_folder(location.name, &location.path))
        .and_then(|detected| detected.read(location.name))
}

fn location(name: DatasetName, kind: PlaceKind, detected: &Detected) -> Location {
    let Detected { layout, folder, missing, .. } = detected;
    Location { name, kind, path: folder.clone(), layout: *layout, missing: missing.clone() }
}

fn nothing_there(place: &Place) -> Attempt {
    let reason = if place.folder.is_dir() { "holds none of its files" } else { "no such folder" };
    Attempt::new(format!("{} ({})", place.kind, place.folder.display()), reason)
}

fn not_in_folder(name: DatasetName, folder: &Path) -> DatasetError {
    DatasetError::NotInFolder { name, folder: folder.to_owned(), looked_for: inside(name, folder) }
}

pub(super) fn dataset(name: DatasetName, (train, test): Splits, origin: String) -> ImageDataset {
    ImageDataset { name, train, test, origin }
}
