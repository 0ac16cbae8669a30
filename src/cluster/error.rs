//! What can go wrong between us and a cluster, and the words for it.
//!
//! Library errors end here: they are sorted into the few cases that a person can do something about, and the server's
//! own words are kept.

use std::error::Error as StdError;
use std::time::Duration;

use domain::ident::ContextName;
use domain::{Trouble, TroubleKind, text};
use kube::client::AuthError;
use kube::config::KubeconfigError;

use crate::tunnel;
use crate::wire::{Fault, Refusal};

/// Says what went wrong. Every text in it is one safe line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No kubeconfig exists at any of the places.
    #[error("no kubeconfig at {}", .looked.join(", "))]
    NoKubeconfig {
        /// Where it was looked for.
        looked: Vec<String>,
    },
    /// A kubeconfig cannot be read.
    #[error("{path} cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's words.
        why: String,
    },
    /// A file is no kubeconfig.
    #[error("{path} is no kubeconfig: {why}")]
    NotKubeconfig {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// No context of that name exists.
    #[error("no context {name}; there are {}", .known.join(", "))]
    UnknownContext {
        /// What was asked for.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// A context cannot be used as it stands.
    #[error("context {context} cannot be used: {why}")]
    Context {
        /// The context.
        context: String,
        /// What is wrong with it.
        why: String,
    },
    /// The program that should bring credentials failed.
    #[error("the credential helper of {context} failed: {why}")]
    Helper {
        /// The context.
        context: String,
        /// The helper's words.
        why: String,
    },
    /// Credentials would travel in the clear.
    #[error("{server} is plain http")]
    PlainText {
        /// The context.
        context: String,
        /// The address.
        server: String,
    },
    /// The server refused.
    #[error("{doing} {object} in {context}: {code} {message}")]
    Refused {
        /// The context.
        context: String,
        /// What was tried ("Patching").
        doing: String,
        /// On what.
        object: String,
        /// The HTTP status.
        code: u16,
        /// The server's word for machines.
        reason: String,
        /// The server's sentence.
        message: String,
    },
    /// The kind is not served there.
    #[error("{kind} is not served by {context}")]
    KindAbsent {
        /// The context.
        context: String,
        /// The kind.
        kind: String,
    },
    /// The object is suspended, so that asking it to reconcile would do nothing.
    #[error("{object} is suspended")]
    Suspended {
        /// The object.
        object: String,
    },
    /// Nothing came within the time allowed.
    #[error("{doing} {object} in {context}: no answer within {} s", .limit.as_secs_f32())]
    TimedOut {
        /// The context.
        context: String,
        /// What was tried.
        doing: String,
        /// On what.
        object: String,
        /// The time allowed.
        limit: Duration,
    },
    /// No connection came about, or it broke.
    #[error("{address} cannot be reached: {why}")]
    Unreachable {
        /// The context.
        context: String,
        /// The server's address.
        address: String,
        /// The system's words.
        why: String,
    },
    /// The server's certificate or ours was not accepted.
    #[error("no trusted connection to {address}: {why}")]
    Tls {
        /// The context.
        context: String,
        /// The server's address.
        address: String,
        /// What was wrong.
        why: String,
    },
    /// A document could not be fetched.
    #[error("{address} cannot be fetched: {why}")]
    Download {
        /// Its address.
        address: String,
        /// Why.
        why: String,
    },
    /// What came is not what the protocol says.
    #[error("{doing} {object} in {context}: the answer makes no sense: {why}")]
    Garbled {
        /// The context.
        context: String,
        /// What was tried.
        doing: String,
        /// On what.
        object: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Says where a fault happened: enough to turn it into an [`Error`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) context: &'a ContextName,
    pub(crate) server: &'a str,
    pub(crate) doing: &'a str,
    pub(crate) object: &'a str,
}

impl Error {
    /// Turns a fault into an error, with the place where it happened.
    pub(crate) fn of(fault: Fault, at: At<'_>) -> Self {
        let (context, doing, object) = (at.context.to_string(), at.doing.to_owned(), text::one_line(at.object));
        match fault {
            Fault::Refused(Refusal { code, reason, message }) => Self::Refused { context, doing, object, code, reason, message },
            Fault::TimedOut(limit) => Self::TimedOut { context, doing, object, limit },
            Fault::Garbled(why) => Self::Garbled { context, doing, object, why: short(&why) },
            Fault::Transport(error) => Self::transport(&error, at.context, at.server),
        }
    }

    /// Sorts what the client library says about a connection.
    pub(crate) fn transport(error: &kube::Error, context: &ContextName, server: &str) -> Self {
        let (context, address) = (context.to_string(), text::one_line(server));
        if let Some(why) = chain(error).find_map(|e| e.downcast_ref::<AuthError>()).map(helper_words) {
            return Self::Helper { context, why };
        }
        if let Some(why) = chain(error).find_map(|e| e.downcast_ref::<KubeconfigError>()) {
            return Self::Context { context, why: short(&why.to_string()) };
        }
        let why = words(error);
        let tls = ["certificate", "tls", "TLS", "handshake", "fatal alert"].iter().any(|word| why.contains(word));
        if tls { Self::Tls { context, address, why } } else { Self::Unreachable { context, address, why } }
    }

    /// Tells whether it may be over in a moment: the way there broke, or the server had too much to do.
    pub(crate) const fn passes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Garbled { .. } | Self::Refused { code: 429 | 500..=599, .. }
        )
    }

    /// Returns the one line that stands in a link's state.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Refused { code, message, .. } => format!("{code}: {message}"),
            other => other.to_string(),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { .. } => refused(error),
            Error::NoKubeconfig { looked } => Self::not_found("There is no kubeconfig", looked.join(", "))
                .next("Name one with --kubeconfig or KUBECONFIG, or look around first: quarterdeck demo"),
            Error::Unreadable { path, why } => Self::failed("The kubeconfig cannot be read", path)
                .why(why)
                .next("Check the file's owner and mode, or name another one."),
            Error::NotKubeconfig { path, why } => Self::usage("The file is no kubeconfig", path)
                .why(why)
                .next("Mend the file or name another one; nothing was changed."),
            Error::UnknownContext { name, known } => {
                let known =
                    if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) };
                Self::not_found("That context does not exist", name)
                    .why(known)
                    .next("Choose one of these, or add the file that holds it.")
            }
            Error::Context { context, why } => {
                Self::usage("The context cannot be used", context).why(why).next("Mend its entry in the kubeconfig.")
            }
            Error::Helper { context, why } => Self::failed("The credential helper failed", context)
                .why(why)
                .next("Run the helper's login in another terminal; the console tries again by itself."),
            Error::PlainText { context, server } => Self::refused("Credentials are not sent over plain http", context)
                .why(server)
                .next("Use an https address in the kubeconfig."),
            Error::KindAbsent { context, kind } => {
                Self::not_found("The cluster does not serve that kind", format!("{kind} in {context}"))
                    .next("Install the controller that brings it, or check the spelling.")
            }
            Error::Suspended { object } => {
                Self::refused("It is suspended and would not reconcile", object).next("Resume it first.")
            }
            Error::TimedOut { context, doing, object, limit } => {
                Self::timed_out(format!("{doing} took too long"), format!("{object} in {context}"))
                    .why(format!("no answer within {} s", limit.as_secs_f32()))
                    .next("Check the connection to the cluster and try again.")
            }
            Error::Unreachable { context, address, why } => {
                Self::failed("The cluster cannot be reached", format!("{context} at {address}"))
                    .why(why)
                    .next("Check that the address is right, and VPN and network; the console keeps trying.")
            }
            Error::Tls { context, address, why } => {
                Self::failed("There is no trusted connection to the cluster", format!("{context} at {address}"))
                    .why(why)
                    .next("Check the certificate authority and the certificates in the kubeconfig.")
            }
            Error::Download { address, why } => Self::failed("The document cannot be fetched", address).why(why).next(
                "Check the address and the way out; where there is none, fetch it elsewhere and name the file (--from FILE).",
            ),
            Error::Garbled { context, doing, object, why } => {
                Self::failed(format!("{doing}: the answer makes no sense"), format!("{object} in {context}"))
                    .why(why)
                    .next("Check what answers at the server's address: a proxy or a login page may stand in between.")
            }
        }
    }
}

