//! How a repository is reached, and reading a token at the moment it is used. Keeps no token.

use std::path::PathBuf;
use std::sync::Arc;

use domain::project::Credential;
use domain::redact;
use domain::safe::Safe;

use crate::error::{Error, Result};
use crate::patience::Limits;

/// Holds what is needed, beside the URL, to reach a repository.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Where the token for http and https comes from; ssh uses the operator's own keys.
    pub credential: Credential,
    /// Where sealed tokens are opened; absent: none can be.
    pub safe: Option<Arc<dyn Safe>>,
    /// The ssh command line; absent: `GIT_SSH_COMMAND`, else `core.sshCommand`, else `ssh`.
    pub ssh: Option<String>,
    /// A PEM file of the certificates to trust for https, instead of those that the machine trusts.
    pub ca_file: Option<PathBuf>,
    /// How long a server may take.
    pub limits: Limits,
}

impl Access {
    /// Builds the access with a credential and the usual limits.
    pub fn new(credential: Credential) -> Self {
        Self { credential, ..Self::default() }
    }

    /// Names the safe that sealed tokens are opened in.
    pub fn with_safe(self, safe: Arc<dyn Safe>) -> Self {
        Self { safe: Some(safe), ..self }
    }
}

/// Holds a user name and a token, for the time of one operation.
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) token: String,
}

/// Reads the token from where the credential says it is.
pub(crate) fn login(access: &Access) -> Result<Option<Login>> {
    let (user, place, text) = match &access.credential {
        Credential::None => return Ok(None),
        Credential::Env { user, name } => {
            let text = std::env::var(name).map_err(|error| error.to_string());
            (user, format!("the variable {name}"), text)
        }
        Credential::File { user, path } => {
            (user, format!("the file {path}"), std::fs::read_to_string(path).map_err(|error| error.to_string()))
        }
        Credential::Sealed { user, name } => {
            let opened = match &access.safe {
                Some(safe) => safe.open(name).map(|value| value.text().to_owned()).map_err(Error::Sealed)?,
                None => return Err(Error::Sealed(domain::safe::unknown(name))),
            };
            (user, format!("the sealed credential {name}"), Ok(opened))
        }
    };
    let text = text.map_err(|why| Error::Credential { place: place.clone(), why })?;
    let token = text.trim_end_matches(['\n', '\r']).to_owned();
    if token.is_empty() || token.chars().any(char::is_control) {
        let why = if token.is_empty() { "it is empty" } else { "it holds several lines or control characters" };
        return Err(Error::Credential { place, why: why.to_owned() });
    }
    redact::know_login(user, &token);
    Ok(Some(Login { user: user.clone(), token }))
}
