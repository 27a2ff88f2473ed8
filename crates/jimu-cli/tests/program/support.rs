//! Running the program.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

/// What a run of the program left behind.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Ran {
    /// Insists on success.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// Insists on one message, on standard error alone, and this exit code; no panic ever is a message.
    #[track_caller]
    pub fn fails(self, code: i32, message: &str) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(self.err.contains(message), "{message:?} is not in\n{}", self.err);
        assert_eq!(self.err.matches("error:").count(), 1, "{}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

/// The program.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jimu"));
    // What the machine has set must not matter.
    for name in ["JIMU_DATA", "JIMU_NUM_THREADS", "JIMU_SIMD", "JIMU_LOG", "JIMU_CACHE", "HF_ENDPOINT"] {
        command.env_remove(name);
    }
    command
}

/// Runs the program.
pub fn jimu<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    command().args(arguments).output().expect("the program starts").into()
}

/// The options of a training that takes no time, on the set that is built in.
pub const QUICK: [&str; 7] = ["train", "--dataset", "fashion-mini", "--epochs", "1", "--limit", "256"];

/// A quick training into `out`.
pub fn train(out: &Path, options: &[&str]) -> Ran {
    command().args(QUICK).arg("--out").arg(out).args(options).output().expect("the program starts").into()
}

/// What a folder holds, by name.
pub fn names(folder: &Path) -> Vec<String> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(entry).collect();
    names.sort();
    names
}
