//! Creating objects in a cluster, such as a source with the Secret that it needs.

use super::{Question, Sentence, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;
use crate::private::Private;

/// Creates objects that do not exist yet, all or none as far as the server can tell beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// What is created, in this order; the last one is what it is about.
    pub objects: Vec<Fresh>,
}

/// Holds an object that does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// Which one.
    pub key: ObjectKey,
    /// Its JSON.
    pub body: Private,
}

impl Create {
    /// Takes objects as a form composes them, for a cluster.
    pub fn of(cluster: &crate::ident::ContextName, objects: &[serde_json::Value]) -> Self {
        let fresh = |object: &serde_json::Value| {
            let text = |pointer: &str| object.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default();
            let key = ObjectKey::new(cluster, text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
            Fresh { key, body: Private::new(object.to_string()) }
        };
        Self { objects: objects.iter().map(fresh).collect() }
    }

    /// Returns what else is created, as one text; empty when there is nothing else.
    fn others(&self) -> String {
        let others = self.objects.iter().rev().skip(1).rev();
        others.map(|fresh| fresh.key.to_string()).collect::<Vec<_>>().join(", ")
    }
}

impl Terms for Create {
    fn permission(&self) -> Role {
        Role::Operator
    }

    fn question(&self) -> Question {
        let others = self.others();
        let with = if others.is_empty() { String::new() } else { format!(" and {others}") };
        let cluster = self.objects.last().map_or("", |fresh| &*fresh.key.cluster);
        Question::Confirm { text: format!("Create {}{with} in {cluster}?", self.object()) }
    }

    fn sentences(&self) -> Vec<Sentence> {
        let cluster = self.objects.last().map(|fresh| fresh.key.cluster.to_string()).unwrap_or_default();
        let values = [("object", self.object()), ("others", self.others()), ("cluster", cluster)];
        vec![Sentence::new(if self.others().is_empty() { "create.one" } else { "create.more" }, values)]
    }

    fn act(&self) -> &'static str {
        "object.create"
    }

    fn object(&self) -> String {
        self.objects.last().map(|fresh| fresh.key.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_all_and_tells_no_value() {
        let secret = serde_json::json!({ "kind": "Secret", "metadata": { "name": "a-auth", "namespace": "n" }, "stringData": { "p": "hunter2" } });
        let source = serde_json::json!({ "kind": "GitRepository", "metadata": { "name": "a", "namespace": "n" } });
        let order = Create::of(&"dev".into(), &[secret, source]);
        let text = "Create GitRepository/n/a and Secret/n/a-auth in dev?".to_owned();
        assert_eq!(order.question(), Question::Confirm { text });
        assert!(!format!("{order:?}").contains("hunter2"));
    }
}
