//! What can go wrong with manifests, each case with the file and line that it speaks of, and how a person is told.
//!
//! Findings about readable manifests are no errors; they live in `check`.

use domain::edit::{Ask, WORKLOAD_KINDS};
use domain::{Trouble, TroubleKind};
use thiserror::Error;

/// Says why manifests could not be read, rendered or edited. Paths are relative to the repository's root, lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// A file is no YAML.
    #[error("{file}:{line}:{column}: {why}")]
    Syntax {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// The column, counted from 1, in characters.
        column: usize,
        /// What the parser says.
        why: String,
    },
    /// A file has content that stands on a line but does not mean anything that can be worked with.
    #[error("{file}:{line}: {why}")]
    Meaning {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// A limit on size, number or depth was passed.
    #[error("{file}: {why}")]
    Limit {
        /// The file or folder.
        file: String,
        /// Which limit.
        why: String,
    },
    /// A file is not UTF-8 text.
    #[error("{file} is not UTF-8 text")]
    NotText {
        /// The file.
        file: String,
    },
    /// A file or folder that something names does not exist.
    #[error("{path} does not exist{}", wanted(.by.as_ref()))]
    Missing {
        /// The path.
        path: String,
        /// The file that names it, when one does.
        by: Option<String>,
    },
    /// A path leads out of the repository, or through too many links.
    #[error("{path} leads out of the repository{}", wanted(.by.as_ref()))]
    Outside {
        /// The path as written.
        path: String,
        /// The file that names it, when one does.
        by: Option<String>,
    },
    /// A kustomization has a field that is not known here.
    #[error("{file}:{line}: the kustomization field \u{201c}{field}\u{201d} is not supported")]
    UnknownField {
        /// The kustomization file.
        file: String,
        /// The line.
        line: usize,
        /// The field.
        field: String,
    },
    /// A kustomization has a field that kustomize itself hands to another program.
    #[error("{file}:{line}: the kustomization field {field} is not rendered here; `{by}` renders it")]
    Unsupported {
        /// The kustomization file.
        file: String,
        /// The line.
        line: usize,
        /// The field.
        field: String,
        /// The command that renders it.
        by: String,
    },
    /// A kustomization names a base elsewhere.
    #[error("{file}:{line}: the remote base {url} is not fetched")]
    Remote {
        /// The kustomization file.
        file: String,
        /// The line.
        line: usize,
        /// The base.
        url: String,
    },
    /// No workload is under the path.
    #[error("no workload ({}) is under {path}", WORKLOAD_KINDS.join(", "))]
    NoWorkload {
        /// The path.
        path: String,
    },
    /// The workload that was asked for is not under the path.
    #[error("{wanted} is not under {path}; there are {there}")]
    NoSuchWorkload {
        /// The path.
        path: String,
        /// What was asked for.
        wanted: String,
        /// What is there, separated by commas.
        there: String,
    },
    /// The container that was asked for is not in the workload.
    #[error("{workload} has no container {wanted}; it has {there}")]
    NoSuchContainer {
        /// The workload.
        workload: String,
        /// What was asked for.
        wanted: String,
        /// What is there, separated by commas.
        there: String,
    },
    /// A value cannot stand in its field.
    #[error("{field} cannot be \u{201c}{value}\u{201d}: {why}")]
    Value {
        /// The field.
        field: String,
        /// The value.
        value: String,
        /// Why.
        why: String,
    },
    /// A value is shared through an anchor, so that changing it would change another place too.
    #[error("{field} is shared: it is written at {first} and used at {second}")]
    Shared {
        /// The field.
        field: String,
        /// File and line where the value is written.
        first: String,
        /// File and line of another use.
        second: String,
    },
    /// A field's value is not written in manifests as a plain value.
    #[error("{field} at {file}:{line} {why}")]
    Indirect {
        /// The field.
        field: String,
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// Where it comes from instead.
        why: String,
    },
    /// There is more than one place for an edit, and which is meant has to be asked.
    #[error("{} {}", .0.field, .0.why)]
    Choose(Box<Ask>),
    /// Files that were to be made are there already.
    #[error("{paths}: there already")]
    Exists {
        /// Their paths, separated by commas.
        paths: String,
    },
    /// An edit cannot be made, though all was understood.
    #[error("{field} cannot be changed in {file}: {why}")]
    CannotEdit {
        /// The field.
        field: String,
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
}

fn wanted(by: Option<&String>) -> String {
    by.map_or_else(String::new, |by| format!(" (named in {by})"))
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let (kind, what, object, next) = told(&error);
        let why = match &error {
            Error::Syntax { why, .. } | Error::Meaning { why, .. } | Error::Limit { why, .. } | Error::Value { why, .. } => {
                why.clone()
            }
            Error::CannotEdit { why, .. } => why.clone(),
            Error::Choose(ask) => {
                let offers = ask.offers.iter().map(|o| format!("{}:{} {}", o.file, o.line, o.what));
                format!("{}: {}", ask.why, offers.collect::<Vec<_>>().join("; "))
            }
            // The object says the place already.
            Error::Exists { .. } => "it is there already".to_owned(),
            Error::NotText { .. } => "it is not UTF-8 text".to_owned(),
            Error::Missing { by, .. } => format!("it does not exist{}", wanted(by.as_ref())),
            Error::Outside { by, .. } => format!("it leads out of the repository{}", wanted(by.as_ref())),
            Error::UnknownField { field, .. } => format!("the kustomization field \u{201c}{field}\u{201d} is not supported"),
            Error::Unsupported { field, by, .. } => {
                format!("the kustomization field \u{201c}{field}\u{201d} is not rendered here; {by} renders it")
            }
            Error::Remote { url, .. } => format!("the remote base {url} is not fetched"),
            Error::NoWorkload { .. } => format!("none of {} is there", WORKLOAD_KINDS.join(", ")),
            Error::NoSuchWorkload { path, there, .. } => format!("{path} has {there}"),
            Error::NoSuchContainer { wanted, there, .. } => format!("it has no container {wanted}, but {there}"),
            other => other.to_string(),
        };
        Self::new(kind, what, object).why(why).next(next)
    }
}

