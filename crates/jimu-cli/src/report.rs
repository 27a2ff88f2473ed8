//! What a test found, in words.

use jimu::train::Evaluation;

/// Loss, accuracy and the worst confusions.
pub fn summary(evaluation: &Evaluation, classes: &[String]) -> String {
    let mut text = format!(
        "test accuracy {:.2} % ({} of {} images), loss {:.4}",
        100.0 * evaluation.accuracy(),
        evaluation.confusion.correct(),
        evaluation.confusion.total(),
        evaluation.loss
    );
    let worst = evaluation.confusion.worst(5);
    if !worst.is_empty() {
        text += "\nmost often mistaken:";
    }
    for confusion in worst {
        let (actual, predicted) = (&classes[confusion.actual], &classes[confusion.predicted]);
        text += &format!("\n  {actual} taken for {predicted}: {} times", confusion.count);
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
