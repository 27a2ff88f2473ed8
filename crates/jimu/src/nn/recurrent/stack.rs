//! What RNN, GRU and LSTM share: layers one above the other, each in one or both directions.

use super::cells::Weights;
use super::ragged::Ragged;
use crate::error::{ShapeError, raise};
use crate::nn::field::{Field, Fields, Label, Mode};
use crate::nn::functional::dropout;
use crate::nn::utils::rnn::{PackedSequence, Sequences};
use crate::ops::nn::recurrence::{Cell, State};
use crate::tensor::{Shape, Tensor};

/// The layers and their options.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    kind: &'static str,
    pub(super) cell: Cell,
    input_size: usize,
    hidden_size: usize,
    pub(super) num_layers: usize,
    pub(super) bias: bool,
    pub(super) batch_first: bool,
    pub(super) dropout: f64,
    pub(super) bidirectional: bool,
    pub(super) proj_size: usize,
    /// By layer, then by direction.
    weights: Vec<Weights>,
    training: Mode,
    label: Label,
}

impl Stack {
    pub(super) fn new(kind: &'static str, cell: Cell, input_size: usize, hidden_size: usize) -> Self {
        let stack = Self {
            kind,
            cell,
            input_size,
            hidden_size,
            num_layers: 1,
            bias: true,
            batch_first: false,
            dropout: 0.0,
            bidirectional: false,
            proj_size: 0,
            weights: Vec::new(),
            training: Mode::default(),
            label: Label::default(),
        };
        stack.renewed()
    }

    /// With new random weights, as the options ask for.
    #[track_caller]
    pub(super) fn renewed(mut self) -> Self {
        let refuse = |problem: String, help: &str| raise(ShapeError::new(self.kind, problem).help(help));
        if self.hidden_size == 0 || self.num_layers == 0 {
            refuse("hidden_size and num_layers must be positive".to_owned(), "choose 1 at least");
        }
        if self.proj_size >= self.hidden_size {
            let problem = format!("proj_size is {}, but hidden_size {}", self.proj_size, self.hidden_size);
            refuse(problem, "a projection makes the state smaller");
        }
        let Self { cell, hidden_size, bias, proj_size, .. } = self;
        let inputs = |layer: usize| if layer == 0 { self.input_size } else { self.output_size() * self.directions() };
        self.weights = (0..self.num_layers * self.directions())
            .map(|index| Weights::new(cell, inputs(index / self.directions()), hidden_size, bias, proj_size))
            .collect();
        self
    }

    fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }

    /// The size of what each direction passes on.
    fn output_size(&self) -> usize {
        if self.proj_size > 0 { self.proj_size } else { self.hidden_size }
    }

    /// Parameters under PyTorch's names: `weight_ih_l0`, `weight_hh_l0_reverse`, ….
    pub(super) fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::new();
        for (index, weights) in self.weights.iter().enumerate() {
            let reverse = if index % self.directions() == 1 { "_reverse" } else { "" };
            weights.list(&format!("_l{}{reverse}", index / self.directions()), &mut fields);
        }
        fields.push(("training".to_owned(), Field::Mode(&self.training)));
        fields.push(("label".to_owned(), Field::Label(&self.label)));
        fields
    }

    pub(super) fn extra_repr(&self) -> String {
        let mut text = format!("{}, {}", self.input_size, self.hidden_size);
        let mut tell = |differs: bool, option: String| {
            if differs {
                text += &format!(", {option}");
            }
        };
        tell(self.proj_size != 0, format!("proj_size={}", self.proj_size));
        tell(self.num_layers != 1, format!("num_layers={}", self.num_layers));
        tell(!self.bias, "bias=False".to_owned());
        tell(self.batch_first, "batch_first=True".to_owned());
        tell(self.dropout != 0.0, format!("dropout={:?}", self.dropout));
        tell(self.bidirectional, "bidirectional=True".to_owned());
        text
    }

    /// The output of the last layer at every step, and the last states of every layer and direction.
    ///
    /// `state` holds the initial states, or nothing for zeros.
    pub(super) fn run<S: Sequences>(&self, x: &S, state: Option<Vec<&Tensor>>) -> Result<(S, State), ShapeError> {
        let _scope = self.label.enter();
        let (output, states) = match x.packed() {
            Some(packed) => self.run_packed(packed, state)?,
            None => self.run_tensor(x.steps(), state)?,
        };
        Ok((x.with_steps(output), states))
    }

    fn run_tensor(&self, x: &Tensor, state: Option<Vec<&Tensor>>) -> Result<(Tensor, State), ShapeError> {
        let (batched, time) = (x.dim() == 3, usize::from(self.batch_first && x.dim() == 3));
        self.check(x, time)?;
        let state = self.initial(x, batched.then(|| x.shape()[1 - time]), state)?;
        let steps = match (batched, time) {
            (false, _) => x.unsqueeze(1),
            (true, 0) => x.clone(),
            (true, _) => x.transpose(0, 1),
        };
        let (output, states) = self.run_layers(steps, &state, None)?;
        let output = match (batched, time) {
            (false, _) => output.squeeze_dim(1),
            (true, 0) => output,
            (true, _) => output.transpose(0, 1),
        };
        Ok((output, states.into_iter().map(|state| if batched { state } else { state.squeeze_dim(1) }).collect()))
    }

    /// Of packed sequences: the packed outputs, and the last states in the order in which the sequences were given.
    fn run_packed(&self, packed: &PackedSequence, state: Option<Vec<&Tensor>>) -> Result<(Tensor, State), ShapeError> {
        let (data, size) = (packed.data(), self.input_size);
        if data.dim() != 2 || data.shape()[1] != size {
            let problem = format!("the packed steps must have the shape [l, {size}], but have {}", data.shape());
            return Err(ShapeError::new(self.who(), problem).help("the last dimension is input_size"));
        }
        let state = self.initial(data, Some(packed.batch_sizes()[0]), state)?;
        let in_order = |states: State, order: Option<&Tensor>| match order {
            Some(order) => states.iter().map(|state| state.index_select(1, order)).collect(),
            None => states,
        };
        let state = in_order(state, packed.sorted_indices());
        let ragged = Ragged::new(packed.batch_sizes());
        let (output, states) = self.run_layers(ragged.spread(data), &state, Some(&ragged))?;
        Ok((ragged.packed(&output), in_order(states, packed.unsorted_indices())))
    }

    /// The output of the last layer for `x`, [steps, n, input_size], and the last states.
    fn run_layers(
        &self,
        mut x: Tensor,
        state: &[Tensor],
        ragged: Option<&Ragged>,
    ) -> Result<(Tensor, State), ShapeError> {
        let mut last: Vec<State> = Vec::new();
        for layer in 0..self.num_layers {
            if layer > 0 && self.dropout > 0.0 {
                x = dropout(&x, self.dropout, self.training.is_training());
            }
            x = self.run_layer(layer, &x, state, ragged, &mut last)?;
        }
        let states = (0..state.len()).map(|which| {
            let each: Vec<&Tensor> = last.iter().map(|state| &state[which]).collect();
            Tensor::stack(&each, 0)
        });
        Ok((x, states.collect()))
    }

    /// The outputs of one layer at every step, both directions side by side; adds the last state of each to `last`.
    fn run_layer(
        &self,
        layer: usize,
        x: &Tensor,
        state: &[Tensor],
        ragged: Option<&Ragged>,
        last: &mut Vec<State>,
    ) -> Result<Tensor, ShapeError> {
        let mut sides = Vec::new();
        for direction in 0..self.directions() {
            let index = layer * self.directions() + direction;
            let initial = state.iter().map(|state| state.select(0, index as isize)).collect();
            let (outputs, state) = self.weights[index]
                .run(self.cell, direction == 1, x, initial, ragged)
                .map_err(|error| error.told_by(self.who()))?;
            sides.push(outputs);
            last.push(state);
        }
        Ok(match &sides[..] {
            [one] => one.clone(),
            sides => Tensor::cat(&sides.iter().collect::<Vec<_>>(), -1),
        })
    }

    fn who(&self) -> String {
        self.label.describe(self.kind)
    }

    fn check(&self, x: &Tensor, time: usize) -> Result<(), ShapeError> {
        let (size, shape) = (self.input_size, x.shape());
        let refuse = |problem: String, help: &str| Err(ShapeError::new(self.who(), problem).help(help));
        if !(2..=3).contains(&x.dim()) || shape.last() != Some(&size) {
            let wanted = if self.batch_first { "[n, l, " } else { "[l, n, " };
            return refuse(
                format!("the input must have the shape {wanted}{size}] or [l, {size}], but has {shape}"),
                "the last dimension is input_size; batch_first(true) puts the batch before the steps",
            );
        }
        if shape[time] == 0 {
            return refuse(format!("the sequence has no steps: the input has shape {shape}"), "give one step at least");
        }
        Ok(())
    }

    /// The initial states, [layers · directions, n, size]; those given are without n if there is no batch.
    fn initial(&self, x: &Tensor, batch: Option<usize>, given: Option<Vec<&Tensor>>) -> Result<State, ShapeError> {
        let sizes: &[usize] = match self.cell.has_memory() {
            true => &[self.output_size(), self.hidden_size],
            false => &[self.hidden_size],
        };
        let layers = self.num_layers * self.directions();
        let full = |size: usize| Shape::from([layers, batch.unwrap_or(1), size]);
        let Some(given) = given else {
            return Ok(sizes.iter().map(|&size| Tensor::zeros_of(full(size), x.dtype())).collect());
        };
        let mut states = State::new();
        for (state, &size) in given.into_iter().zip(sizes) {
            let wanted: Shape = [Some(layers), batch, Some(size)].into_iter().flatten().collect();
            if *state.shape() != wanted {
                let problem = format!("the initial state must have the shape {wanted}, but has {}", state.shape());
                let help = "it is [num_layers · directions, n, size], without n for an input without a batch";
                return Err(ShapeError::new(self.who(), problem).help(help));
            }
            states.push(if batch.is_some() { state.clone() } else { state.unsqueeze(1) });
        }
        Ok(states)
    }
}

