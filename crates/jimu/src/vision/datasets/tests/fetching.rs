//! Downloads of fashion-mini and of broken sets from servers on this machine.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::cifar::{self, IMAGE};
use super::super::{DatasetError, DatasetName, ImageDataset, Locator, Progress};
use super::server::{Answer, Request, Server};
use super::{assert_contains, locator_in, mini, mini_files, write_own_idx};

const NAME: DatasetName = DatasetName::FashionMini;
const IMAGES: &str = "/train-images-idx3-ubyte.gz";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The gzipped files by path.
fn served() -> HashMap<String, Vec<u8>> {
    mini_files().into_iter().map(|(file, content)| (format!("/{file}.gz"), gzip(&content))).collect()
}

/// A server that has fashion-mini, and answers the requests for its largest file as told.
fn server_of_images(answer: impl Fn(Vec<u8>, usize) -> Answer + Send + Sync + 'static) -> Server {
    let files = served();
    let asked = AtomicUsize::new(0);
    let answers: Mutex<HashMap<usize, Answer>> = Mutex::new(HashMap::new());
    Server::start(move |path, request| match files.get(path) {
        None => Answer::Status(404),
        Some(content) if path == IMAGES => {
            let mut answers = answers.lock().unwrap();
            let answer_anew = || answer(content.clone(), asked.fetch_add(1, Ordering::SeqCst));
            answers.entry(request).or_insert_with(answer_anew).clone()
        }
        Some(content) => Answer::File(content.clone()),
    })
}

fn good_server() -> Server {
    server_of_images(|content, _| Answer::File(content))
}

fn fetcher(folder: &Path, servers: &[&Server]) -> Locator {
    locator_in(folder)
        .mirrors(servers.iter().map(|server| server.address.clone()))
        .stall_timeout(Duration::from_millis(300))
}

/// Like `load`, which would take fashion-mini from the library.
fn fetch(locator: &Locator) -> Result<ImageDataset, DatasetError> {
    locator.fetch_into_cache(NAME, Vec::new())
}

fn images_requests(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.path == IMAGES).collect()
}

fn cached(folder: &Path) -> PathBuf {
    folder.join("cache/datasets/fashion-mini")
}

fn left_downloads(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.join("cache/datasets/.fashion-mini.downloads")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[track_caller]
fn assert_fetched(folder: &Path, result: Result<ImageDataset, DatasetError>) {
    let set = result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((set.train, set.test), mini());
    for (file, content) in mini_files() {
        assert_eq!(fs::read(cached(folder).join(file)).unwrap(), content, "{file}");
    }
    assert_eq!(left_downloads(folder), Vec::<String>::new());
}

#[test]
fn a_fetched_set_is_in_the_cache_from_then_on() {
    let (folder, server) = (tempfile::tempdir().unwrap(), good_server());
    let received = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&received);
    let locator = fetcher(folder.path(), &[&server]).on_progress(move |progress| {
        if let Progress::Received { source, done, total } = progress {
            log.lock().unwrap().push((source.to_owned(), done, total));
        }
    });
    assert_fetched(folder.path(), fetch(&locator));
    let size = served()[IMAGES].len() as u64;
    let received = received.lock().unwrap().clone();
    let url = format!("{}{IMAGES}", server.address);
    assert!(received.contains(&(url.clone(), 0, Some(size))) && received.contains(&(url, size, Some(size))));
    assert_fetched(folder.path(), fetch(&locator));
    assert_eq!(server.requests().len(), 4, "the second time nothing is downloaded");
}

#[test]
fn the_next_mirror_is_asked_and_then_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, good) = (Server::start(|_, _| Answer::Status(404)), good_server());
    assert_fetched(folder.path(), fetch(&fetcher(folder.path(), &[&empty, &good])));
    assert_eq!((empty.requests().len(), good.requests().len()), (1, 4));
}

#[test]
fn every_mirror_is_named_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, broken) = (Server::start(|_, _| Answer::Status(404)), Server::start(|_, _| Answer::Status(503)));
    let locator = fetcher(folder.path(), &[&empty, &broken]);
    let mut addresses = locator.mirrors.clone().unwrap();
    addresses.push("http://127.0.0.1:1/".to_owned());
    addresses.push("http://no-such-host.invalid/".to_owned());
    let begun = Instant::now();
    let error = fetch(&locator.mirrors(addresses)).unwrap_err();
    assert_contains(&error, &format!("{}{IMAGES}: the server answers 404", empty.address));
    assert_contains(&error, &format!("{}{IMAGES}: the server answers 503", broken.address));
    assert_contains(&error, "http://127.0.0.1:1/train-images-idx3-ubyte.gz: the host refuses the connection");
    assert_contains(&error, "http://no-such-host.invalid/train-images-idx3-ubyte.gz: ");
    assert_contains(&error, "help: ");
    assert!(begun.elapsed() < Duration::from_secs(30), "unreachable hosts must not be waited for without end");
}

