//! The files of golden cases: `TARGET.json` with the cases, `TARGET.safetensors` with their tensors.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use jimu::Tensor;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::Deserialize;

/// An argument or expected value as the JSON has it; [`Value`](super::value::Value) is what it stands for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Expression {
    /// `{"tensor": KEY}`: a tensor of the safetensors file.
    Tensor {
        /// Its key.
        tensor: String,
    },
    /// `{"float": "inf"}`: a number that JSON cannot write.
    Float {
        /// As Rust's `f64::from_str` reads it.
        float: String,
    },
    /// `{"slice": [start, stop, step]}`.
    Slice {
        /// `None` is an open end or a step of 1.
        slice: (Option<i64>, Option<i64>, Option<i64>),
    },
    /// `{"dtype": "float64"}`.
    DType {
        /// PyTorch's name.
        dtype: String,
    },
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a decimal point.
    Number(f64),
    /// A string.
    Text(String),
    /// A list or a tuple.
    List(Vec<Expression>),
    /// `null`.
    None,
}

/// The arguments of a call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// By position.
    pub args: Vec<Expression>,
    /// By name.
    #[serde(default)]
    pub kwargs: BTreeMap<String, Expression>,
}

/// How close is close enough: `|a - b| <= atol * max(1, max|b|) + rtol * |b|`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Tolerance {
    /// Relative to the expected element.
    pub rtol: f64,
    /// Relative to the largest expected element, or to 1.
    pub atol: f64,
}

/// One golden case.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// `TARGET/NUMBER`.
    pub id: String,
    /// PyTorch's name for what is called.
    pub target: String,
    /// What happens to it.
    #[serde(flatten)]
    pub kind: Kind,
    /// How close the results must come.
    #[serde(flatten)]
    pub tolerance: Tolerance,
}

/// Named tensors.
pub type Named = BTreeMap<String, Expression>;

/// What a call must give.
#[derive(Clone, Debug, Deserialize)]
pub struct Expected {
    /// The outputs, nested tuples flattened.
    pub outputs: Vec<Expression>,
    /// By output index: the gradient asked for is that of the sum of `(output * cotangent).sum()`.
    #[serde(default)]
    pub cotangents: BTreeMap<String, Expression>,
    /// The gradients, by leaf.
    #[serde(default)]
    pub grads: Named,
    /// Buffers after the call.
    #[serde(default)]
    pub state_after: Named,
}

/// The kinds of cases, with what each brings.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// A layer is built, loaded and called.
    Module {
        /// The constructor's arguments.
        init: Call,
        /// Training mode, or evaluation mode.
        train: bool,
        /// The `state_dict` to load.
        state: Named,
        /// The forward call's arguments.
        call: Call,
        /// What must come of it.
        #[serde(flatten)]
        expected: Expected,
    },
    /// An operation is called.
    Function {
        /// Its arguments.
        call: Call,
        /// What must come of it.
        #[serde(flatten)]
        expected: Expected,
    },
    /// An optimiser takes steps from given gradients.
    Optimizer {
        /// Its options.
        kwargs: Named,
        /// The parameters to start from.
        params: Vec<Expression>,
        /// The gradients, by step and parameter.
        grads: Vec<Vec<Expression>>,
        /// The parameters after each step.
        after: Vec<Vec<Expression>>,
    },
    /// A schedule of learning rates.
    Scheduler {
        /// Its options.
        kwargs: Named,
        /// The rate of the SGD that it schedules.
        base_lr: f64,
        /// The rate after 0, 1, 2, … calls of `step()`.
        lrs: Vec<f64>,
    },
    /// A model is trained for a few batches.
    Run {
        /// The optimiser's class.
        optimizer: String,
        /// Its options.
        kwargs: Named,
        /// The model's `state_dict` to start from.
        state: Named,
        /// Images and labels.
        batches: Vec<(Expression, Expression)>,
        /// The loss of each batch.
        losses: Vec<f64>,
        /// The model's `state_dict` at the end.
        state_after: Named,
    },
}

/// The cases of one target, and their tensors by key.
pub struct CaseFile {
    /// In the file's order.
    pub cases: Vec<Case>,
    /// What [`Expression::Tensor`] names.
    pub tensors: HashMap<String, Tensor>,
}

/// The `*.json` files of a folder, sorted by name.
///
/// # Errors
/// If the folder cannot be read, or holds none.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let paths: std::io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.with_context(|| format!("cannot list the folder {}", folder.display()))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        bail!("the folder {} holds no *.json", folder.display());
    }
    Ok(paths)
}

/// Reads `TARGET.json` and the `TARGET.safetensors` beside it, which a target without tensors may lack.
///
/// # Errors
/// If a file cannot be read, or does not hold what the format says.
pub fn read(json: &Path) -> Result<CaseFile> {
    let text = fs::read(json).with_context(|| format!("cannot read {}", json.display()))?;
    let cases = serde_json::from_slice(&text).with_context(|| format!("{} holds no list of cases", json.display()))?;
    let beside = json.with_extension("safetensors");
    let tensors = match beside.exists() {
        true => read_tensors(&beside).with_context(|| format!("{} holds no tensors", beside.display()))?,
        false => HashMap::new(),
    };
    Ok(CaseFile { cases, tensors })
}

fn read_tensors(path: &Path) -> Result<HashMap<String, Tensor>> {
    let bytes = fs::read(path)?;
    let file = SafeTensors::deserialize(&bytes)?;
    file.iter().map(|(key, view)| Ok((key.to_owned(), tensor(&view)?))).collect()
}

fn tensor(view: &TensorView<'_>) -> Result<Tensor> {
    fn elements<const N: usize, T>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
        bytes.as_chunks::<N>().0.iter().map(|&chunk| read(chunk)).collect()
    }
    let (bytes, shape) = (view.data(), view.shape());
    Ok(match view.dtype() {
        Dtype::F32 => Tensor::from_vec(elements(bytes, f32::from_le_bytes), shape),
        Dtype::F64 => Tensor::from_vec(elements(bytes, f64::from_le_bytes), shape),
        Dtype::I64 => Tensor::from_vec(elements(bytes, i64::from_le_bytes), shape),
        Dtype::U8 => Tensor::from_slice(bytes, shape),
        Dtype::BOOL => Tensor::from_vec(elements(bytes, |[byte]| byte != 0), shape),
        other => bail!("a tensor of type {other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_expression() {
        let read = |json: &str| serde_json::from_str::<Expression>(json).unwrap();
        assert_eq!(read("3"), Expression::Int(3));
        assert_eq!(read("3.0"), Expression::Number(3.0));
        assert_eq!(read("null"), Expression::None);
        assert_eq!(read("true"), Expression::Bool(true));
        assert_eq!(read(r#"{"float": "-inf"}"#), Expression::Float { float: "-inf".into() });
        assert_eq!(read(r#"{"slice": [null, 4, 2]}"#), Expression::Slice { slice: (None, Some(4), Some(2)) });
        assert_eq!(
            read(r#"["same", []]"#),
            Expression::List(vec![Expression::Text("same".into()), Expression::List(Vec::new())])
        );
        assert!(serde_json::from_str::<Expression>(r#"{"complex": 1}"#).is_err());
    }

    #[test]
    fn refuses_a_folder_without_cases() {
        let folder = tempfile::tempdir().unwrap();
        assert!(files(folder.path()).unwrap_err().to_string().contains("holds no *.json"));
        let broken = folder.path().join("abs.json");
        fs::write(&broken, "[{}]").unwrap();
        assert!(read(&broken).is_err_and(|error| error.to_string().contains("holds no list of cases")));
    }
}
