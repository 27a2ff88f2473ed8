//! The machine that runs pickles, as far as data needs it. Its instructions are told in Python's
//! [`pickletools`](https://github.com/python/cpython/blob/main/Lib/pickletools.py).
//!
//! Values are kept in one list and refer to each other by position, so that what is named twice is shared, and filled
//! after it was named.

use std::collections::HashMap;

use super::FormatError;
use super::globals::Global;
use super::rebuild::{Storage, Storages};
use crate::io::{Dict, Key, Value};
use crate::tensor::Tensor;

/// A value's position in the list.
type Id = usize;

#[derive(Clone, Debug)]
enum Node {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Tensor(Tensor),
    Global(Global),
    Storage(Storage),
}

/// How deep values may lie within each other.
const DEEPEST: usize = 256;

/// Runs a pickle.
pub(super) fn run(program: &[u8], storages: &mut Storages<'_>) -> Result<Value, FormatError> {
    let mut machine = Machine {
        rest: program,
        storages,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    let root = machine.run()?;
    // What is shared counts each time it appears: a short pickle must not stand for an endless value.
    let mut budget = 64 * program.len() + (1 << 16);
    machine.resolve(root, 0, &mut budget)
}

struct Machine<'a, 'b, 'c> {
    rest: &'a [u8],
    storages: &'b mut Storages<'c>,
    nodes: Vec<Node>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<usize, Id>,
}

fn damaged<T>(problem: impl Into<String>) -> Result<T, FormatError> {
    Err(FormatError::Damaged(problem.into()))
}

impl<'a> Machine<'a, '_, '_> {
    fn run(&mut self) -> Result<Id, FormatError> {
        loop {
            let [instruction] = self.array()?;
            if instruction == b'.' {
                return self.pop();
            }
            self.execute(instruction)?;
        }
    }