#[test]
fn half_a_file_is_resumed_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_of_images(|content, asked| match asked {
        0 => Answer::CutAfter(content.len() / 2, content),
        1 => Answer::CutAfter(1_000, content),
        _ => Answer::File(content),
    });
    assert_fetched(folder.path(), fetch(&fetcher(folder.path(), &[&server])));
    let half = served()[IMAGES].len() / 2;
    let starts: Vec<_> = images_requests(&server).iter().map(|request| request.range_start).collect();
    assert_eq!(starts, [None, Some(half), Some(half + 1_000)]);
}

#[test]
fn a_stalling_server_is_given_up_and_the_next_session_resumes() {
    let folder = tempfile::tempdir().unwrap();
    write_own_idx(&cached(folder.path()));
    let before = fs::read(cached(folder.path()).join("train-images-idx3-ubyte")).unwrap();
    let healthy = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&healthy);
    let server = server_of_images(move |content, asked| match (switch.load(Ordering::SeqCst), asked) {
        (true, _) => Answer::File(content),
        (false, 0) => Answer::StallAfter(5_000, content),
        (false, _) => Answer::StallAfter(0, content),
    });
    let locator = fetcher(folder.path(), &[&server]);
    let error = fetch(&locator).unwrap_err();
    assert_contains(&error, "the server sent nothing for 0.3 s after 5000 of");
    assert_eq!(fs::read(cached(folder.path()).join("train-images-idx3-ubyte")).unwrap(), before);
    let left = left_downloads(folder.path());
    assert!(left.len() == 1 && left[0].ends_with(".part"), "{left:?}");

    healthy.store(true, Ordering::SeqCst);
    assert_fetched(folder.path(), fetch(&locator));
    assert_eq!(images_requests(&server).last().unwrap().range_start, Some(5_000));
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let error = fetch(&fetcher(folder.path(), &[]).mirrors([address])).unwrap_err();
    assert_contains(&error, "the server sent nothing for 0.3 s");
}

#[test]
fn wrong_content_never_enters_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    write_own_idx(&cached(folder.path()));
    let before = fs::read(cached(folder.path()).join("train-images-idx3-ubyte")).unwrap();
    let (train, _) = mini();
    let mut changed = train.images.clone();
    changed[1_000] ^= 1;
    let wrong = gzip(&super::super::idx::encode_images(&changed, 2_000, 28, 28));
    let server = server_of_images(move |_, _| Answer::File(wrong.clone()));
    let locator = fetcher(folder.path(), &[&server]);
    assert_contains(&fetch(&locator).unwrap_err(), "its MD5 checksum differs");
    assert_eq!(fs::read(cached(folder.path()).join("train-images-idx3-ubyte")).unwrap(), before);
    assert_eq!(left_downloads(folder.path()), Vec::<String>::new(), "it is not kept for the next time");

    let good = good_server();
    assert_fetched(folder.path(), fetch(&fetcher(folder.path(), &[&server, &good])));
}

#[test]
fn damaged_gzip_from_a_server_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_of_images(|mut content, _| {
        let middle = content.len() / 2;
        content[middle..middle + 100].fill(0);
        Answer::File(content)
    });
    assert_contains(&fetch(&fetcher(folder.path(), &[&server])).unwrap_err(), "gzip data is damaged");
    assert!(!cached(folder.path()).exists());
}

/// Leaves this as the part that an earlier session has downloaded of the images.
fn leave_part(folder: &Path, locator: &Locator, content: &[u8]) {
    // A session that fails tells the name of the part.
    let _ = fetch(locator);
    let part = left_downloads(folder).into_iter().find(|file| file.ends_with(".part")).unwrap();
    fs::write(folder.join("cache/datasets/.fashion-mini.downloads").join(part), content).unwrap();
}

