//! State dicts of models and optimisers.

use std::collections::BTreeMap;

use super::FormatError;
use crate::dtype::DType;
use crate::io::{Dict, Key, Value};
use crate::nn::StateDict;
use crate::optim::{GroupState, HyperParameter, OptimizerState};
use crate::tensor::Tensor;

impl From<&StateDict> for Value {
    fn from(state: &StateDict) -> Self {
        let tensors = state.iter().map(|(name, tensor)| (name.as_str().into(), tensor.detach().into()));
        Value::Dict(tensors.collect())
    }
}

fn mismatch<T>(problem: impl Into<String>) -> Result<T, FormatError> {
    Err(FormatError::Mismatch(problem.into()))
}

/// A model's `state_dict`: a dictionary of tensors by name.
///
/// # Errors
/// If the value is something else.
///
/// ```
/// use jimu::io::{Dict, Value, torch};
/// let checkpoint = Value::from(Dict::from_iter([("epoch".into(), Value::from(3)), ("model".into(), Dict::new().into())]));
/// let error = torch::to_state_dict(&checkpoint).unwrap_err().to_string();
/// assert!(error.starts_with("a state dict has tensors by name, but \"epoch\" is an int"), "{error}");
/// assert!(torch::to_state_dict(checkpoint.get("model").unwrap())?.is_empty());
/// # Ok::<(), torch::FormatError>(())
/// ```
pub fn to_state_dict(value: &Value) -> Result<StateDict, FormatError> {
    let Some(dict) = value.as_dict() else {
        return mismatch(format!("a state dict is a dictionary, but the file holds {}", value.kind()));
    };
    let mut state = StateDict::new();
    for (key, value) in dict {
        let (Key::Text(name), Value::Tensor(tensor)) = (key, value) else {
            let keys: Vec<String> = dict.keys().map(Key::to_string).collect();
            return mismatch(format!(
                "a state dict has tensors by name, but {key} is {}\n  \
                 help: load the whole file with io::torch::load and choose among its keys: {}",
                value.kind(),
                keys.join(", ")
            ));
        };
        state.insert(name.clone(), tensor.detach());
    }
    Ok(state)
}

/// What chooses among PyTorch's implementations, or only names parameters: no part of an optimiser's state.
const IGNORED: [&str; 5] = ["foreach", "fused", "capturable", "differentiable", "param_names"];

/// As PyTorch's `optimizer.state_dict()`: {"state": {0: {…}, …}, "param_groups": […]}.
impl From<&OptimizerState> for Value {
    fn from(state: &OptimizerState) -> Self {
        let mut params: BTreeMap<i64, BTreeMap<String, Entry>> = BTreeMap::new();
        for (name, tensor) in &state.tensors {
            let mut parts = name.splitn(4, '.').skip(1);
            let number = parts.next().and_then(|number| number.parse().ok());
            let (Some(number), Some(own)) = (number, parts.next()) else { continue };
            let entries = params.entry(number).or_default();
            match parts.next().and_then(|index| index.parse::<usize>().ok()) {
                Some(index) => match entries.entry(own.to_owned()).or_insert_with(|| Entry::List(BTreeMap::new())) {
                    Entry::List(list) => drop(list.insert(index, stored(own, tensor))),
                    Entry::One(_) => {}
                },
                None => drop(entries.insert(own.to_owned(), Entry::One(stored(own, tensor)))),
            }
        }
        let of_param = |(number, entries): (i64, BTreeMap<String, Entry>)| {
            let entries = entries.into_iter().map(|(name, entry)| (Key::from(name), entry.into_value()));
            (Key::Int(number), Value::Dict(entries.collect()))
        };
        let groups = state.groups.iter().map(group_value).collect();
        Value::Dict(Dict::from_iter([
            ("state".into(), Value::Dict(params.into_iter().map(of_param).collect())),
            ("param_groups".into(), Value::List(groups)),
        ]))
    }
}

enum Entry {
    One(Value),
    List(BTreeMap<usize, Value>),
}

impl Entry {
    fn into_value(self) -> Value {
        match self {
            Self::One(value) => value,
            Self::List(items) => Value::List(items.into_values().collect()),
        }
    }
}

/// As PyTorch has it: counts are ints, and a `step` is a tensor of single precision.
fn stored(name: &str, tensor: &Tensor) -> Value {
    match (tensor.dim(), tensor.dtype()) {
        (0, DType::I64) => Value::Int(tensor.to_vec::<i64>()[0]),
        (0, _) if name == "step" => Value::Tensor(tensor.detach().to(DType::F32)),
        _ => Value::Tensor(tensor.detach()),
    }
}