/// Returns the kind, what happened, to what, and what to do next.
fn told(error: &Error) -> (TroubleKind, &'static str, String, &'static str) {
    use TroubleKind::{Failed, NotFound, Refused, Usage};
    match error {
        Error::Syntax { file, line, column, .. } => {
            (Failed, "The file is no valid YAML", format!("{file}:{line}:{column}"), "Mend the file in Git, then try again.")
        }
        Error::Meaning { file, line, .. } => {
            (Failed, "The manifest cannot be understood", format!("{file}:{line}"), "Mend the file in Git, then try again.")
        }
        Error::Limit { file, .. } => {
            (Refused, "The manifests are too large", file.clone(), "Split them, or point the path at a smaller folder.")
        }
        Error::NotText { file } => (Failed, "The file is no text", file.clone(), "Save it as UTF-8."),
        Error::Missing { path, .. } => {
            (NotFound, "The manifests are incomplete", path.clone(), "Check the environment's path and branch.")
        }
        Error::Outside { path, .. } => {
            (Refused, "The path is refused", path.clone(), "Keep all manifests inside the repository.")
        }
        Error::UnknownField { file, line, .. } | Error::Unsupported { file, line, .. } => (
            Failed,
            "The kustomization cannot be rendered here",
            format!("{file}:{line}"),
            "Take the field out, or make this change by hand in Git; Flux may know the field.",
        ),
        Error::Remote { file, line, .. } => (
            Refused,
            "The kustomization cannot be rendered here",
            format!("{file}:{line}"),
            "Copy the base into the repository, or make this change by hand in Git.",
        ),
        Error::NoWorkload { path } => {
            (NotFound, "There is no workload", path.clone(), "Check the environment's path and branch.")
        }
        Error::NoSuchWorkload { wanted, .. } => {
            (NotFound, "There is no such workload", wanted.clone(), "Name one that is there.")
        }
        Error::NoSuchContainer { workload, .. } => {
            (NotFound, "There is no such container", workload.clone(), "Name one that is there.")
        }
        Error::Value { field, .. } => (Usage, "The value does not fit the field", field.clone(), "Give another value."),
        Error::Shared { field, .. } => (
            Refused,
            "The value is shared",
            field.clone(),
            "Write the value out at one of the places, or change it for both in the file.",
        ),
        Error::Indirect { field, .. } => (
            Refused,
            "The value is not written here",
            field.clone(),
            "Change it where it comes from, or remove the reference in the file first.",
        ),
        Error::Choose(ask) => (Refused, "There is more than one place for it", ask.field.to_string(), "Choose one of them."),
        Error::Exists { paths } => (
            Refused,
            "Nothing was made, so that nothing is overwritten",
            paths.clone(),
            "Name other folders, or edit what is there.",
        ),
        Error::CannotEdit { field, .. } => {
            (Failed, "The field cannot be changed", field.clone(), "Change it in the file by hand.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_tells_file_line_and_column() {
        let trouble =
            Trouble::from(Error::Syntax { file: "k8s/a.yaml".into(), line: 3, column: 7, why: "did not find :".into() });
        assert_eq!(trouble.object, "k8s/a.yaml:3:7");
        assert!(trouble.to_string().contains("did not find :"));
        let remote = Trouble::from(Error::Remote { file: "k.yaml".into(), line: 2, url: "github.com/a/b".into() });
        assert_eq!(remote.kind, TroubleKind::Refused);
        assert!(remote.why.contains("github.com/a/b"));
    }
}