fn refused(error: Error) -> Trouble {
    let Error::Refused { context, doing, object, code, message, .. } = error else {
        return Trouble::failed("The cluster refused", error);
    };
    let object = if object.is_empty() { context } else { format!("{object} in {context}") };
    let (kind, what, next) = match code {
        401 => (
            TroubleKind::Refused,
            "The cluster does not know who we are".to_owned(),
            "Log in again (the kubeconfig and its helper are read anew by themselves).",
        ),
        403 => (
            TroubleKind::Refused,
            format!("{doing} is forbidden"),
            "Ask for a role that allows this; it is tried again by itself.",
        ),
        404 => (TroubleKind::NotFound, "It does not exist there".to_owned(), "Refresh and check the name and the namespace."),
        409 => (TroubleKind::Failed, "Somebody changed it meanwhile".to_owned(), "Look at its present state and try again."),
        400 | 422 => (TroubleKind::Usage, "The cluster does not accept that content".to_owned(), "Mend what its words name."),
        410 => (TroubleKind::Failed, "The cluster no longer has that version".to_owned(), "Try again."),
        429 => (TroubleKind::Failed, "The cluster has too much to do".to_owned(), "Wait a little and try again."),
        _ => (
            TroubleKind::Failed,
            format!("{doing} failed on the server ({code})"),
            "Try again; if it stays, look at the API server's log.",
        ),
    };
    let advice = if code == 403 { domain::rights::advice(&message) } else { None };
    Trouble::new(kind, what, object).why(message).next(advice.unwrap_or_else(|| next.to_owned()))
}

