//! `ModuleDict`.

use super::container::Block;
use super::field::{Field, Fields};
use super::module::{Module, fmt_module};

/// Modules by name, in the order in which they came:
/// [`torch.nn.ModuleDict`](https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html). Modules of one type need no
/// box; those of several are `Box<dyn Block>`, the default.
///
/// # Examples
/// ```
/// use jimu::nn::{Forward, Linear, Module, ModuleDict};
/// use jimu::Tensor;
///
/// let heads: ModuleDict<Linear> = [("digit", Linear::new(8, 10)), ("parity", Linear::new(8, 2))].into_iter().collect();
/// assert_eq!(heads["parity"].forward(&Tensor::zeros([1, 8])).size(), [1, 2]);
/// assert_eq!(heads.named_parameters()[2].0, "parity.weight");
/// assert!(heads.get("colour").is_none());
/// ```
#[derive(Clone, Debug)]
pub struct ModuleDict<M = Box<dyn Block>> {
    modules: Vec<(String, M)>,
}

impl<M> ModuleDict<M> {
    /// No modules.
    pub fn new() -> Self {
        Self { modules: Vec::new() }
    }

    /// Puts `module` under `name`, in the place of the one that has been there, which is returned, or at the end.
    ///
    /// # Panics
    /// If the name is empty or contains a dot, which parts names in a `state_dict`.
    #[track_caller]
    pub fn insert(&mut self, name: impl Into<String>, module: M) -> Option<M> {
        let name = name.into();
        assert!(
            !name.is_empty() && !name.contains('.'),
            "ModuleDict: a module cannot be named {name:?}\n  help: choose a name without dots"
        );
        match self.modules.iter_mut().find(|(known, _)| *known == name) {
            Some((_, slot)) => Some(std::mem::replace(slot, module)),
            None => {
                self.modules.push((name, module));
                None
            }
        }
    }

    /// The module called `name`.
    pub fn get(&self, name: &str) -> Option<&M> {
        self.modules.iter().find(|(known, _)| known == name).map(|(_, module)| module)
    }

    /// The module called `name`, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut M> {
        self.modules.iter_mut().find(|(known, _)| known == name).map(|(_, module)| module)
    }

    /// Takes the module called `name` out: PyTorch's `pop`.
    pub fn remove(&mut self, name: &str) -> Option<M> {
        let index = self.modules.iter().position(|(known, _)| known == name)?;
        Some(self.modules.remove(index).1)
    }

    /// Whether there is a module called `name`.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|(name, _)| name.as_str())
    }

    /// The modules.
    pub fn values(&self) -> impl Iterator<Item = &M> {
        self.modules.iter().map(|(_, module)| module)
    }

    /// Names and modules: PyTorch's `items`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &M)> {
        self.modules.iter().map(|(name, module)| (name.as_str(), module))
    }

    /// The number of modules.
    pub fn len(&self) -> usize {
        self.modules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// Takes all modules out.
    pub fn clear(&mut self) {
        self.modules.clear();
    }
}

impl<M> Default for ModuleDict<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M, N: Into<String>> Extend<(N, M)> for ModuleDict<M> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = (N, M)>>(&mut self, modules: I) {
        for (name, module) in modules {
            self.insert(name, module);
        }
    }
}

impl<M, N: Into<String>> FromIterator<(N, M)> for ModuleDict<M> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = (N, M)>>(modules: I) -> Self {
        let mut dict = Self::new();
        dict.extend(modules);
        dict
    }
}

impl<M> std::ops::Index<&str> for ModuleDict<M> {
    type Output = M;

    /// # Panics
    /// If there is no such module.
    #[track_caller]
    fn index(&self, name: &str) -> &M {
        match self.get(name) {
            Some(module) => module,
            None => panic!(
                "ModuleDict: there is no module {name:?}\n  help: the names are {:?}",
                self.keys().collect::<Vec<_>>()
            ),
        }
    }
}

impl<M: Module> Module for ModuleDict<M> {
    fn kind(&self) -> &str {
        "ModuleDict"
    }

    fn fields(&self) -> Fields<'_> {
        self.modules.iter().map(|(name, module)| (name.clone(), Field::Module(module as &dyn Module))).collect()
    }
}

impl<M: Module> std::fmt::Display for ModuleDict<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fmt_module(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Linear, ReLU};

    #[test]
    fn a_name_keeps_its_place() {
        let mut dict: ModuleDict = ModuleDict::new();
        dict.insert("first", Box::new(Linear::new(2, 3)));
        dict.insert("second", Box::new(ReLU));
        assert!(dict.insert("first", Box::new(ReLU)).is_some());
        assert_eq!(dict.keys().collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(dict.to_string(), "ModuleDict(\n  (first): ReLU()\n  (second): ReLU()\n)");
        assert!(dict.remove("first").is_some() && dict.len() == 1 && !dict.contains_key("first"));
    }

    #[test]
    #[should_panic(expected = "ModuleDict: a module cannot be named \"a.b\"")]
    fn a_dot_parts_names() {
        ModuleDict::new().insert("a.b", ReLU);
    }

    #[test]
    #[should_panic(expected = "ModuleDict: there is no module \"b\"\n  help: the names are [\"a\"]")]
    fn an_unknown_name() {
        let dict: ModuleDict<ReLU> = [("a", ReLU)].into_iter().collect();
        let _ = dict["b"];
    }
}