/// The options that all recurrent layers have, as methods.
macro_rules! builders {
    ($layer:literal) => {
        /// Layers one above the other.
        ///
        /// # Panics
        /// If it is 0.
        #[track_caller]
        pub fn num_layers(mut self, num_layers: usize) -> Self {
            self.stack.num_layers = num_layers;
            self.stack = self.stack.renewed();
            self
        }

        /// With biases, or without.
        pub fn bias(mut self, bias: bool) -> Self {
            self.stack.bias = bias;
            self.stack = self.stack.renewed();
            self
        }

        /// Whether inputs and outputs are (n, l, …) instead of (l, n, …). The states stay as they are.
        pub fn batch_first(mut self, batch_first: bool) -> Self {
            self.stack.batch_first = batch_first;
            self
        }

        /// The probability with which outputs are dropped between layers, in training.
        ///
        /// # Panics
        /// If it is not from 0 to 1.
        #[track_caller]
        pub fn dropout(mut self, dropout: f64) -> Self {
            check_probability(dropout, $layer).or_raise();
            self.stack.dropout = dropout;
            self
        }

        /// Whether each layer also runs from the end to the start.
        pub fn bidirectional(mut self, bidirectional: bool) -> Self {
            self.stack.bidirectional = bidirectional;
            self.stack = self.stack.renewed();
            self
        }
    };
}

pub(super) use builders;

#[cfg(test)]
mod tests {
    use crate::nn::{GRU, GRUCell, LSTM, LSTMCell, Module, RNN, RNNNonlinearity};
    use crate::tensor::Tensor;

    /// The cell's weights are those of the layer's first layer.
    fn share(layer: &dyn Module, cell: &dyn Module) {
        let state = layer.state_dict();
        let own = state.iter().map(|(name, tensor)| (name.replace("_l0", ""), tensor.clone()));
        cell.load_state_dict(&own.filter(|(name, _)| !name.contains("_l") && !name.ends_with("reverse")).collect())
            .unwrap();
    }