/// Goes from an error to its causes.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&e| e.source())
}

/// Returns what the innermost causes say, without the layers around them.
pub(crate) fn words(error: &(dyn StdError + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in chain(error) {
        let words = tunnel::words(short(&cause.to_string()));
        // Most layers repeat the words of the layer beneath.
        said.retain(|outer| !outer.contains(&words));
        if !said.iter().any(|outer| words.contains(outer.as_str())) {
            said.push(words);
        }
    }
    // The client's own layers name the step, which the sentence around it does already.
    if said.len() > 1 {
        said.retain(|layer| !layer.starts_with("client error ("));
    }
    let proxy = said.iter().position(|layer| tunnel::told(layer)).unwrap_or(usize::MAX);
    let from = said.len().saturating_sub(2).min(proxy);
    said.get(from..).unwrap_or_default().join(": ")
}

fn helper_words(error: &AuthError) -> String {
    match error {
        // Its standard output may hold a token; what it says to people is on the other one.
        AuthError::AuthExecRun { out, .. } => {
            let said = short(&String::from_utf8_lossy(&out.stderr));
            if said.is_empty() { format!("it ended with {}", out.status) } else { format!("{said} ({})", out.status) }
        }
        AuthError::AuthExecStart(why) => format!("the program cannot be started: {}", short(&why.to_string())),
        AuthError::AuthExecParse(_) | AuthError::AuthExecSerialize(_) => "its answer is no ExecCredential".to_owned(),
        other => words(other),
    }
}

/// Returns one safe line of bounded length.
pub(crate) fn short(text: &str) -> String {
    let line = text::one_line(text);
    match line.char_indices().nth(600) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