    fn execute(&mut self, instruction: u8) -> Result<(), FormatError> {
        match instruction {
            // Protocol and frames: nothing that matters here.
            0x80 => {
                let [protocol] = self.array()?;
                if protocol > 5 {
                    return Err(FormatError::Unsupported(format!("a pickle of protocol {protocol}")));
                }
            }
            0x95 => drop(self.array::<8>()?),
            b'N' => self.push(Node::None),
            0x88 => self.push(Node::Bool(true)),
            0x89 => self.push(Node::Bool(false)),
            b'K' | b'M' | b'J' | 0x8a | b'G' => self.number(instruction)?,
            b'X' | 0x8c | 0x8d | b'B' | b'C' | 0x8e | b'U' | b'T' => self.text(instruction)?,
            b']' | 0x8f => self.push(Node::List(Vec::new())),
            b'}' => self.push(Node::Dict(Vec::new())),
            b')' => self.push(Node::Tuple(Vec::new())),
            b'(' => self.marks.push(self.stack.len()),
            b't' | b'l' | 0x91 => {
                let items = self.pop_mark()?;
                self.push(if instruction == b't' { Node::Tuple(items) } else { Node::List(items) });
            }
            b'd' => {
                let items = self.pop_mark()?;
                self.push(Node::Dict(pairs(&items)?));
            }
            0x85..=0x87 => {
                let length = usize::from(instruction - 0x84);
                let start = self.stack.len().checked_sub(length);
                let Some(start) = start else { return damaged("the pickle takes what is not there") };
                let items = self.stack.split_off(start);
                self.push(Node::Tuple(items));
            }
            b'a' | b'e' | 0x90 => self.append(instruction == b'a')?,
            b's' | b'u' => self.set_items(instruction == b's')?,
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.remember(instruction)?,
            b'c' | 0x93 => self.global(instruction)?,
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                self.call(callable, arguments)?;
            }
            // Attributes of a dictionary or a tensor are no part of its value.
            b'b' => {
                self.pop()?;
                let top = self.top()?;
                if !matches!(self.nodes[top], Node::Dict(_) | Node::Tensor(_)) {
                    return damaged("the pickle sets attributes of a plain value");
                }
            }
            b'Q' => {
                let id = self.pop()?;
                self.persistent(id)?;
            }
            other => return Err(FormatError::Unsupported(format!("a pickle with the instruction {other:#04x}"))),
        }
        Ok(())
    }

    fn number(&mut self, instruction: u8) -> Result<(), FormatError> {
        let node = match instruction {
            b'K' => Node::Int(i64::from(self.array::<1>()?[0])),
            b'M' => Node::Int(i64::from(u16::from_le_bytes(self.array()?))),
            b'J' => Node::Int(i64::from(i32::from_le_bytes(self.array()?))),
            b'G' => Node::Float(f64::from_be_bytes(self.array()?)),
            // Two's complement in as few bytes as it needs.
            _ => {
                let [length] = self.array()?;
                let bytes = self.take(usize::from(length))?;
                if bytes.len() > 8 {
                    return Err(FormatError::Unsupported("a whole number beyond 64 bits".into()));
                }
                let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
                let mut full = [fill; 8];
                full[..bytes.len()].copy_from_slice(bytes);
                Node::Int(i64::from_le_bytes(full))
            }
        };
        self.push(node);
        Ok(())
    }

    /// Texts, and bytes.
    fn text(&mut self, instruction: u8) -> Result<(), FormatError> {
        let length = match instruction {
            0x8c | b'C' | b'U' => u64::from(self.array::<1>()?[0]),
            b'X' | b'B' | b'T' => u64::from(u32::from_le_bytes(self.array()?)),
            _ => u64::from_le_bytes(self.array()?),
        };
        let Ok(length) = usize::try_from(length) else { return damaged("the pickle has a text without end") };
        let bytes = self.take(length)?;
        let node = match instruction {
            b'B' | b'C' | 0x8e => Node::Bytes(bytes.to_vec()),
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => Node::Text(text.to_owned()),
                Err(_) => return damaged("a text of the pickle is not UTF-8"),
            },
        };
        self.push(node);
        Ok(())
    }

    fn append(&mut self, one: bool) -> Result<(), FormatError> {
        let items = if one { vec![self.pop()?] } else { self.pop_mark()? };
        let top = self.top()?;
        match &mut self.nodes[top] {
            Node::List(list) => list.extend(items),
            _ => return damaged("the pickle appends to what is no list"),
        }
        Ok(())
    }

    fn set_items(&mut self, one: bool) -> Result<(), FormatError> {
        let items = match one {
            true => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            false => self.pop_mark()?,
        };
        let items = pairs(&items)?;
        let top = self.top()?;
        match &mut self.nodes[top] {
            Node::Dict(dict) => dict.extend(items),
            _ => return damaged("the pickle sets items of what is no dictionary"),
        }
        Ok(())
    }

    /// Puts the top of the stack into the memory, or takes something out.
    fn remember(&mut self, instruction: u8) -> Result<(), FormatError> {
        let place = match instruction {
            b'q' | b'h' => usize::from(self.array::<1>()?[0]),
            0x94 => self.memo.len(),
            _ => u32::from_le_bytes(self.array()?) as usize,
        };
        if let b'h' | b'j' = instruction {
            let Some(&id) = self.memo.get(&place) else { return damaged("the pickle asks for what it has not kept") };
            self.stack.push(id);
        } else {
            let top = self.top()?;
            self.memo.insert(place, top);
        }
        Ok(())
    }

    fn global(&mut self, instruction: u8) -> Result<(), FormatError> {
        let (module, name) = match instruction {
            b'c' => (self.line()?.to_owned(), self.line()?.to_owned()),
            _ => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (&self.nodes[module], &self.nodes[name]) {
                    (Node::Text(module), Node::Text(name)) => (module.clone(), name.clone()),
                    _ => return damaged("the pickle names something by what is no text"),
                }
            }
        };
        let global = Global::find(&module, &name)?;
        self.push(Node::Global(global));
        Ok(())
    }

    /// Applies a function of the list to its arguments.
    fn call(&mut self, callable: Id, arguments: Id) -> Result<(), FormatError> {
        let (Node::Global(global), Node::Tuple(arguments)) = (&self.nodes[callable], &self.nodes[arguments]) else {
            return damaged("the pickle calls what is no function");
        };
        let (global, arguments) = (global.clone(), arguments.clone());
        let first = arguments.first().map(|&id| &self.nodes[id]);
        let node = match (&global, first) {
            (Global::Dict, None) => Node::Dict(Vec::new()),
            (Global::Dict, Some(Node::Dict(pairs))) => Node::Dict(pairs.clone()),
            // A list of pairs.
            (Global::Dict, Some(Node::List(pairs))) => {
                let pair = |&id: &Id| match &self.nodes[id] {
                    Node::Tuple(pair) | Node::List(pair) if pair.len() == 2 => Ok((pair[0], pair[1])),
                    _ => damaged("a dictionary is made of what are no pairs"),
                };
                Node::Dict(pairs.iter().map(pair).collect::<Result<_, _>>()?)
            }
            (Global::Set, None) => Node::List(Vec::new()),
            (Global::Set, Some(Node::List(items) | Node::Tuple(items))) => Node::List(items.clone()),
            (Global::Size, Some(Node::Tuple(items) | Node::List(items))) => Node::Tuple(items.clone()),
            (Global::Device, Some(Node::Text(device))) => Node::Text(device.clone()),
            // Each character stands for a byte.
            (Global::Encode, Some(Node::Text(text))) => {
                let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
                Node::Bytes(bytes.ok_or_else(|| FormatError::Damaged("bytes beyond 255".into()))?)
            }
            (Global::RebuildTensor, _) => self.rebuild(&arguments, None)?,
            (Global::RebuildTensorV3, _) => match arguments.get(6).map(|&id| &self.nodes[id]) {
                Some(Node::Global(Global::Dtype(dtype))) => match dtype.kind {
                    Some(_) => self.rebuild(&arguments, dtype.kind)?,
                    None => return Err(FormatError::UnsupportedDtype { dtype: dtype.name.clone() }),
                },
                _ => return damaged("a tensor has no dtype"),
            },
            (Global::RebuildParameter, Some(Node::Tensor(tensor))) => {
                let on = arguments.get(1).is_some_and(|&id| matches!(self.nodes[id], Node::Bool(true)));
                Node::Tensor(if on { with_gradient(tensor) } else { tensor.clone() })
            }
            (Global::RebuildFromType, Some(_)) if arguments.len() >= 3 => {
                return self.call(arguments[0], arguments[2]);
            }
            _ => return damaged(format!("the pickle calls {global:?} with unfit arguments")),
        };
        self.push(node);
        Ok(())
    }

    /// (storage, offset, size, stride, requires_grad, …)
    fn rebuild(&mut self, arguments: &[Id], kind: Option<super::globals::Kind>) -> Result<Node, FormatError> {
        let sizes = |id: Option<&Id>| match id.map(|&id| &self.nodes[id]) {
            Some(Node::Tuple(items) | Node::List(items)) => items.iter().map(|&id| self.size(id)).collect(),
            _ => None,
        };
        let storage = arguments.first().map(|&id| &self.nodes[id]);
        let offset = arguments.get(1).and_then(|&id| self.size(id));
        let (shape, strides): (Option<Vec<usize>>, Option<Vec<usize>>) =
            (sizes(arguments.get(2)), sizes(arguments.get(3)));
        let (Some(Node::Storage(storage)), Some(offset), Some(shape), Some(strides)) =
            (storage, offset, shape, strides)
        else {
            return damaged("a tensor is not made of a storage, an offset, sizes and strides");
        };
        let Some(kind) = kind.or(storage.kind) else { return damaged("a tensor of bytes has no dtype") };
        let tensor = self.storages.tensor(&storage.clone(), kind, offset, (&shape, &strides))?;
        let on = arguments.get(4).is_some_and(|&id| matches!(self.nodes[id], Node::Bool(true)));
        Ok(Node::Tensor(if on { with_gradient(&tensor) } else { tensor }))
    }

    fn size(&self, id: Id) -> Option<usize> {
        if let Node::Int(number) = self.nodes[id] { usize::try_from(number).ok() } else { None }
    }

    /// ("storage", type, key, location, elements)
    fn persistent(&mut self, id: Id) -> Result<(), FormatError> {
        let Node::Tuple(parts) = &self.nodes[id] else { return damaged("the pickle refers to nothing") };
        let nodes: Vec<&Node> = parts.iter().map(|&id| &self.nodes[id]).collect();
        let [Node::Text(what), Node::Global(global), Node::Text(key), _, Node::Int(elements)] = nodes[..] else {
            return damaged("the pickle refers to what is no storage");
        };
        let kind = match global {
            Global::Storage(kind) => Some(*kind),
            Global::UntypedStorage => None,
            _ => return damaged("a storage has no element type"),
        };
        let (Ok(elements), "storage") = (usize::try_from(*elements), what.as_str()) else {
            return damaged("the pickle refers to what is no storage");
        };
        let storage = Storage { key: key.clone(), kind, elements };
        self.push(Node::Storage(storage));
        Ok(())
    }

    fn push(&mut self, node: Node) {
        self.nodes.push(node);
        self.stack.push(self.nodes.len() - 1);
    }

    /// The top of the stack, above the last mark.
    fn top(&self) -> Result<Id, FormatError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.last() {
            Some(&id) if self.stack.len() > floor => Ok(id),
            _ => damaged("the pickle takes what is not there"),
        }
    }

    fn pop(&mut self) -> Result<Id, FormatError> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>, FormatError> {
        match self.marks.pop() {
            Some(mark) if mark <= self.stack.len() => Ok(self.stack.split_off(mark)),
            _ => damaged("the pickle goes back to a mark that is not there"),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return damaged("the pickle ends in the middle");
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("as many bytes as were asked for"))
    }

    fn line(&mut self) -> Result<&'a str, FormatError> {
        let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') else {
            return damaged("the pickle ends in the middle");
        };
        let line = self.take(end)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| FormatError::Damaged("a name of the pickle is not UTF-8".into()))
    }

    /// The value at a position, with all that it refers to.
    fn resolve(&self, id: Id, depth: usize, budget: &mut usize) -> Result<Value, FormatError> {
        let cost = match &self.nodes[id] {
            Node::Text(text) => text.len() + 1,
            Node::Bytes(bytes) => bytes.len() + 1,
            _ => 1,
        };
        let Some(left) = budget.checked_sub(cost) else { return damaged("the value is endless") };
        *budget = left;
        if depth > DEEPEST {
            return Err(FormatError::Unsupported(format!("a value nested more than {DEEPEST} times")));
        }
        let mut all = |items: &[Id]| -> Result<Vec<Value>, FormatError> {
            items.iter().map(|&item| self.resolve(item, depth + 1, budget)).collect()
        };
        Ok(match &self.nodes[id] {
            Node::None => Value::None,
            Node::Bool(on) => Value::Bool(*on),
            Node::Int(number) => Value::Int(*number),
            Node::Float(number) => Value::Float(*number),
            Node::Text(text) => Value::Text(text.clone()),
            Node::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Node::List(items) => Value::List(all(items)?),
            Node::Tuple(items) => Value::Tuple(all(items)?),
            Node::Dict(pairs) => {
                let mut dict = Dict::new();
                for &(key, value) in pairs {
                    dict.insert(self.key(key, budget)?, self.resolve(value, depth + 1, budget)?);
                }
                Value::Dict(dict)
            }
            Node::Tensor(tensor) => Value::Tensor(tensor.clone()),
            Node::Global(Global::Dtype(dtype)) => Value::Text(dtype.name.clone()),
            Node::Global(_) => return Err(FormatError::Unsupported("a function or a type".into())),
            Node::Storage(_) => return Err(FormatError::Unsupported("a storage outside a tensor".into())),
        })
    }

    fn key(&self, id: Id, budget: &mut usize) -> Result<Key, FormatError> {
        match &self.nodes[id] {
            Node::Int(number) => Ok(Key::Int(*number)),
            Node::Bool(on) => Ok(Key::Int(i64::from(*on))),
            Node::Text(text) => match budget.checked_sub(text.len() + 1) {
                Some(left) => {
                    *budget = left;
                    Ok(Key::Text(text.clone()))
                }
                None => damaged("the value is endless"),
            },
            _ => Err(FormatError::Unsupported("a dictionary whose keys are neither numbers nor texts".into())),
        }
    }
}

fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>, FormatError> {
    let (pairs, rest) = items.as_chunks::<2>();
    match rest.is_empty() {
        true => Ok(pairs.iter().map(|&[key, value]| (key, value)).collect()),
        false => damaged("a dictionary has a key without a value"),
    }
}

/// A leaf of its own that requires gradients, if it can.
fn with_gradient(tensor: &Tensor) -> Tensor {
    match tensor.dtype().is_floating_point() {
        true => tensor.detach().requires_grad_(),
        false => tensor.clone(),
    }
}
