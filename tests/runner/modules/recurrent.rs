//! Recurrent networks and their cells.

use anyhow::{Result, bail};
use jimu::Tensor;
use jimu::nn::{GRU, GRUCell, LSTM, LSTMCell, Module, RNN, RNNCell, RNNNonlinearity};

use super::{Build, Layer};
use crate::runner::arguments::Arguments;

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "GRU" => gru,
        "GRUCell" => |a| {
            let cell = GRUCell::new(a.take("input_size")?, a.take("hidden_size")?).bias(a.or("bias", true)?);
            of_state(cell, |cell, x, h| vec![cell.forward(x, h)])
        },
        "LSTM" => lstm,
        "LSTMCell" => |a| {
            let cell = LSTMCell::new(a.take("input_size")?, a.take("hidden_size")?).bias(a.or("bias", true)?);
            of_states(cell, |cell, x, states| {
                let (h, c) = cell.forward(x, states);
                vec![h, c]
            })
        },
        "RNN" => rnn,
        "RNNCell" => |a| {
            let cell = RNNCell::new(a.take("input_size")?, a.take("hidden_size")?).bias(a.or("bias", true)?);
            of_state(cell.nonlinearity(nonlinearity(a)?), |cell, x, h| vec![cell.forward(x, h)])
        },
        _ => return None,
    })
}

/// `nonlinearity='tanh'`.
fn nonlinearity(arguments: &mut Arguments) -> Result<RNNNonlinearity> {
    Ok(match arguments.or("nonlinearity", "tanh".to_owned())?.as_str() {
        "tanh" => RNNNonlinearity::Tanh,
        "relu" => RNNNonlinearity::Relu,
        other => bail!("argument nonlinearity cannot be {other:?}"),
    })
}

/// `Class(input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True, batch_first=False, dropout=0.0,
/// bidirectional=False)`; only an RNN has a nonlinearity.
fn rnn(a: &mut Arguments) -> Result<Layer> {
    let layer = RNN::new(a.take("input_size")?, a.take("hidden_size")?).num_layers(a.or("num_layers", 1)?);
    let layer = layer.nonlinearity(nonlinearity(a)?).bias(a.or("bias", true)?);
    let layer = layer.batch_first(a.or("batch_first", false)?).dropout(a.or("dropout", 0.0)?);
    of_state(layer.bidirectional(a.or("bidirectional", false)?), |layer, x, h| {
        let (output, h) = layer.forward(x, h);
        vec![output, h]
    })
}

fn gru(a: &mut Arguments) -> Result<Layer> {
    let layer = GRU::new(a.take("input_size")?, a.take("hidden_size")?).num_layers(a.or("num_layers", 1)?);
    let layer = layer.bias(a.or("bias", true)?).batch_first(a.or("batch_first", false)?);
    let layer = layer.dropout(a.or("dropout", 0.0)?).bidirectional(a.or("bidirectional", false)?);
    of_state(layer, |layer, x, h| {
        let (output, h) = layer.forward(x, h);
        vec![output, h]
    })
}

/// As above, and `proj_size=0` at the end.
fn lstm(a: &mut Arguments) -> Result<Layer> {
    let layer = LSTM::new(a.take("input_size")?, a.take("hidden_size")?).num_layers(a.or("num_layers", 1)?);
    let layer = layer.bias(a.or("bias", true)?).batch_first(a.or("batch_first", false)?);
    let layer = layer.dropout(a.or("dropout", 0.0)?).bidirectional(a.or("bidirectional", false)?);
    of_states(layer.proj_size(a.or("proj_size", 0)?), |layer, x, states| {
        let (output, (h, c)) = layer.forward(x, states);
        vec![output, h, c]
    })
}

/// A layer called as `layer(input, hx=None)`.
fn of_state<M: Module + 'static>(module: M, forward: fn(&M, &Tensor, Option<&Tensor>) -> Vec<Tensor>) -> Result<Layer> {
    Layer::new(module, move |module, a| {
        let (x, h): (Tensor, Option<Tensor>) = (a.take("input")?, a.optional("hx")?);
        Ok(forward(module, &x, h.as_ref()))
    })
}

/// A layer's forward, of the input and of the states `(h, c)`.
type ForwardOfStates<M> = fn(&M, &Tensor, Option<(&Tensor, &Tensor)>) -> Vec<Tensor>;

/// A layer called as `layer(input, hx=None)` with `hx = (h, c)`.
fn of_states<M: Module + 'static>(module: M, forward: ForwardOfStates<M>) -> Result<Layer> {
    Layer::new(module, move |module, a| {
        let (x, states): (Tensor, Option<Vec<Tensor>>) = (a.take("input")?, a.optional("hx")?);
        match states.as_deref() {
            None => Ok(forward(module, &x, None)),
            Some([h, c]) => Ok(forward(module, &x, Some((h, c)))),
            Some(_) => bail!("argument hx must be (h, c)"),
        }
    })
}
