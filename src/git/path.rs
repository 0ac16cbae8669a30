//! Which paths may be read and written in a repository: relative, plain, and never Git's own folder.

use crate::error::{Error, Result};

/// Returns the path in its plain form (`./` in front and `/` behind removed, empty for the root), or refuses it.
pub(crate) fn plain(path: &str) -> Result<&str> {
    let bad = |why| Err(Error::BadPath { path: path.to_owned(), why });
    if path.starts_with('/') {
        return bad("it is absolute");
    }
    let mut rest = path;
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter.trim_start_matches('/');
    }
    let rest = rest.trim_end_matches('/');
    if rest.is_empty() || rest == "." {
        return Ok("");
    }
    if rest.len() > 4096 {
        return bad("it is longer than 4096 bytes");
    }
    if rest.contains(['\0', '\n', '\r', '\\']) {
        return bad("it holds a backslash, a line break or a zero byte");
    }
    match rest.split('/').find_map(fault) {
        Some(why) => bad(why),
        None => Ok(rest),
    }
}

/// Tells whether a name may be one part of a path.
pub(crate) fn is_part(name: &str) -> bool {
    !name.contains(['/', '\0', '\n', '\r', '\\']) && fault(name).is_none()
}

/// Says what is wrong with one part of a path.
fn fault(part: &str) -> Option<&'static str> {
    match part {
        "" => Some("it has an empty part"),
        "." | ".." => Some("it has a part that is . or .."),
        part if part.len() > 255 => Some("a part of it is longer than 255 bytes"),
        part if is_git(part) => Some("a part of it means Git's own folder on some file system"),
        _ => None,
    }
}

/// Returns the plain form of a path that must name a file.
pub(crate) fn file(path: &str) -> Result<&str> {
    match plain(path)? {
        "" => Err(Error::BadPath { path: path.to_owned(), why: "it names no file" }),
        _ if path.ends_with('/') => Err(Error::BadPath { path: path.to_owned(), why: "it names a folder" }),
        plain => Ok(plain),
    }
}

/// Tells whether a part is `.git` for a file system that folds case, drops characters that draw nothing, trailing dots,
/// spaces or stream names, or has short names.
fn is_git(part: &str) -> bool {
    let seen: String = part.chars().filter(|c| !domain::text::hidden(*c)).collect();
    let seen = seen.split(':').next().unwrap_or("").trim_end_matches(['.', ' ']).to_lowercase();
    seen == ".git" || seen == "git~1"
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a refused good path is a failed test")]
    use super::*;

    #[test]
    fn plain_paths_pass_and_others_do_not() {
        for (given, expected) in
            [("", ""), (".", ""), ("./", ""), ("./a/b/", "a/b"), ("k8s/.gitignore", "k8s/.gitignore"), ("中/文", "中/文")]
        {
            assert_eq!(plain(given).unwrap(), expected, "{given}");
        }
        let long = "a/".repeat(3000);
        let name = "n".repeat(256);
        for bad in [
            "/a",
            "a//b",
            "../a",
            "a/../b",
            "a/..",
            "a/./b",
            ".git",
            "a/.GIT/config",
            ".git./x",
            ".git /x",
            "git~1/x",
            "GIT~1",
            ".g\u{200c}it/x",
            ".git:stream/x",
            "a\\..\\b",
            "a\0b",
            "a\nb",
            &long,
            &name,
        ] {
            assert!(plain(bad).is_err(), "{bad:?}");
        }
        for no_file in ["", ".", "a/"] {
            assert!(file(no_file).is_err(), "{no_file:?}");
        }
    }
}
