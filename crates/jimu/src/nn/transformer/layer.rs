//! What the layers of encoder and decoder share.

/// A layer's `new` and its builders: `attentions`, `norms` and `dropouts` are its fields of these kinds, besides which it
/// has `linear1` and `linear2`.
macro_rules! transformer_layer {
    ($layer:ident, attentions: [$($attention:ident),*], norms: [$($norm:ident),*], dropouts: [$($dropout:ident),*]) => {
        impl $layer {
            /// A layer with random weights.
            ///
            /// # Panics
            /// If `nhead` does not divide `d_model`.
            #[track_caller]
            pub fn new(d_model: usize, nhead: usize) -> Self {
                Self {
                    $($attention: MultiheadAttention::new(d_model, nhead).dropout(0.1),)*
                    linear1: Linear::new(d_model, 2048),
                    linear2: Linear::new(2048, d_model),
                    $($norm: LayerNorm::new(d_model),)*
                    $($dropout: Dropout::new(0.1),)*
                    activation: TransformerActivation::Relu,
                    d_model,
                    layer_norm_eps: 1e-5,
                    norm_first: false,
                    with_bias: true,
                }
            }

            /// The size between the two linear layers.
            pub fn dim_feedforward(mut self, size: usize) -> Self {
                self.linear1 = Linear::new(self.d_model, size).bias(self.with_bias);
                self.linear2 = Linear::new(size, self.d_model).bias(self.with_bias);
                self
            }

            /// The probability of every dropout, those within attention included.
            ///
            /// # Panics
            /// If it is not from 0 to 1.
            #[track_caller]
            pub fn dropout(mut self, p: f64) -> Self {
                $(self.$attention = self.$attention.dropout(p);)*
                $(self.$dropout = Dropout::new(p);)*
                self
            }

            /// What stands between the linear layers: `"relu"`, `"gelu"`, or a function.
            #[track_caller]
            pub fn activation(mut self, activation: impl Into<TransformerActivation>) -> Self {
                self.activation = activation.into();
                self
            }

            /// The eps of the normalisations.
            pub fn layer_norm_eps(mut self, eps: f64) -> Self {
                self.layer_norm_eps = eps;
                self.with_norms()
            }

            /// Whether inputs and outputs are (n, l, …) instead of (l, n, …).
            pub fn batch_first(mut self, on: bool) -> Self {
                $(self.$attention = self.$attention.batch_first(on);)*
                self
            }

            /// Whether the normalisations come before attention and linear layers instead of after.
            pub fn norm_first(mut self, on: bool) -> Self {
                self.norm_first = on;
                self
            }

            /// With biases of linear layers and normalisations, or without.
            pub fn bias(mut self, on: bool) -> Self {
                self.with_bias = on;
                $(self.$attention = self.$attention.bias(on);)*
                self.linear1 = self.linear1.bias(on);
                self.linear2 = self.linear2.bias(on);
                self.with_norms()
            }

            fn with_norms(mut self) -> Self {
                let (size, eps, bias) = (self.d_model, self.layer_norm_eps, self.with_bias);
                $(self.$norm = LayerNorm::new(size).eps(eps).bias(bias);)*
                self
            }

            /// A layer of a transformer with these options.
            #[track_caller]
            pub(super) fn from_options(options: &TransformerOptions) -> Self {
                Self::new(options.d_model, options.nhead)
                    .dim_feedforward(options.dim_feedforward)
                    .dropout(options.dropout)
                    .activation(options.activation.clone())
                    .layer_norm_eps(options.layer_norm_eps)
                    .batch_first(options.batch_first)
                    .norm_first(options.norm_first)
                    .bias(options.bias)
            }

            /// A layer with the same options and values, in parameters of its own: a clone would share them.
            #[track_caller]
            pub(super) fn duplicate(&self) -> Self {
                let copy = Self::from_options(&TransformerOptions {
                    d_model: self.d_model,
                    nhead: self.self_attn.num_heads,
                    dim_feedforward: self.linear1.weight.size()[0],
                    dropout: self.self_attn.dropout,
                    activation: self.activation.clone(),
                    layer_norm_eps: self.layer_norm_eps,
                    batch_first: self.self_attn.batch_first,
                    norm_first: self.norm_first,
                    bias: self.with_bias,
                    ..TransformerOptions::default()
                });
                if let Err(error) = copy.load_state_dict(&self.state_dict()) {
                    raise(ShapeError::new(self.kind(), format!("the layer cannot be copied: {error}")));
                }
                copy
            }
        }
    };
}

pub(super) use transformer_layer;
