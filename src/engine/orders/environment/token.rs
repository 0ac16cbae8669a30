//! Reading a repository's token at the moment it goes into a Secret. An adapter: it reads a variable or a file, and keeps nothing.

use domain::Trouble;
use domain::project::{Credential, Repository};

/// Returns user name and token, when the repository has one.
pub(super) fn read(repository: &Repository) -> Result<Option<(String, String)>, Trouble> {
    let (user, place, text) = match &repository.credential {
        Credential::None => return Ok(None),
        Credential::Env { user, name } => (user, format!("the variable {name}"), std::env::var(name).map_err(|e| e.to_string())),
        Credential::File { user, path } => {
            (user, format!("the file {path}"), std::fs::read_to_string(path).map_err(|e| e.to_string()))
        }
    };
    let unreadable = |why: String| {
        Trouble::failed("The repository's token could not be read", &place)
            .why(why)
            .next("Set the variable or write the file, or change where the token comes from.")
    };
    let token = text.map_err(unreadable)?.trim_end_matches(['\r', '\n']).to_owned();
    if token.is_empty() {
        return Err(unreadable("it is empty".to_owned()));
    }
    Ok(Some((user.clone(), token)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn a_token_is_read_where_it_is_and_never_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let credential = Credential::File { user: "bot".into(), path: file.path().display().to_string() };
        let repository = Repository {
            provider: domain::project::Provider::Git,
            url: "https://h/r".into(),
            default_branch: "main".into(),
            credential,
        };
        assert!(read(&repository).unwrap_err().why.contains("empty"));
        std::fs::write(file.path(), "s3cret\n").unwrap();
        assert_eq!(read(&repository).unwrap(), Some(("bot".to_owned(), "s3cret".to_owned())));
    }
}
