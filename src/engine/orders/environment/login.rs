//! Reading what Flux needs to reach a repository, at the moment it goes into a Secret: a token, or an ssh key with the host's
//! keys. An adapter: it reads variables and files, and keeps nothing.

use std::path::Path;

use domain::Trouble;
use domain::orders::environment::Login;
use domain::project::{Credential, Repository};
use domain::redact;
use domain::safe::Safe;

use crate::objects;

/// Holds what goes into the Secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// User name and token.
    Token(String, String),
    /// The key, and the host's keys.
    Ssh(String, String),
}

/// Says how Flux will reach a repository, without reading any secret.
pub(super) fn kind(repository: &Repository) -> Login {
    let ssh = objects::flux_url(&repository.url).starts_with("ssh://");
    match (&repository.credential, ssh) {
        (Credential::None, false) => Login::Open,
        (Credential::None, true) => Login::Lacking,
        (Credential::File { path, .. }, true) => Login::Key { place: format!("the file {path}"), hosts: hosts_of(path) },
        (Credential::Env { name, .. }, true) => Login::Key { place: format!("the variable {name}"), hosts: "no file".to_owned() },
        (Credential::Sealed { name, .. }, true) => {
            Login::Key { place: format!("the sealed credential {name}"), hosts: "the same".to_owned() }
        }
        (Credential::Sealed { user, name }, false) => {
            Login::Token { user: user.clone(), place: format!("the sealed credential {name}") }
        }
        (Credential::Env { user, name }, false) => Login::Token { user: user.clone(), place: format!("the variable {name}") },
        (Credential::File { user, path }, false) => Login::Token { user: user.clone(), place: format!("the file {path}") },
    }
}

/// Returns where the keys of hosts stand: beside the key, as ssh keeps them.
fn hosts_of(path: &str) -> String {
    Path::new(path).with_file_name("known_hosts").display().to_string()
}

/// Reads what goes into the Secret, when one is needed.
pub(super) fn read(repository: &Repository, safe: &dyn Safe) -> Result<Option<Keys>, Trouble> {
    let keys = read_from(repository, safe)?;
    match &keys {
        Some(Keys::Token(user, token)) => redact::know_login(user, token),
        Some(Keys::Ssh(key, _)) => redact::know(key),
        None => {}
    }
    Ok(keys)
}

fn read_from(repository: &Repository, safe: &dyn Safe) -> Result<Option<Keys>, Trouble> {
    let url = objects::flux_url(&repository.url);
    let ssh = url.strip_prefix("ssh://");
    let (user, place, text) = match &repository.credential {
        Credential::None => return Ok(None),
        Credential::Env { name, .. } if ssh.is_some() => {
            return Err(Trouble::usage("An ssh key is read from a file", format!("env:{name}"))
                .why("the keys of its host are read from known_hosts beside it")
                .next("Name the key as file:PATH, with known_hosts in the same folder."));
        }
        Credential::Env { user, name } => (user, format!("the variable {name}"), std::env::var(name).map_err(|e| e.to_string())),
        Credential::File { user, path } => {
            (user, format!("the file {path}"), std::fs::read_to_string(path).map_err(|e| e.to_string()))
        }
        Credential::Sealed { user, name } => {
            (user, format!("the sealed credential {name}"), Ok(safe.open(name)?.text().to_owned()))
        }
    };
    let text = text.map_err(|why| unreadable(&place, &why))?;
    if text.trim().is_empty() {
        return Err(unreadable(&place, "it is empty"));
    }
    let Some(rest) = ssh else {
        return Ok(Some(Keys::Token(user.clone(), text.trim_end_matches(['\r', '\n']).to_owned())));
    };
    let (key, known, place) = if let Credential::File { path, .. } = &repository.credential {
        let place = format!("the file {}", hosts_of(path));
        let hosts = std::fs::read_to_string(hosts_of(path)).map_err(|e| unreadable(&place, &e.to_string()))?;
        (text, hosts, place)
    } else {
        let (key, hosts) = parted(&text);
        (key.to_owned(), hosts.to_owned(), place)
    };
    let hosts = keys_of(&known, rest);
    if hosts.is_empty() {
        return Err(unreadable(&place, "it has no key of the repository's host"));
    }
    Ok(Some(Keys::Ssh(key, hosts)))
}

