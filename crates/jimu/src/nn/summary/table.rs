//! A summary as a table.

use std::fmt;

use super::{Summary, SummaryRow};

const COLUMNS: usize = 7;
const HEADER: [&str; COLUMNS] =
    ["layer", "kind", "output", "parameters", "multiply-adds", "output takes", "backward keeps"];
/// The columns of text come first.
const TEXTS: usize = 3;

impl SummaryRow {
    fn cells(&self) -> [String; COLUMNS] {
        let number = |number: u64| if number == 0 { String::new() } else { grouped(number) };
        let size = |bytes: u64| if bytes == 0 { String::new() } else { in_units(bytes) };
        [
            self.name.clone(),
            self.kind.clone(),
            self.output.to_string(),
            number(self.parameters as u64),
            number(self.multiply_adds),
            size(self.forward_bytes),
            size(self.backward_bytes),
        ]
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; COLUMNS]> = self.rows.iter().map(SummaryRow::cells).collect();
        let header = HEADER.map(str::to_owned);
        let width =
            |column: usize| rows.iter().chain([&header]).map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
        let line = |row: &[String; COLUMNS]| {
            let cell = |column: usize| match column < TEXTS {
                true => format!("{:<width$}", row[column], width = widths[column]),
                false => format!("{:>width$}", row[column], width = widths[column]),
            };
            (0..COLUMNS).map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * (COLUMNS - 1));
        writeln!(f, "{}", self.model)?;
        writeln!(f, "{}\n{rule}", line(&header))?;
        for row in &rows {
            writeln!(f, "{}", line(row))?;
        }
        writeln!(f, "{rule}")?;
        self.fmt_totals(f)
    }
}

impl Summary {
    fn fmt_totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frozen = self.parameters - self.trainable;
        let frozen = if frozen == 0 { String::new() } else { format!(", {} of them frozen", grouped(frozen as u64)) };
        let training = self.parameter_bytes + self.gradient_bytes + self.backward_bytes;
        let (parameters, gradients) = (in_units(self.parameter_bytes), in_units(self.gradient_bytes));
        writeln!(f, "parameters     {} ({parameters}){frozen}", grouped(self.parameters as u64))?;
        writeln!(f, "multiply-adds  {}", grouped(self.multiply_adds))?;
        writeln!(f, "forward        {} of outputs", in_units(self.forward_bytes))?;
        write!(f, "training       {}: parameters, ", in_units(training))?;
        write!(f, "{gradients} of gradients, {} kept for backward", in_units(self.backward_bytes))?;
        if !self.unused.is_empty() {
            write!(f, "\nnever used: {}\n  help: use them in forward, or remove them", self.unused.join(", "))?;
        }
        Ok(())
    }
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 1536 as 1.5 KiB.
fn in_units(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "KiB", "MiB"] {
        if size < 1024.0 {
            let digits = usize::from(unit != "B");
            return format!("{size:.digits$} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.1} GiB")
}
