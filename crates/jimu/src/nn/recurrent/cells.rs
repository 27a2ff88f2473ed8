//! The weights of recurrent networks, and one step of each kind.

use super::ragged::Ragged;
use crate::dtype::DType;
use crate::error::ShapeError;
use crate::nn::field::{Field, Fields, Label, Parameter};
use crate::nn::functional::linear;
use crate::nn::init;
use crate::ops::nn::recurrence::{Cell, Recurrent, State, step, try_recurrence};
use crate::tensor::Tensor;

/// What bends the state of an [`RNN`](super::RNN).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RNNNonlinearity {
    /// The hyperbolic tangent.
    #[default]
    Tanh,
    /// max(x, 0).
    Relu,
}

impl RNNNonlinearity {
    pub(super) fn cell(self) -> Cell {
        match self {
            Self::Tanh => Cell::Tanh,
            Self::Relu => Cell::Relu,
        }
    }
}

/// The weights of one layer in one direction. The rows are those of the gates, one gate after the other.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    pub(super) weight_ih: Parameter,
    pub(super) weight_hh: Parameter,
    pub(super) bias_ih: Option<Parameter>,
    pub(super) bias_hh: Option<Parameter>,
    /// From the state to what is passed on, if that is smaller.
    pub(super) weight_hr: Option<Parameter>,
}

impl Weights {
    /// Random weights: U(-√k, √k) with k = 1 / hidden_size.
    pub(super) fn new(cell: Cell, input_size: usize, hidden_size: usize, bias: bool, proj_size: usize) -> Self {
        let random = |shape: &[usize]| init::default_weight(shape, hidden_size);
        let rows = cell.gates() * hidden_size;
        let passed_on = if proj_size > 0 { proj_size } else { hidden_size };
        Self {
            weight_ih: random(&[rows, input_size]),
            weight_hh: random(&[rows, passed_on]),
            bias_ih: bias.then(|| random(&[rows])),
            bias_hh: bias.then(|| random(&[rows])),
            weight_hr: (proj_size > 0).then(|| random(&[proj_size, hidden_size])),
        }
    }

    /// The weights under PyTorch's names, followed by `suffix`.
    pub(super) fn list<'a>(&'a self, suffix: &str, fields: &mut Fields<'a>) {
        let all = [
            ("weight_ih", Some(&self.weight_ih)),
            ("weight_hh", Some(&self.weight_hh)),
            ("bias_ih", self.bias_ih.as_ref()),
            ("bias_hh", self.bias_hh.as_ref()),
            ("weight_hr", self.weight_hr.as_ref()),
        ];
        for (name, weight) in all {
            fields.extend(weight.map(|weight| (format!("{name}{suffix}"), Field::Parameter(weight))));
        }
    }

    /// The states h after every step of `x`, [steps, n, input_size], in their order, and the last state; of sequences of
    /// different lengths each one's own last state.
    pub(super) fn run(
        &self,
        cell: Cell,
        reverse: bool,
        x: &Tensor,
        state: State,
        ragged: Option<&Ragged>,
    ) -> Result<(Tensor, State), ShapeError> {
        let Some(ragged) = ragged else { return self.run_steps(cell, reverse, x, state, None) };
        let turned = |x: &Tensor| if reverse { ragged.turned(x) } else { x.clone() };
        let (outputs, mut state) = self.run_steps(cell, false, &turned(x), state, Some(&ragged.ended))?;
        state[0] = ragged.last(&outputs);
        Ok((turned(&outputs), state))
    }

    /// The same, where a memory stays as it is at steps that are beyond the end of their sequence.
    fn run_steps(
        &self,
        cell: Cell,
        reverse: bool,
        x: &Tensor,
        state: State,
        ended: Option<&Tensor>,
    ) -> Result<(Tensor, State), ShapeError> {
        if self.weight_hr.is_some() {
            return Ok(self.run_by_steps(cell, reverse, x, state, ended));
        }
        let bias_hh = self.bias_hh.as_deref();
        // The two biases are one, unless a gate stands between them.
        let (bias, bias_hh) = match (self.bias_ih.as_deref(), bias_hh) {
            (Some(bias_ih), Some(bias_hh)) if !cell.splits() => (Some(bias_ih + bias_hh), None),
            (bias_ih, bias_hh) => (bias_ih.cloned(), bias_hh),
        };
        let of_input = linear(x, &self.weight_ih, bias.as_ref());
        let of_input = &match ended.filter(|_| cell.has_memory()) {
            Some(ended) => ended.where_(&self.held_memory(of_input.dtype()), &of_input),
            None => of_input,
        };
        let weight_hh = &self.weight_hh;
        try_recurrence(&Recurrent { cell, reverse, of_input, weight_hh, bias_hh, state: &state })
    }

    /// The input's part in an LSTM's gates that keeps the memory: the gate for what is new shut, that for what is old open.
    fn held_memory(&self, dtype: DType) -> Tensor {
        // Far enough for a sigmoid to be 0 or 1, whatever the state adds, and its derivative 0.
        let gates = Tensor::new([-1e3, 1e3, 0.0, 0.0]).to(dtype).unsqueeze(1);
        let rows = self.weight_hh.shape()[0];
        gates.expand([4, rows / 4]).reshape([rows])
    }

    fn run_by_steps(
        &self,
        cell: Cell,
        reverse: bool,
        x: &Tensor,
        mut state: State,
        ended: Option<&Tensor>,
    ) -> (Tensor, State) {
        let mut outputs = x.unbind(0);
        let in_order = |steps: &mut Vec<Tensor>| {
            if reverse {
                steps.reverse()
            }
        };
        in_order(&mut outputs);
        for (at, step) in outputs.iter_mut().enumerate() {
            let mut next = self.step(cell, step, &state);
            if let (Some(ended), true) = (ended, cell.has_memory()) {
                next[1] = ended.select(0, at as isize).where_(&state[1], &next[1]);
            }
            state = next;
            *step = state[0].clone();
        }
        in_order(&mut outputs);
        (Tensor::stack(&outputs.iter().collect::<Vec<_>>(), 0), state)
    }

    /// One step from the input (n, input_size).
    fn step(&self, cell: Cell, x: &Tensor, state: &[Tensor]) -> State {
        let of_input = linear(x, &self.weight_ih, self.bias_ih.as_deref());
        let of_state = linear(&state[0], &self.weight_hh, self.bias_hh.as_deref());
        let mut state = step(cell, &of_input, &of_state, state);
        if let Some(weight_hr) = &self.weight_hr {
            state[0] = linear(&state[0], weight_hr, None);
        }
        state
    }
}

