//! `ModuleList`.

use std::ops::{Deref, DerefMut};

use super::container::Block;
use super::field::{Field, Fields};
use super::module::{Module, fmt_module};

/// Modules in a list, which its owner calls as it likes:
/// [`torch.nn.ModuleList`](https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html). They are named `0`, `1`, …
/// in the `state_dict`. Modules of one type need no box; those of several are `Box<dyn Block>`, the default.
///
/// It dereferences to [`Vec`], which has PyTorch's methods under Rust's names: `push` (append), `extend`, `insert`,
/// `remove`, `pop`, `iter`, `len`, `[i]`. A plain `Vec` of modules can be a field, too; it is only printed otherwise.
///
/// # Examples
/// ```
/// use jimu::nn::{Forward, Linear, Module, ModuleList};
/// use jimu::Tensor;
///
/// #[derive(Module)]
/// struct Deep { layers: ModuleList<Linear> }
///
/// let model = Deep { layers: (0..10).map(|_| Linear::new(8, 8)).collect() };
/// let y = model.layers.iter().fold(Tensor::zeros([2, 8]), |x, layer| layer.forward(&x).relu());
/// assert_eq!(y.size(), [2, 8]);
/// assert_eq!(model.named_parameters()[1].0, "layers.0.bias");
/// assert_eq!(
///     model.to_string(),
///     "Deep(\n  (layers): ModuleList(\n    (0-9): 10 x Linear(in_features=8, out_features=8, bias=True)\n  )\n)"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct ModuleList<M = Box<dyn Block>> {
    modules: Vec<M>,
}

impl<M> ModuleList<M> {
    /// No modules.
    pub fn new() -> Self {
        Self { modules: Vec::new() }
    }
}

impl<M> Default for ModuleList<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> From<Vec<M>> for ModuleList<M> {
    fn from(modules: Vec<M>) -> Self {
        Self { modules }
    }
}

impl<M> FromIterator<M> for ModuleList<M> {
    fn from_iter<I: IntoIterator<Item = M>>(modules: I) -> Self {
        Self { modules: modules.into_iter().collect() }
    }
}

impl<'a, M> IntoIterator for &'a ModuleList<M> {
    type Item = &'a M;
    type IntoIter = std::slice::Iter<'a, M>;
    fn into_iter(self) -> Self::IntoIter {
        self.modules.iter()
    }
}

impl<M> Deref for ModuleList<M> {
    type Target = Vec<M>;
    fn deref(&self) -> &Vec<M> {
        &self.modules
    }
}

impl<M> DerefMut for ModuleList<M> {
    fn deref_mut(&mut self) -> &mut Vec<M> {
        &mut self.modules
    }
}

impl<M: Module> Module for ModuleList<M> {
    fn kind(&self) -> &str {
        "ModuleList"
    }

    fn fields(&self) -> Fields<'_> {
        let named = self.modules.iter().enumerate();
        named.map(|(index, module)| (index.to_string(), Field::Module(module as &dyn Module))).collect()
    }
}

impl<M: Module> std::fmt::Display for ModuleList<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fmt_module(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Linear, ReLU};

    #[test]
    fn modules_of_several_types() {
        let mut list: ModuleList = ModuleList::new();
        list.push(Box::new(Linear::new(2, 3)));
        list.push(Box::new(ReLU));
        list.insert(0, Box::new(ReLU));
        let text =
            "ModuleList(\n  (0): ReLU()\n  (1): Linear(in_features=2, out_features=3, bias=True)\n  (2): ReLU()\n)";
        assert_eq!(list.to_string(), text);
        assert_eq!(list.named_parameters()[0].0, "1.weight");
        list.pop();
        assert_eq!((list.len(), ModuleList::<Linear>::new().to_string().as_str()), (2, "ModuleList()"));
    }
}