/// A part left by an earlier session, and a server that answers all later requests as told.
fn after_part(part: Vec<u8>, answer: fn(Vec<u8>) -> Answer) -> Vec<Option<usize>> {
    let folder = tempfile::tempdir().unwrap();
    let healthy = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&healthy);
    let server = server_of_images(move |content, asked| match (switch.load(Ordering::SeqCst), asked) {
        (true, _) => answer(content),
        (false, 0) => Answer::CutAfter(1, content),
        (false, _) => Answer::Status(503),
    });
    let locator = fetcher(folder.path(), &[&server]);
    leave_part(folder.path(), &locator, &part);
    let before = images_requests(&server).len();
    healthy.store(true, Ordering::SeqCst);
    assert_fetched(folder.path(), fetch(&locator));
    images_requests(&server)[before..].iter().map(|request| request.range_start).collect()
}

#[test]
fn a_part_of_something_else_is_downloaded_afresh() {
    assert_eq!(after_part(vec![7; 5_000], Answer::File), [Some(5_000), None]);
}

#[test]
fn a_server_without_ranges_starts_over() {
    let part = served()[IMAGES][..5_000].to_vec();
    assert_eq!(after_part(part, Answer::WithoutRanges), [Some(5_000)]);
}

#[test]
fn a_part_that_is_whole_or_too_long_is_settled() {
    let whole = served()[IMAGES].clone();
    assert_eq!(after_part(whole.clone(), Answer::File), [Some(whole.len())]);
    let too_long = [&whole[..], &[0; 10]].concat();
    assert_eq!(after_part(too_long.clone(), Answer::File)[..2], [Some(too_long.len()), None]);
}

fn cifar_archive(files: &[&str]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let content = cifar::encode_binary(&[1; IMAGE], &[3]);
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("cifar-10-batches-bin/{file}"), content.as_slice()).unwrap();
    }
    gzip(&archive.into_inner().unwrap())
}

#[test]
fn archives_are_checked_too() {
    let all = [
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
        "data_batch_5.bin",
        "test_batch.bin",
    ];
    let whole = cifar_archive(&all);
    for (archive, message) in [
        (whole.clone(), "the MD5 checksum differs for data_batch_1.bin, data_batch_2.bin"),
        (cifar_archive(&all[..5]), "its archive has no test_batch.bin"),
        (whole[..whole.len() / 2].to_vec(), "its archive is damaged"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(move |_, _| Answer::File(archive.clone()));
        let locator = fetcher(folder.path(), &[&server]).download(true);
        let error = locator.load(DatasetName::Cifar10).unwrap_err();
        assert_contains(&error, message);
        assert_eq!(server.requests()[0].path, "/cifar-10-binary.tar.gz");
        assert!(!folder.path().join("cache/datasets/cifar-10-batches-bin").exists());
        let left = fs::read_dir(folder.path().join("cache/datasets/.cifar-10.downloads")).unwrap().count();
        assert_eq!(left, 0, "a bad file is not kept for the next time");
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let (folder, server) = (tempfile::tempdir().unwrap(), good_server());
    fs::write(folder.path().join("cache"), "a file, not a folder").unwrap();
    assert_contains(&fetch(&fetcher(folder.path(), &[&server])).unwrap_err(), "cannot create");
    assert_eq!(server.requests().len(), 0, "nothing is downloaded in vain");
}

#[test]
fn two_at_once_download_once() {
    let folder = tempfile::tempdir().unwrap();
    let (waiting, is_waiting) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let flag = Arc::clone(&is_waiting);
    // The first request is answered only once the other one is known to wait.
    let server = Arc::new(server_of_images(move |content, _| {
        waiting.store(true, Ordering::SeqCst);
        let deadline = Instant::now() + Duration::from_secs(20);
        while !flag.load(Ordering::SeqCst) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        Answer::File(content)
    }));
    let fetches: Vec<_> = (0..2)
        .map(|_| {
            let flag = Arc::clone(&is_waiting);
            let locator = fetcher(folder.path(), &[&server]).stall_timeout(Duration::from_secs(30)).on_progress(
                move |progress| {
                    if let Progress::Waiting { lock } = progress {
                        assert!(lock.ends_with(".fashion-mini.lock"));
                        flag.store(true, Ordering::SeqCst);
                    }
                },
            );
            thread::spawn(move || fetch(&locator).map(drop))
        })
        .collect();
    for fetch in fetches {
        fetch.join().unwrap().unwrap();
    }
    assert!(is_waiting.load(Ordering::SeqCst), "one of them waited");
    assert_eq!(server.requests().len(), 4, "only one of them downloaded");
}