    #[track_caller]
    fn assert_close(a: &Tensor, b: &Tensor) {
        assert_eq!(a.size(), b.size());
        assert!((a - b).abs().max().item() < 1e-5);
    }

    #[test]
    fn a_layer_is_a_loop_over_its_cell() {
        let (x, h0, c0) = (Tensor::randn([4, 2, 3]), Tensor::randn([1, 2, 5]), Tensor::randn([1, 2, 5]));
        let (lstm, cell) = (LSTM::new(3, 5), LSTMCell::new(3, 5));
        share(&lstm, &cell);
        let (mut h, mut c) = (h0.select(0, 0), c0.select(0, 0));
        let mut outputs = Vec::new();
        for x in x.unbind(0) {
            (h, c) = cell.forward(&x, Some((&h, &c)));
            outputs.push(h.clone());
        }
        let (output, (hn, cn)) = lstm.forward(&x, Some((&h0, &c0)));
        assert_close(&output, &Tensor::stack(&outputs.iter().collect::<Vec<_>>(), 0));
        assert_close(&hn.select(0, 0), &h);
        assert_close(&cn.select(0, 0), &c);

        let (gru, cell) = (GRU::new(3, 5).bias(false), GRUCell::new(3, 5).bias(false));
        share(&gru, &cell);
        let last = x.unbind(0).iter().fold(h0.select(0, 0), |h, x| cell.forward(x, Some(&h)));
        assert_close(&gru.forward(&x, Some(&h0)).1.select(0, 0), &last);
    }

    #[test]
    fn the_other_direction_runs_over_the_reversed_sequence() {
        let (x, both) = (Tensor::randn([4, 2, 3]), GRU::new(3, 5).bidirectional(true));
        let one = GRU::new(3, 5);
        let state = both.state_dict().into_iter();
        let reverse = state.filter_map(|(name, tensor)| Some((name.strip_suffix("_reverse")?.to_owned(), tensor)));
        one.load_state_dict(&reverse.collect()).unwrap();
        let (output, _) = both.forward(&x, None);
        assert_close(&output.narrow(-1, 5, 5), &one.forward(&x.flip(0), None).0.flip(0));
    }

    #[test]
    fn batches_may_come_first_or_not_at_all() {
        let rnn = RNN::new(3, 5).num_layers(2).nonlinearity(RNNNonlinearity::Relu);
        let x = Tensor::randn([4, 2, 3]);
        let (output, hn) = rnn.forward(&x, None);
        let (alone, h) = rnn.forward(&x.select(1, 1), None);
        assert_close(&alone, &output.select(1, 1));
        assert_close(&h, &hn.select(1, 1));
        let (first, _) = rnn.batch_first(true).forward(&x.transpose(0, 1), None);
        assert_close(&first.transpose(0, 1), &output);
    }

    #[test]
    fn options_can_come_in_any_order() {
        let lstm = LSTM::new(3, 5).proj_size(2).bidirectional(true).num_layers(2).dropout(0.5);
        let (output, (h, c)) = lstm.forward(&Tensor::randn([4, 2, 3]), None);
        assert_eq!((output.size(), h.size(), c.size()), ([4, 2, 4].into(), [4, 2, 2].into(), [4, 2, 5].into()));
        assert_eq!(lstm.to_string(), "LSTM(3, 5, proj_size=2, num_layers=2, dropout=0.5, bidirectional=True)");
        assert_eq!(lstm.named_parameters()[4].0, "weight_hr_l0");
    }

    #[test]
    #[should_panic(expected = "LSTM: the input must have the shape [l, n, 3] or [l, 3], but has [4, 2, 7]")]
    fn a_wrong_input() {
        LSTM::new(3, 5).forward(&Tensor::zeros([4, 2, 7]), None);
    }

    #[test]
    #[should_panic(expected = "GRU: the initial state must have the shape [2, 2, 5], but has [1, 2, 5]")]
    fn a_wrong_state() {
        GRU::new(3, 5).num_layers(2).forward(&Tensor::zeros([4, 2, 3]), Some(&Tensor::zeros([1, 2, 5])));
    }
}
