//! Who the operator is, by the machine's Git configuration.

/// Returns the operator's own name and e-mail address from Git's global configuration; absent when one of them is missing.
///
/// Reads the machine's configuration, unlike everything else here; nothing but these two values is taken from it.
pub fn identity() -> Option<(String, String)> {
    let config = git2::Config::open_default().ok()?.snapshot().ok()?;
    let name = config.get_string("user.name").ok().filter(|name| !name.trim().is_empty())?;
    let email = config.get_string("user.email").ok().filter(|email| !email.trim().is_empty())?;
    Some((name, email))
}