fn group_value(group: &GroupState) -> Value {
    let value = |value: &HyperParameter| match value {
        HyperParameter::None => Value::None,
        HyperParameter::Switch(on) => Value::Bool(*on),
        HyperParameter::Integer(number) => Value::Int(*number),
        HyperParameter::Number(number) => Value::Float(*number),
        HyperParameter::Pair(first, second) => Value::Tuple(vec![(*first).into(), (*second).into()]),
        HyperParameter::Triple(first, second, third) => {
            Value::Tuple(vec![(*first).into(), (*second).into(), (*third).into()])
        }
        HyperParameter::Text(text) => Value::Text(text.clone()),
    };
    let mut dict: Dict = group.hyper_parameters.iter().map(|(name, own)| (name.as_str().into(), value(own))).collect();
    dict.insert("params".into(), group.params.clone().into());
    Value::Dict(dict)
}

/// An optimiser's `state_dict`, as PyTorch has it, for [`Optimizer::load_state_dict`](crate::optim::Optimizer).
///
/// # Errors
/// If the value is something else.
///
/// ```
/// use jimu::io::{Value, torch};
/// use jimu::{Tensor, optim::{Adam, Optimizer}};
/// let w = Tensor::new([1.0]).requires_grad_();
/// let mut opt = Adam::new([w.clone()], 0.1);
/// w.sum().backward();
/// opt.step();
/// let value = Value::from(&opt.state_dict());
/// let first = value.get("state").and_then(|state| state.get(0)).unwrap();
/// assert_eq!(first.get("step").and_then(Value::as_float), Some(1.0));
/// opt.load_state_dict(&torch::to_optimizer_state(&value)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_optimizer_state(value: &Value) -> Result<OptimizerState, FormatError> {
    let (Some(entries), Some(groups)) =
        (value.get("state").and_then(Value::as_dict), value.get("param_groups").and_then(Value::as_list))
    else {
        return mismatch("an optimizer's state dict has a dictionary `state` and a list `param_groups`");
    };
    let mut state = OptimizerState::default();
    // Parameters have numbers of the file's own, in the order of the groups.
    let mut numbers = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        let params = group.get("params").and_then(Value::as_list);
        let params: Option<Vec<i64>> = params.and_then(|params| params.iter().map(Value::as_int).collect());
        let Some(params) = params else { return mismatch(format!("group {index} has no list `params` of numbers")) };
        let first = numbers.len();
        for param in &params {
            let number = numbers.len();
            if numbers.insert(*param, number).is_some() {
                return mismatch(format!("parameter {param} is in two groups"));
            }
        }
        let hyper_parameters = hyper_parameters(index, group)?;
        state.groups.push(GroupState { hyper_parameters, params: (first..first + params.len()).collect() });
    }
    for (key, entries) in entries {
        let number = if let Key::Int(param) = key { numbers.get(param) } else { None };
        let (Some(number), Some(entries)) = (number, entries.as_dict()) else {
            return mismatch(format!("the state of parameter {key} belongs to no group"));
        };
        for (name, value) in entries {
            let Key::Text(name) = name else { return mismatch(format!("the state of parameter {key} has no names")) };
            collect(&format!("state.{number}.{name}"), value, &mut state.tensors)?;
        }
    }
    Ok(state)
}

fn hyper_parameters(index: usize, group: &Value) -> Result<BTreeMap<String, HyperParameter>, FormatError> {
    let Some(dict) = group.as_dict() else { return mismatch(format!("group {index} is {}", group.kind())) };
    let mut found = BTreeMap::new();
    for (key, value) in dict {
        let Key::Text(name) = key else { return mismatch(format!("group {index} has the key {key}")) };
        if name == "params" || IGNORED.contains(&name.as_str()) {
            continue;
        }
        let Some(own) = hyper_parameter(value) else {
            return mismatch(format!("`{name}` of group {index} is {}, which is no hyper-parameter", value.kind()));
        };
        found.insert(name.clone(), own);
    }
    Ok(found)
}

fn hyper_parameter(value: &Value) -> Option<HyperParameter> {
    Some(match value {
        Value::None => HyperParameter::None,
        Value::Bool(on) => HyperParameter::Switch(*on),
        Value::Int(number) => HyperParameter::Integer(*number),
        Value::Float(number) => HyperParameter::Number(*number),
        Value::Text(text) => HyperParameter::Text(text.clone()),
        Value::Tensor(_) => HyperParameter::Number(value.as_float()?),
        Value::List(items) | Value::Tuple(items) => {
            match items.iter().map(Value::as_float).collect::<Option<Vec<f64>>>()?[..] {
                [first, second] => HyperParameter::Pair(first, second),
                [first, second, third] => HyperParameter::Triple(first, second, third),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// Adds a value of a parameter's state under its name; the elements of a list under their numbers.
fn collect(name: &str, value: &Value, tensors: &mut BTreeMap<String, Tensor>) -> Result<(), FormatError> {
    match value {
        Value::None => {}
        Value::Tensor(tensor) => drop(tensors.insert(name.to_owned(), tensor.detach())),
        Value::Int(_) | Value::Float(_) => {
            let number = value.as_float().unwrap_or(f64::NAN);
            tensors.insert(name.to_owned(), Tensor::full_of([], number, DType::F64));
        }
        Value::List(items) | Value::Tuple(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{name}.{index}"), item, tensors)?;
            }
        }
        other => return mismatch(format!("`{name}` is {}", other.kind())),
    }
    Ok(())
}