/// Parts a sealed text into the key and the lines of `known_hosts` behind it.
fn parted(text: &str) -> (&str, &str) {
    let end = text.rfind("-----END ").and_then(|at| Some(at + text[at..].find('\n')? + 1));
    text.split_at(end.unwrap_or(text.len()))
}

fn unreadable(place: &str, why: &str) -> Trouble {
    Trouble::failed("What Flux needs to read the repository could not be read", place)
        .why(why)
        .next("Set the variable or write the file, or change where the project's credential comes from.")
}

/// Returns the lines of a `known_hosts` that may be of a host: `[user@]host[:port]/…`. A hashed name cannot be told, so it stays.
fn keys_of(text: &str, rest: &str) -> String {
    let address = rest.split('/').next().unwrap_or_default();
    let address = address.rsplit('@').next().unwrap_or_default();
    let name = match address.rsplit_once(':') {
        Some((host, port)) if port != "22" => format!("[{}]:{port}", host.trim_matches(['[', ']'])),
        Some((host, _)) => host.to_owned(),
        None => address.to_owned(),
    };
    let ours = |line: &&str| {
        let hosts = line.split_whitespace().next().unwrap_or_default();
        !hosts.is_empty() && (hosts.starts_with("|1|") || hosts.split(',').any(|host| host == name))
    };
    text.split_inclusive('\n').filter(ours).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use domain::project::Provider;
    use domain::safe::NoSafe;

    fn repository(url: &str, path: &Path) -> Repository {
        let credential = Credential::File { user: "bot".into(), path: path.display().to_string() };
        Repository { provider: Provider::Git, url: url.into(), default_branch: "main".into(), credential }
    }

    #[test]
    fn a_token_is_read_where_it_is_and_never_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let repository = repository("https://h/r", file.path());
        assert!(read(&repository, &NoSafe).unwrap_err().why.contains("empty"));
        std::fs::write(file.path(), "s3cret\n").unwrap();
        assert_eq!(read(&repository, &NoSafe).unwrap(), Some(Keys::Token("bot".to_owned(), "s3cret".to_owned())));
        assert!(!format!("{:?}", kind(&repository)).contains("s3cret"));
    }

    #[test]
    fn an_ssh_key_takes_the_keys_of_its_host_along() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("id");
        std::fs::write(&key, "KEY\n").unwrap();
        let (plain, port) = (repository("git@git.example:shop", &key), repository("ssh://git@git.example:2222/shop", &key));
        assert!(read(&plain, &NoSafe).unwrap_err().object.contains("known_hosts"));
        std::fs::write(
            folder.path().join("known_hosts"),
            "other ssh-rsa A\ngit.example,10.0.0.1 ssh-ed25519 B\n[git.example]:2222 ssh-ed25519 C\n",
        )
        .unwrap();
        let ssh = |hosts: &str| Some(Keys::Ssh("KEY\n".to_owned(), hosts.to_owned()));
        assert_eq!(read(&plain, &NoSafe).unwrap(), ssh("git.example,10.0.0.1 ssh-ed25519 B\n"));
        assert_eq!(read(&port, &NoSafe).unwrap(), ssh("[git.example]:2222 ssh-ed25519 C\n"));
        assert_eq!(kind(&Repository { credential: Credential::None, ..plain }), Login::Lacking);
    }

    #[test]
    fn a_sealed_key_brings_its_hosts_behind_it() {
        let (key, hosts) = parted("-----BEGIN KEY-----\nAAAA\n-----END KEY-----\ngit.example ssh-ed25519 B\n");
        assert_eq!((key, hosts), ("-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n", "git.example ssh-ed25519 B\n"));
        assert_eq!(parted("a token"), ("a token", ""));
    }
}
