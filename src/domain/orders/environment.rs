//! Adding, editing and removing an environment, with what that makes or takes away in its cluster.

use super::{Delete, Question, Sentence, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;
use crate::ident::EnvironmentId;
use crate::project::Environment;

/// Adds an environment, or edits the one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveEnvironment {
    /// The whole record.
    pub environment: Environment,
    /// Whether it must not exist yet (`true`) or must (`false`).
    pub new: bool,
    /// Whether the GitRepository, the Kustomization and the namespace are created in the cluster where they are missing.
    pub create_objects: bool,
    /// What is missing there, as it was looked up to be shown; no other than these are created then.
    pub setup: Option<Setup>,
}

/// Says how Flux will read a repository. Names places, never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// Without: anybody may read it.
    Open,
    /// With user name and token, from that place.
    Token {
        /// The user name.
        user: String,
        /// Where the token is read.
        place: String,
    },
    /// With an ssh key and the host's keys.
    Key {
        /// Where the key is read.
        place: String,
        /// Where the host's keys are read.
        hosts: String,
    },
    /// It needs an ssh key, and none is named.
    Lacking,
}

/// Holds what an environment needs in its cluster and what of it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The objects that are missing, in the order in which they are created.
    pub missing: Vec<ObjectKey>,
    /// How Flux reads the repository.
    pub login: Login,
}

/// Writes an object's name; a namespace has none in front.
fn named(key: &ObjectKey) -> String {
    if key.namespace.is_empty() { format!("{}/{}", key.kind, key.name) } else { key.to_string() }
}

impl Setup {
    fn creates(&self, kind: &str) -> bool {
        self.missing.iter().any(|key| &*key.kind == kind)
    }

    /// Returns the names of what is missing, as one text.
    pub fn names(&self) -> String {
        self.missing.iter().map(named).collect::<Vec<_>>().join(", ")
    }

    /// Says in sentences what is created and how, for people and for the language files.
    fn told(&self, environment: &Environment) -> Vec<(Sentence, String)> {
        let (id, cluster, names) = (environment.id.to_string(), environment.cluster.to_string(), self.names());
        let text = format!("Save {id} and create in {cluster}: {names}?");
        let values = [("object", id), ("cluster", cluster), ("names", names)];
        let mut out = vec![(Sentence::new("setup.create", values), text)];
        if self.creates("Secret") || self.creates("GitRepository") {
            out.extend(match &self.login {
                Login::Open => Some((
                    Sentence::new("setup.open", []),
                    "Flux reads the repository without credentials.".to_owned(),
                )),
                Login::Token { user, place } => Some((
                    Sentence::new("setup.token", [("user", user.clone()), ("place", place.clone())]),
                    format!("The Secret holds the user {user} and the token of {place}."),
                )),
                Login::Key { place, hosts } => Some((
                    Sentence::new("setup.key", [("place", place.clone()), ("hosts", hosts.clone())]),
                    format!("The Secret holds the ssh key of {place} and the host's keys of {hosts}."),
                )),
                Login::Lacking => Some((
                    Sentence::new("setup.lacking", []),
                    "Flux gets no ssh key and will not be able to read the repository: name a key file as the project's credential.".to_owned(),
                )),
            });
        }
        if self.creates("Kustomization") && !environment.gitops.auto_sync {
            let text = "The Kustomization is suspended: the environment is synced by hand.".to_owned();
            out.push((Sentence::new("setup.suspended", []), text));
        }
        out
    }
}

impl SaveEnvironment {
    /// Returns what will be created, where it was looked up and something is missing.
    fn creates(&self) -> Option<&Setup> {
        self.setup.as_ref().filter(|setup| self.create_objects && !setup.missing.is_empty())
    }
}

