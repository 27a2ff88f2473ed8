//! Builders that hand an option on.

/// Methods of a layer that set an option of its field `options`, by the options' methods of the same names.
macro_rules! builders {
    ($($(#[$doc:meta])* $name:ident($type:ty);)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name(mut self, $name: $type) -> Self {
            self.options = self.options.$name($name);
            self
        }
    )*};
}

/// A truth value as Python prints it.
pub(super) fn python(on: bool) -> &'static str {
    if on { "True" } else { "False" }
}

/// A number as Python prints it: `1e-05`, `0.1`, `1.0`.
pub(super) fn python_float(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |exponent| ("-", exponent));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let text = number.to_string();
    if text.contains('.') || !number.is_finite() { text } else { text + ".0" }
}

pub(super) use builders;

#[cfg(test)]
mod tests {
    use super::python_float;

    #[test]
    fn numbers_look_as_in_python() {
        let shown = [1e-5, 0.001, 0.1, 1.0, 2.5e20, 0.0, 1e-12].map(python_float);
        assert_eq!(shown, ["1e-05", "0.001", "0.1", "1.0", "2.5e+20", "0.0", "1e-12"]);
    }
}
