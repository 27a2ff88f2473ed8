//! What a test found, in words.

use jimu::train::Evaluation;

const WORST_PAIRS: usize = 5;

/// Accuracy, loss and the pairs of classes that are mixed up most.
pub fn summary(evaluation: &Evaluation, classes: &[String]) -> String {
    let confusion = &evaluation.confusion;
    let mut text = format!(
        "test accuracy {:.2} % ({} of {}), loss {:.4}",
        100.0 * evaluation.accuracy(),
        confusion.correct(),
        confusion.total(),
        evaluation.loss
    );
    let worst = confusion.worst(WORST_PAIRS);
    if !worst.is_empty() {
        text += "\nmost often mixed up:";
    }
    for pair in worst {
        let (actual, predicted) = (&classes[pair.actual], &classes[pair.predicted]);
        text += &format!("\n  {:>5} x {actual} taken for {predicted}", pair.count);
    }
    text
}

/// A line for each class: how many of its images were recognised.
pub fn by_class(evaluation: &Evaluation, classes: &[String]) -> String {
    let width = classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
    let line = |(index, class): (usize, &String)| match evaluation.confusion.recall(index) {
        Some(recall) => format!("  {class:width$} {:6.2} %", 100.0 * recall),
        None => format!("  {class:width$} no images"),
    };
    classes.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}
