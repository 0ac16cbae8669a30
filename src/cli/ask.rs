//! Questions: asked on a terminal, answered by `--yes`, never asked of a pipe.

use std::io::{self, BufRead};

use domain::Trouble;
use domain::orders::{Order, Outcome, Question};
use domain::text::one_line;

use super::output;
use crate::launch::Deck;
use crate::terminal;

/// Gives an order after its question was answered.
pub(crate) async fn give(deck: &Deck, order: Order, yes: bool) -> Result<Outcome, Trouble> {
    deck.may_give(&order)?;
    let clusters: Vec<String> = deck.contexts(&order).iter().map(ToString::to_string).collect();
    confirm(&within(order.terms().question(), &clusters), yes)?;
    deck.give(order).await
}

/// Puts the clusters in which something is done in front of a question: the wrong one is what one is asked to notice.
fn within(question: Question, clusters: &[String]) -> Question {
    let named = |text: String| if clusters.is_empty() { text } else { format!("In {}: {text}", clusters.join(", ")) };
    match question {
        Question::None => Question::None,
        Question::Confirm { text } => Question::Confirm { text: named(text) },
        Question::Type { text, word } => Question::Type { text: named(text), word },
    }
}

/// Asks whether to go on with something that went wrong; without a terminal the answer is no.
pub(crate) fn again(text: &str) -> Result<(), Trouble> {
    confirm(&Question::Confirm { text: text.to_owned() }, false)
}

/// Asks which of several words is meant; an empty answer is the first. There is a terminal.
pub(crate) fn choice(text: &str, words: &[&'static str]) -> Result<&'static str, Trouble> {
    output::prompt(&format!("{} [{}]", one_line(text), words.join("/")));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|e| Trouble::failed("Could not read the answer", "terminal").why(e))?;
    let answer = answer.trim().to_ascii_lowercase();
    let meant = words.iter().find(|word| word.starts_with(answer.as_str()));
    meant.copied().ok_or_else(|| Trouble::refused("Nothing was done", text).why("that was none of the answers"))
}

/// Asks a question; `yes` answers it.
pub(crate) fn confirm(question: &Question, yes: bool) -> Result<(), Trouble> {
    let (text, word) = match question {
        Question::None => return Ok(()),
        Question::Confirm { text } => (text, "y"),
        Question::Type { text, word } => (text, word.as_str()),
    };
    if yes {
        return Ok(());
    }
    if !terminal::may_ask() {
        return Err(
            Trouble::usage("This needs an answer and there is no terminal to ask on", text).next("Add --yes to answer it.")
        );
    }
    let hint = if word == "y" { "[y/N]".to_owned() } else { format!("Type {word} to go on:") };
    output::prompt(&format!("{} {hint}", one_line(text)));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|e| Trouble::failed("Could not read the answer", "terminal").why(e))?;
    let answer = answer.trim();
    if answer == word || (word == "y" && answer.eq_ignore_ascii_case("yes")) {
        return Ok(());
    }
    Err(Trouble::refused("Nothing was done", text).why("the answer was no"))
}

/// Reads what an option is switched to.
pub(super) fn switch(option: &str, word: &str) -> Result<bool, Trouble> {
    match word {
        "on" | "true" | "yes" => Ok(true),
        "off" | "false" | "no" => Ok(false),
        _ => Err(Trouble::usage(format!("{option} is on or off"), format!("\u{201c}{word}\u{201d}"))
            .next(format!("Write {option} on, or {option} off."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_the_clusters_in_which_something_is_done() {
        let ask = |clusters: &[&str]| {
            let clusters: Vec<String> = clusters.iter().map(|name| (*name).to_owned()).collect();
            match within(Question::Confirm { text: "Suspend it?".to_owned() }, &clusters) {
                Question::Confirm { text } => text,
                other => format!("{other:?}"),
            }
        };
        assert_eq!(ask(&["edge", "prod"]), "In edge, prod: Suspend it?");
        assert_eq!(ask(&[]), "Suspend it?");
    }
}
