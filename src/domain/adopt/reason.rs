//! What is said of what was found: why an object cannot be adopted, what a guess rests on, what there is to know. English words
//! and the names of the sentences in the language files.

use serde::{Serialize, Serializer};

use crate::sentence::Sentence;

/// Says why an object cannot become an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Its content does not come from Git.
    NotGit {
        /// The kind of its source; empty when it names none.
        kind: String,
    },
    /// Its source, or what applies it, is not there.
    NoSource {
        /// Which one; empty when it names none.
        name: String,
    },
    /// Its source follows something that no commit moves.
    Pinned {
        /// The field: `tag`, `semver`, `commit`, `name`.
        word: &'static str,
        /// What stands in it.
        value: String,
    },
    /// It is applied to another cluster (`spec.kubeConfig`).
    Remote,
    /// Its path is the whole repository.
    Root,
    /// It is Flux's own.
    System,
    /// It applies other Kustomizations.
    Fleet {
        /// How many.
        count: usize,
    },
    /// It is a HelmRelease of a chart in Git that no Kustomization applies: its values are nowhere but in the cluster.
    ByHand {
        /// The chart's path in the repository.
        chart: String,
        /// Its source.
        source: String,
    },
    /// The record would not be taken.
    Unfit {
        /// Why.
        why: String,
    },
}

impl Reason {
    /// Returns the sentence of the language files, under `adopt.left`.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::NotGit { kind } if kind.is_empty() => Sentence::new("no-source", []),
            Self::NotGit { kind } => Sentence::new("not-git", [("kind", kind.clone())]),
            Self::NoSource { name } if name.is_empty() => Sentence::new("no-source", []),
            Self::NoSource { name } => Sentence::new("absent", [("name", name.clone())]),
            Self::Pinned { word, value } => Sentence::new("pinned", [("word", (*word).to_owned()), ("value", value.clone())]),
            Self::Remote => Sentence::new("remote", []),
            Self::Root => Sentence::new("root", []),
            Self::System => Sentence::new("system", []),
            Self::Fleet { count } => Sentence::new("fleet", [("count", count.to_string())]),
            Self::ByHand { chart, source } => Sentence::new("by-hand", [("chart", chart.clone()), ("source", source.clone())]),
            Self::Unfit { why } => Sentence::new("unfit", [("why", why.clone())]),
        }
    }

    /// Returns it in a sentence without a full stop.
    pub fn words(&self) -> String {
        match self {
            Self::NotGit { kind } if !kind.is_empty() => {
                format!("its content comes from a {kind}: there is nothing in Git that a deployment could change")
            }
            Self::NoSource { name } if !name.is_empty() => format!("{name} is not there"),
            Self::NotGit { .. } | Self::NoSource { .. } => "it names no source".to_owned(),
            Self::Pinned { word, value } => {
                format!("its source follows the {word} {value}, not a branch: a commit would not reach it")
            }
            Self::Remote => {
                "it is applied to another cluster (spec.kubeConfig), where nothing can be watched from here".to_owned()
            }
            Self::Root => "its path is the whole repository: which part of it is the application is not clear".to_owned(),
            Self::System => "it is Flux itself".to_owned(),
            Self::Fleet { count } => format!("it applies {count} other Kustomizations; they are looked at by themselves"),
            Self::ByHand { chart, source } => {
                format!(
                    "its chart {chart} comes from {source}, but no Kustomization applies the HelmRelease: its values are only in the cluster, where no commit reaches them; commit it to a folder that a Kustomization applies, and adopt that"
                )
            }
            Self::Unfit { why } => why.clone(),
        }
    }
}

/// Writes a reason as its words.
pub(super) fn as_words<S: Serializer>(reason: &Reason, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&reason.words())
}

/// Says what a guess rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// A word in its path.
    Path(String),
    /// A word in the object's name.
    Name(String),
    /// A word in its namespace.
    Namespace(String),
    /// A word in its branch.
    Branch(String),
    /// A word in its cluster's name.
    Cluster(String),
    /// The defaults of its type.
    Type,
    /// Nothing at all: the careful choice.
    Nothing,
}

/// Says that a field is guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guess {
    /// The field: `type`, `name`, `namespace`, `approval`.
    pub field: &'static str,
    /// What it rests on.
    pub from: Evidence,
}

impl Guess {
    /// Returns the sentence of the language files, under `adopt.guess`.
    pub fn sentence(&self) -> Sentence {
        let (key, word) = match &self.from {
            Evidence::Path(word) => ("path", word.clone()),
            Evidence::Name(word) => ("name", word.clone()),
            Evidence::Namespace(word) => ("namespace", word.clone()),
            Evidence::Branch(word) => ("branch", word.clone()),
            Evidence::Cluster(word) => ("cluster", word.clone()),
            Evidence::Type => ("type", String::new()),
            Evidence::Nothing => ("nothing", String::new()),
        };
        Sentence::new(key, [("field", self.field.to_owned()), ("word", word)])
    }

    /// Returns it in a few words: `type, by "prod" in the path`.
    pub fn words(&self) -> String {
        let field = self.field;
        match &self.from {
            Evidence::Path(word) => format!("{field}, by \u{201c}{word}\u{201d} in the path"),
            Evidence::Name(word) => format!("{field}, by \u{201c}{word}\u{201d} in the name"),
            Evidence::Namespace(word) => format!("{field}, by \u{201c}{word}\u{201d} in the namespace"),
            Evidence::Branch(word) => format!("{field}, by \u{201c}{word}\u{201d} in the branch"),
            Evidence::Cluster(word) => format!("{field}, by \u{201c}{word}\u{201d} in the cluster's name"),
            Evidence::Type => format!("{field}, by the type"),
            Evidence::Nothing => format!("{field}, by nothing"),
        }
    }
}

/// Says what there is to know about a proposed project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remark {
    /// Several applications share the repository; they are told apart by path.
    ByPath,
    /// The paths do not say which application they belong to, so all of them are one project.
    Unclear,
    /// Sources name the repository by different URLs; this one is taken.
    Urls,
    /// The slug is the repository's name with a number, since another project has it.
    Taken,
}

impl Remark {
    /// Returns the sentence's name in the language files, under `adopt.remark`.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::ByPath => "by-path",
            Self::Unclear => "unclear",
            Self::Urls => "urls",
            Self::Taken => "taken",
        }
    }

    /// Returns it in a sentence.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::ByPath => "Several applications share the repository; they are told apart by path.",
            Self::Unclear => "The paths do not say which application they belong to: all of them are one project.",
            Self::Urls => "Its sources name the repository by different URLs; the first is taken.",
            Self::Taken => "Another project has the repository's name; this one gets a number.",
        }
    }
}
