//! One step of each kind of recurrent network.

use crate::error::ShapeError;
use crate::nn::field::{Field, Fields, Parameter};
use crate::nn::functional::linear;
use crate::nn::init;
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
    pub(super) fn new(gates: usize, input_size: usize, hidden_size: usize, bias: bool, proj_size: usize) -> Self {
        let random = |shape: &[usize]| init::default_weight(shape, hidden_size);
        let rows = gates * hidden_size;
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

    fn of_input(&self, x: &Tensor) -> Tensor {
        linear(x, &self.weight_ih, self.bias_ih.as_deref())
    }

    fn of_state(&self, h: &Tensor) -> Tensor {
        linear(h, &self.weight_hh, self.bias_hh.as_deref())
    }
}

/// The state of a network: what is passed on, and for an LSTM what is kept.
pub(super) type State = Vec<Tensor>;

/// A step: from the input [n, input_size] and the state the next state, whose first tensor is the output.
pub(super) type Step = dyn Fn(&Weights, &Tensor, &[Tensor]) -> State;

/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or max(…, 0).
pub(super) fn rnn_step(nonlinearity: RNNNonlinearity, weights: &Weights, x: &Tensor, state: &[Tensor]) -> State {
    let sum = weights.of_input(x) + weights.of_state(&state[0]);
    vec![match nonlinearity {
        RNNNonlinearity::Tanh => sum.tanh(),
        RNNNonlinearity::Relu => sum.relu(),
    }]
}

/// Gates r, z and the new n = tanh(W_in x + b_in + r (W_hn h + b_hn)): h' = (1 - z) n + z h.
pub(super) fn gru_step(weights: &Weights, x: &Tensor, state: &[Tensor]) -> State {
    let (of_input, of_state) = (weights.of_input(x).chunk(3, -1), weights.of_state(&state[0]).chunk(3, -1));
    let r = (&of_input[0] + &of_state[0]).sigmoid();
    let z = (&of_input[1] + &of_state[1]).sigmoid();
    let n = (&of_input[2] + r * &of_state[2]).tanh();
    vec![(1.0 - &z) * n + z * &state[0]]
}

/// Gates i, f, g, o: c' = f c + i g, h' = o tanh(c'), which is passed on through W_hr if there is one.
pub(super) fn lstm_step(weights: &Weights, x: &Tensor, state: &[Tensor]) -> State {
    let gates = (weights.of_input(x) + weights.of_state(&state[0])).chunk(4, -1);
    let [i, f, o] = [0, 1, 3].map(|gate| gates[gate].sigmoid());
    let c = f * &state[1] + i * gates[2].tanh();
    let h = o * c.tanh();
    let h = match &weights.weight_hr {
        Some(weight_hr) => linear(&h, weight_hr, None),
        None => h,
    };
    vec![h, c]
}

/// One step of a cell on an input (n, input_size) or (input_size) from the states given, or from zeros.
pub(super) fn cell(
    who: String,
    (input_size, hidden_size): (usize, usize),
    x: &Tensor,
    state: Option<Vec<&Tensor>>,
    states: usize,
    step: impl Fn(&Tensor, &[Tensor]) -> State,
) -> Result<State, ShapeError> {
    let shape = x.shape();
    if !(1..=2).contains(&x.dim()) || shape.last() != Some(&input_size) {
        let problem = format!("the input must have the shape [n, {input_size}] or [{input_size}], but has {shape}");
        return Err(ShapeError::new(who, problem).help("the last dimension is input_size; a cell takes one step"));
    }
    let mut wanted = x.size();
    wanted.as_mut()[x.dim() - 1] = hidden_size;
    let state: State = match state {
        Some(given) => given.into_iter().cloned().collect(),
        None => vec![Tensor::zeros_of(&wanted, x.dtype()); states],
    };
    if let Some(wrong) = state.iter().find(|state| *state.shape() != wanted) {
        let problem =
            format!("for an input of shape {shape} the state must have the shape {wanted}, but has {}", wrong.shape());
        return Err(ShapeError::new(who, problem).help("give the state that the step before has left, or none"));
    }
    Ok(step(x, &state))
}