/// What `RNNCell`, `GRUCell` and `LSTMCell` share: one step.
#[derive(Clone, Debug)]
pub(super) struct OneStep {
    kind: &'static str,
    cell: Cell,
    weights: Weights,
    input_size: usize,
    hidden_size: usize,
    label: Label,
}

impl OneStep {
    pub(super) fn new(kind: &'static str, cell: Cell, input_size: usize, hidden_size: usize) -> Self {
        let weights = Weights::new(cell, input_size, hidden_size, true, 0);
        Self { kind, cell, weights, input_size, hidden_size, label: Label::default() }
    }

    pub(super) fn bias(mut self, on: bool) -> Self {
        self.weights = Weights::new(self.cell, self.input_size, self.hidden_size, on, 0);
        self
    }

    pub(super) fn cell(mut self, cell: Cell) -> Self {
        self.cell = cell;
        self
    }

    /// The step on an input (n, input_size) or (input_size) from the states given, or from zeros.
    pub(super) fn run(&self, x: &Tensor, state: Option<Vec<&Tensor>>) -> Result<State, ShapeError> {
        let _scope = self.label.enter();
        let refuse =
            |problem: String, help: &str| Err(ShapeError::new(self.label.describe(self.kind), problem).help(help));
        let (shape, size) = (x.shape(), self.input_size);
        if !(1..=2).contains(&x.dim()) || shape.last() != Some(&size) {
            let problem = format!("the input must have the shape [n, {size}] or [{size}], but has {shape}");
            return refuse(problem, "the last dimension is input_size; a cell takes one step");
        }
        let mut wanted = x.size();
        wanted.as_mut()[x.dim() - 1] = self.hidden_size;
        let states = 1 + usize::from(self.cell.has_memory());
        let state: State = match state {
            Some(given) => given.into_iter().cloned().collect(),
            None => vec![Tensor::zeros_of(&wanted, x.dtype()); states],
        };
        if let Some(wrong) = state.iter().find(|state| *state.shape() != wanted) {
            let wrong = wrong.shape();
            let problem =
                format!("for an input of shape {shape} the state must have the shape {wanted}, but has {wrong}");
            return refuse(problem, "give the state that the step before has left, or none");
        }
        Ok(self.weights.step(self.cell, x, &state))
    }

    pub(super) fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::new();
        self.weights.list("", &mut fields);
        fields.push(("label".to_owned(), Field::Label(&self.label)));
        fields
    }

    pub(super) fn extra_repr(&self) -> String {
        let bias = if self.weights.bias_ih.is_some() { "" } else { ", bias=False" };
        let nonlinearity = if self.cell == Cell::Relu { ", nonlinearity=relu" } else { "" };
        format!("{}, {}{bias}{nonlinearity}", self.input_size, self.hidden_size)
    }
}

/// A layer as a module, by the fields and the text of what it is made of.
macro_rules! module_of {
    ($layer:ident, $part:ident) => {
        impl Module for $layer {
            fn kind(&self) -> &str {
                stringify!($layer)
            }

            fn fields(&self) -> Fields<'_> {
                self.$part.fields()
            }

            fn extra_repr(&self) -> String {
                self.$part.extra_repr()
            }
        }

        impl std::fmt::Display for $layer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                fmt_module(self, f)
            }
        }
    };
}

pub(super) use module_of;
