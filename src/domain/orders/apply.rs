//! Changing a live object in the cluster, as it was edited and reviewed.

use super::{Question, Sentence, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;
use crate::origin::Origin;
use crate::private::Private;

/// Changes an object in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apply {
    /// Which one.
    pub key: ObjectKey,
    /// The version that it must still have.
    pub version: String,
    /// The digest of what was reviewed of it, without its status: as long as that stands, a newer version is no reason to ask
    /// again. Empty where that cannot be told, since it holds secrets.
    pub seen: String,
    /// The change: a JSON merge patch.
    pub patch: Private,
    /// The fields that change, as dotted paths; no values.
    pub fields: Vec<String>,
    /// Where the object comes from, when Flux applied it.
    pub origin: Option<Origin>,
}

impl Apply {
    fn names(&self) -> String {
        const NAMED: usize = 6;
        let text = self.fields.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        if self.fields.len() > NAMED { format!("{text}, …") } else { text }
    }
}

impl Terms for Apply {
    fn permission(&self) -> Role {
        Role::Operator
    }

    fn question(&self) -> Question {
        let mut text = format!("Change {} in the cluster ({})?", self.key, self.names());
        if let Some(origin) = &self.origin {
            text.extend([" It comes from ", &origin.line(), ". ", &origin.warning()]);
        }
        Question::Confirm { text }
    }

    fn sentences(&self) -> Vec<Sentence> {
        let mut out = vec![Sentence::new("apply.ask", [("object", self.object()), ("fields", self.names())])];
        out.extend(self.origin.iter().flat_map(undone));
        out
    }

    fn act(&self) -> &'static str {
        "object.edit"
    }

    fn object(&self) -> String {
        self.key.to_string()
    }
}

/// Says where a changed object comes from, and what that does to the change.
pub(super) fn undone(origin: &Origin) -> [Sentence; 2] {
    let by = ("by", origin.by.to_string());
    let then = match (&origin.interval, origin.suspended) {
        (_, true) => Sentence::new("apply.suspended", [by]),
        _ if !origin.reverts() => Sentence::new("apply.helm", [by]),
        (Some(interval), _) => Sentence::new("apply.undone-within", [by, ("interval", interval.clone())]),
        (None, _) => Sentence::new("apply.undone", [by]),
    };
    [Sentence::new("apply.from", [("origin", origin.line())]), then]
}