impl Terms for SaveEnvironment {
    fn permission(&self) -> Role {
        Role::Admin
    }
    fn question(&self) -> Question {
        let Some(setup) = self.creates() else { return Question::None };
        let told: Vec<String> = setup.told(&self.environment).into_iter().map(|(_, text)| text).collect();
        Question::Confirm { text: told.join(" ") }
    }
    fn sentences(&self) -> Vec<Sentence> {
        self.creates()
            .map(|setup| setup.told(&self.environment).into_iter().map(|(sentence, _)| sentence).collect())
            .unwrap_or_default()
    }
    fn act(&self) -> &'static str {
        if self.new { "environment.add" } else { "environment.edit" }
    }
    fn object(&self) -> String {
        self.environment.id.to_string()
    }
}

/// Says what becomes of an environment's Flux objects when it is removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fate {
    /// They stay as they are.
    #[default]
    Leave,
    /// The Kustomization is suspended: what runs stays as it is from then on.
    Suspend,
    /// They are deleted, each looked up beforehand with what goes along.
    Delete(Vec<Delete>),
}

/// Removes an environment from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveEnvironment {
    /// Which one.
    pub id: EnvironmentId,
    /// What becomes of its Flux objects.
    pub objects: Fate,
}

impl RemoveEnvironment {
    /// Removes the record and leaves the cluster as it is.
    pub const fn new(id: EnvironmentId) -> Self {
        Self { id, objects: Fate::Leave }
    }
}

impl Terms for RemoveEnvironment {
    fn permission(&self) -> Role {
        Role::Admin
    }
    fn question(&self) -> Question {
        let id = &self.id;
        let text = match &self.objects {
            Fate::Leave => format!("Remove the environment {id} from this console? What runs in the cluster stays."),
            Fate::Suspend => {
                format!(
                    "Remove the environment {id} from this console and suspend its Kustomization? What runs stays as it is from then on."
                )
            }
            Fate::Delete(deletes) => {
                let told: Vec<String> = deletes
                    .iter()
                    .map(|delete| match delete.question() {
                        Question::None => delete.object(),
                        Question::Confirm { text } | Question::Type { text, .. } => text,
                    })
                    .collect();
                format!("Remove the environment {id} from this console and delete its objects? {}", told.join(" "))
            }
        };
        Question::Type { text, word: id.name.to_string() }
    }
    fn sentences(&self) -> Vec<Sentence> {
        let object = [("object", self.object())];
        match &self.objects {
            Fate::Leave => vec![Sentence::new("environment.remove", object)],
            Fate::Suspend => vec![Sentence::new("environment.remove-suspend", object)],
            Fate::Delete(deletes) => {
                let mut out = vec![Sentence::new("environment.remove-delete", object)];
                out.extend(deletes.iter().flat_map(Terms::sentences));
                out
            }
        }
    }
    fn act(&self) -> &'static str {
        "environment.remove"
    }
    fn object(&self) -> String {
        self.id.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use crate::project::EnvironmentType;

    #[test]
    fn the_question_names_what_is_created_and_no_secret() {
        let environment = Environment::with_defaults("shop/prod".parse().unwrap(), EnvironmentType::Production, "c".into());
        let keys = [
            ("Namespace", "", "shop-prod"),
            ("Secret", "flux-system", "shop-prod-git"),
            ("Kustomization", "flux-system", "shop-prod"),
        ];
        let missing = keys.map(|(kind, namespace, name)| ObjectKey::new(&"c".into(), kind, namespace, name)).to_vec();
        let login = Login::Token { user: "bot".to_owned(), place: "the variable TOKEN".to_owned() };
        let ask = |missing: Vec<ObjectKey>| {
            let setup = Some(Setup { missing, login: login.clone() });
            SaveEnvironment { environment: environment.clone(), new: true, create_objects: true, setup }.question()
        };
        let text = "Save shop/prod and create in c: Namespace/shop-prod, Secret/flux-system/shop-prod-git, \
            Kustomization/flux-system/shop-prod? The Secret holds the user bot and the token of the variable TOKEN. \
            The Kustomization is suspended: the environment is synced by hand."
            .to_owned();
        assert_eq!(ask(missing), Question::Confirm { text });
        assert_eq!(ask(Vec::new()), Question::None);
    }
}
