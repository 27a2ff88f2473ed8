use std::fmt;
use std::str::FromStr;

use super::error::UnknownDataset;

/// The data sets that jimu knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatasetName {
    /// Handwritten digits: 60,000 + 10,000 images, 1x28x28 (LeCun, Cortes and Burges, 1998).
    Mnist,
    /// Zalando's articles of clothing: 60,000 + 10,000 images, 1x28x28 (Xiao, Rasul and Vollgraf, 2017).
    FashionMnist,
    /// Photographs of ten kinds of things: 50,000 + 10,000 images, 3x32x32 (Krizhevsky, 2009).
    Cifar10,
    /// 2,000 + 500 images drawn evenly from Fashion-MNIST. They are part of the library and need neither file nor
    /// network.
    FashionMini,
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const CLOTHES: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];
const THINGS: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

impl DatasetName {
    /// Every data set, in the order in which they are listed to users.
    pub fn all() -> [DatasetName; 4] {
        [DatasetName::Mnist, DatasetName::FashionMnist, DatasetName::Cifar10, DatasetName::FashionMini]
    }

    /// The name as it is typed and printed: `fashion-mnist`.
    pub fn as_str(self) -> &'static str {
        match self {
            DatasetName::Mnist => "mnist",
            DatasetName::FashionMnist => "fashion-mnist",
            DatasetName::Cifar10 => "cifar-10",
            DatasetName::FashionMini => "fashion-mini",
        }
    }

    /// The names of the classes; a label is an index into them.
    pub fn classes(self) -> &'static [&'static str] {
        match self {
            DatasetName::Mnist => &DIGITS,
            DatasetName::FashionMnist | DatasetName::FashionMini => &CLOTHES,
            DatasetName::Cifar10 => &THINGS,
        }
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Letters and digits alone, in lower case, so that `FashionMNIST` and `fashion_mnist` are known as well.
fn normalise(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl FromStr for DatasetName {
    type Err = UnknownDataset;

    /// Reads a name, whatever its case and its separators: `fashion-mnist`, `FashionMNIST`, `CIFAR10`.
    ///
    /// ```
    /// use jimu::vision::datasets::DatasetName;
    ///
    /// assert_eq!("CIFAR10".parse(), Ok(DatasetName::Cifar10));
    /// let error = "fashion-mnits".parse::<DatasetName>().unwrap_err();
    /// assert!(error.to_string().contains("did you mean fashion-mnist?"));
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = normalise(text);
        if let Some(name) = Self::all().into_iter().find(|name| normalise(name.as_str()) == wanted) {
            return Ok(name);
        }
        let nearest = Self::all()
            .into_iter()
            .map(|name| (strsim::damerau_levenshtein(&wanted, &normalise(name.as_str())), name))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= 3 && *distance < wanted.len())
            .map(|(_, name)| name);
        Err(UnknownDataset { name: text.to_owned(), nearest })
    }
}
