//! The whole run: every case of a folder, and what is printed about it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::cases::{self, Case, Kind};
use super::layouts::Layout;
use super::{Outcome, run_case};

/// Counts of cases by outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// By target: cases of what is not built yet.
    pub unsupported: BTreeMap<String, usize>,
}

impl Report {
    /// The last line of the run.
    pub fn summary(&self) -> String {
        let unsupported: usize = self.unsupported.values().sum();
        format!("{} passed, {} failed, {unsupported} unsupported", self.passed, self.failed)
    }
}

/// Runs the cases of `folder` whose id `wanted` accepts, and writes a line for each that fails and each target that is
/// not there.
///
/// # Errors
/// If the folder or a file in it cannot be read, or `out` cannot be written.
pub fn run(folder: &Path, wanted: impl Fn(&str) -> bool, layouts: &[Layout], out: &mut dyn Write) -> Result<Report> {
    let mut report = Report::default();
    for json in cases::files(folder)? {
        let file = cases::read(&json)?;
        for case in file.cases.iter().filter(|case| wanted(&case.id)) {
            match run_case(&file, case, layouts) {
                Outcome::Passed => report.passed += 1,
                Outcome::Failed(why) => {
                    report.failed += 1;
                    writeln!(out, "FAILED {}: {why}", case.id)?;
                }
                Outcome::Unsupported => *report.unsupported.entry(target(case)).or_default() += 1,
            }
        }
    }
    for (target, count) in &report.unsupported {
        writeln!(out, "unsupported: {target} ({count} cases)")?;
    }
    writeln!(out, "{}", report.summary())?;
    Ok(report)
}

/// The ids that [`run`] would go through.
///
/// # Errors
/// If the folder or a file in it cannot be read.
pub fn list(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for json in cases::files(folder)? {
        ids.extend(cases::read(&json)?.cases.into_iter().map(|case| case.id).filter(|id| wanted(id)));
    }
    Ok(ids)
}

fn target(case: &Case) -> String {
    match case.kind {
        Kind::Run { .. } => format!("run.{}", case.target),
        _ => case.target.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::Dtype;
    use safetensors::tensor::{TensorView, serialize_to_file};

    /// A folder with `exp` of [0, 1] as `case` has it, where the expected values are `output` and the gradient `grad`.
    fn folder(target: &str, kwargs: &str, output: [f32; 2], grad: [f32; 2]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let case = format!(
            r#"[{{"kind": "function", "target": "{target}", "id": "{target}/0", "rtol": 1e-4, "atol": 1e-5,
                "call": {{"args": [{{"tensor": "x"}}], "kwargs": {kwargs}}}, "outputs": [{{"tensor": "y"}}],
                "cotangents": {{"0": {{"tensor": "one"}}}}, "grads": {{"arg.0": {{"tensor": "g"}}}}}}]"#
        );
        std::fs::write(folder.path().join("case.json"), case).unwrap();
        let bytes = |values: [f32; 2]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let stored = [("x", [0.0, 1.0]), ("one", [1.0, 1.0]), ("y", output), ("g", grad)];
        let stored = stored.map(|(key, values)| (key, bytes(values)));
        let views = stored.iter().map(|(key, bytes)| (*key, TensorView::new(Dtype::F32, vec![2], bytes).unwrap()));
        serialize_to_file(views, None, &folder.path().join("case.safetensors")).unwrap();
        folder
    }

    fn run_on(folder: &tempfile::TempDir) -> (Report, String) {
        let mut out = Vec::new();
        let report = run(folder.path(), |_| true, &Layout::OTHERS, &mut out).unwrap();
        (report, String::from_utf8(out).unwrap())
    }

    const EXP: [f32; 2] = [1.0, std::f32::consts::E];

    #[test]
    fn a_right_case_passes() {
        let (report, text) = run_on(&folder("exp", "{}", EXP, EXP));
        assert_eq!((report.passed, report.failed), (1, 0), "{text}");
        assert_eq!(text, "1 passed, 0 failed, 0 unsupported\n");
    }

    #[test]
    fn wrong_values_and_gradients_fail() {
        let (report, text) = run_on(&folder("exp", "{}", [1.0, 2.5], EXP));
        assert_eq!((report.passed, report.failed), (0, 1));
        assert!(text.starts_with("FAILED exp/0: output 0: largest difference 2.183e-1"), "{text}");
        let (_, text) = run_on(&folder("exp", "{}", EXP, [0.0, 1.0]));
        assert!(text.starts_with("FAILED exp/0: gradient of arg.0: largest difference 1.718e0"), "{text}");
    }

    #[test]
    fn unknown_arguments_fail_and_unknown_targets_do_not() {
        let (report, text) = run_on(&folder("exp", r#"{"base": 2}"#, EXP, EXP));
        assert_eq!(report.failed, 1);
        assert!(text.starts_with("FAILED exp/0: argument base is unknown\n"), "{text}");
        let (report, text) = run_on(&folder("no_such_function", "{}", EXP, EXP));
        assert_eq!((report.failed, report.unsupported["no_such_function"]), (0, 1));
        assert_eq!(text, "unsupported: no_such_function (1 cases)\n0 passed, 0 failed, 1 unsupported\n");
    }

    #[test]
    fn a_filter_chooses_cases() {
        let folder = folder("exp", "{}", EXP, EXP);
        assert_eq!(list(folder.path(), |id| id.contains("exp")).unwrap(), ["exp/0"]);
        let report = run(folder.path(), |id| id == "log/0", &[], &mut Vec::new()).unwrap();
        assert_eq!(report, Report::default());
    }
}
