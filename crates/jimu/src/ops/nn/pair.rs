//! Arguments that are one number for both axes or one for each.

/// Height before width: from one number for both, or from two.
///
/// ```
/// use jimu::nn::Pair;
/// assert_eq!(Pair::from(3), Pair::from((3, 3)));
/// assert_eq!(Pair::from([3, 5]).to_string(), "(3, 5)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair(pub(crate) [usize; 2]);

impl From<usize> for Pair {
    fn from(both: usize) -> Self {
        Self([both, both])
    }
}

impl From<(usize, usize)> for Pair {
    fn from((height, width): (usize, usize)) -> Self {
        Self([height, width])
    }
}

impl From<[usize; 2]> for Pair {
    fn from(pair: [usize; 2]) -> Self {
        Self(pair)
    }
}

impl std::fmt::Display for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({}, {})", self.0[0], self.0[1])
    }
}
