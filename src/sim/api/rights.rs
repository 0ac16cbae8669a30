//! Who asks, and what their roles allow: tokens of ServiceAccounts, bound by the roles and bindings in the store. Whoever
//! brings no token is the administrator.

use domain::Time;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::api::path::Target;
use crate::api::{Reply, json as send};
use crate::fault::Fault;
use crate::json;
use crate::resource;
use crate::state::State;

/// What every token begins with.
const TOKEN: &str = "simulated:";

/// Says who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Whoever may do everything.
    Admin,
    /// A ServiceAccount.
    Account {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// Holds what is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    /// The plural, with its subresource.
    pub(crate) resource: &'a str,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: &'a str,
}

impl Caller {
    /// Reads who asks; nothing when the token is not one of ours.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let Some(given) = headers.get(header::AUTHORIZATION) else { return Some(Self::Admin) };
        let token = given.to_str().ok()?.strip_prefix("Bearer ")?.strip_prefix(TOKEN)?;
        let (namespace, name) = token.split_once(':')?;
        Some(Self::Account { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// Returns the user's name.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Admin => "admin".to_owned(),
            Self::Account { namespace, name } => format!("system:serviceaccount:{namespace}:{name}"),
        }
    }

    /// Returns the user's groups.
    pub(crate) fn groups(&self) -> Vec<String> {
        match self {
            Self::Admin => vec!["system:masters".to_owned(), "system:authenticated".to_owned()],
            Self::Account { namespace, .. } => vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".to_owned(),
            ],
        }
    }

    /// Tells whether a role that is bound to the caller allows it.
    pub(crate) fn may(&self, state: &State, ask: &Ask<'_>) -> bool {
        if *self == Self::Admin {
            return true;
        }
        let everywhere = state.list(resource::of("ClusterRoleBinding"), None);
        let here = ask.namespace.map(|namespace| state.list(resource::of("RoleBinding"), Some(namespace))).unwrap_or_default();
        everywhere.iter().chain(&here).filter(|binding| self.bound(binding)).any(|binding| {
            let (kind, name) = (json::text(binding, "/roleRef/kind"), json::text(binding, "/roleRef/name"));
            let namespace = if kind == "Role" { json::namespace(binding) } else { "" };
            let role = state.get(resource::of(kind), namespace, name);
            role.is_some_and(|role| json::list(&role, "/rules").iter().any(|rule| allows(rule, ask)))
        })
    }

    fn bound(&self, binding: &Value) -> bool {
        json::list(binding, "/subjects").iter().any(|subject| {
            let name = json::text(subject, "/name");
            match json::text(subject, "/kind") {
                "User" => name == self.name(),
                "Group" => self.groups().iter().any(|group| group == name),
                "ServiceAccount" => {
                    let account =
                        Self::Account { namespace: json::text(subject, "/namespace").to_owned(), name: name.to_owned() };
                    account == *self
                }
                _ => false,
            }
        })
    }
}

fn allows(rule: &Value, ask: &Ask<'_>) -> bool {
    let has = |list: &str, wanted: &str| {
        json::list(rule, list).iter().filter_map(Value::as_str).any(|word| word == wanted || word == "*")
    };
    let names = json::list(rule, "/resourceNames");
    has("/apiGroups", ask.group)
        && has("/resources", ask.resource)
        && has("/verbs", ask.verb)
        && (names.is_empty() || names.iter().any(|name| name.as_str() == Some(ask.name)))
}

/// Answers with a token of a ServiceAccount.
pub(crate) fn token(state: &State, target: &Target) -> Result<Reply, Fault> {
    let accounts = resource::of("ServiceAccount");
    let (namespace, name) = (target.namespace.as_deref().unwrap_or_default(), target.name.as_deref().unwrap_or_default());
    state.get(accounts, namespace, name).ok_or_else(|| Fault::not_found(accounts, name))?;
    let expires = Time::from_second(state.pace.now().as_second() + 3600).map_or_else(|_| String::new(), |at| at.to_string());
    let review = json!({"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": {"name": name, "namespace": namespace},
        "spec": {}, "status": {"token": format!("{TOKEN}{namespace}:{name}"), "expirationTimestamp": expires}});
    Ok(send(StatusCode::CREATED, &review))
}
