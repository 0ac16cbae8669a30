//! What has to be asked: the cluster and what one may do there, Git, and what the credentials lie in.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use domain::Trouble;
use domain::project::{Credential, Project};
use domain::query::{Answer, Query};
use domain::toolkit::{Check, State};

use super::failed;
use crate::launch::{self, Deck, Settings};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks at the cluster and at the projects' repositories; of what nobody may be asked for only what lies here.
pub(super) async fn checks(settings: &Settings, offline: bool) -> Vec<Check> {
    let mut checks = vec![identity()];
    // Without a store there is none made for a look, and without its projects there is no repository to ask.
    let there = settings.state.join("journal").is_dir();
    let scratch = (!there).then(tempfile::tempdir).and_then(Result::ok);
    let mut settings = settings.clone();
    if let Some(scratch) = &scratch {
        scratch.path().clone_into(&mut settings.state);
    }
    let deck = match launch::deck(&settings) {
        Ok(deck) => deck,
        Err(trouble) => {
            checks.push(failed("cluster", trouble));
            return checks;
        }
    };
    if !offline {
        checks.extend(cluster(&deck).await);
    }
    for project in deck.world().projects.iter() {
        checks.push(credential(project));
        if !offline {
            checks.push(repository(&deck, project).await);
        }
    }
    deck.close().await;
    checks
}

/// Looks at who commits.
fn identity() -> Check {
    match git::identity() {
        Some((name, email)) => Check::new("git-identity", State::Ok, format!("{name} <{email}>")),
        None => Check::new("git-identity", State::Warn, "Git does not know who you are")
            .next("Set it: git config --global user.name NAME; git config --global user.email ADDRESS"),
    }
}

async fn cluster(deck: &Deck) -> Vec<Check> {
    // That no context is chosen was said of the kubeconfig.
    let Ok(context) = deck.context() else { return Vec::new() };
    let asked = deck.ask(Query::Toolkit(context.clone(), None));
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Answer::Toolkit(found))) => {
            let reached = Check::new("cluster", State::Ok, format!("{context} answers"));
            std::iter::once(reached).chain(found.checks.iter().cloned()).collect()
        }
        Ok(Ok(_)) => vec![failed("cluster", Trouble::failed("The engine answered something else", &context))],
        Ok(Err(trouble)) => vec![failed("cluster", trouble)],
        Err(_) => {
            let trouble = Trouble::timed_out("The cluster did not answer in time", &context);
            vec![failed("cluster", trouble.next("Check that it can be reached: network, proxy, VPN."))]
        }
    }
}

async fn repository(deck: &Deck, project: &Project) -> Check {
    let asked = deck.ask(Query::Connect(project.repository.clone()));
    let name = &project.slug;
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Answer::Connected(connected))) => {
            Check::new("git", State::Ok, format!("{name}: the repository answers, {} branches", connected.branches.len()))
        }
        Ok(Ok(_)) => failed("git", Trouble::failed("The engine answered something else", name)),
        Ok(Err(trouble)) => failed("git", trouble),
        Err(_) => {
            failed("git", Trouble::timed_out("The Git server did not answer in time", name).next("Check that it can be reached."))
        }
    }
}

/// Looks at what a project's credential lies in; the secret itself is looked at by nobody here.
fn credential(project: &Project) -> Check {
    let (name, credential) = (&project.slug, &project.repository.credential);
    if let Credential::Env { name: variable, .. } = credential {
        if launch::variable(variable).is_some() {
            return Check::new("credential", State::Ok, format!("{name}: ${variable} is set"));
        }
        return Check::new("credential", State::Bad, format!("{name}: ${variable} is not set"))
            .next(format!("Set {variable} before you start, or name another: quarterdeck project edit {name} --credential"));
    }
    if let Credential::File { path, .. } = credential {
        return file(name.as_str(), Path::new(path));
    }
    let url = &project.repository.url;
    if *credential == Credential::None && (url.starts_with("ssh://") || url.starts_with("git@")) {
        return ssh(name.as_str());
    }
    let said = if *credential == Credential::None { "none is needed".to_owned() } else { credential.to_string() };
    Check::new("credential", State::Ok, format!("{name}: {said}"))
}

fn ssh(project: &str) -> Check {
    let keys = directories::BaseDirs::new().is_some_and(|dirs| {
        ["id_ed25519", "id_ecdsa", "id_rsa", "config"].iter().any(|key| dirs.home_dir().join(".ssh").join(key).exists())
    });
    if launch::variable("SSH_AUTH_SOCK").is_some() || keys {
        Check::new("credential", State::Ok, format!("{project}: your own SSH keys or agent"))
    } else {
        Check::new("credential", State::Warn, format!("{project}: there is neither an SSH agent nor a key"))
            .next("Start an agent with your key, or make a key: ssh-keygen")
    }
}

fn file(project: &str, path: &Path) -> Check {
    let place = path.display();
    match std::fs::metadata(path) {
        Err(e) => Check::new("credential", State::Bad, format!("{project}: {place} cannot be read: {e}"))
            .next(format!("Put the token there, or name another: quarterdeck project edit {project} --credential")),
        Ok(what) if what.permissions().mode() & 0o077 != 0 => {
            Check::new("credential", State::Warn, format!("{project}: others may read {place}"))
                .next(format!("chmod 600 {place}"))
        }
        Ok(_) => Check::new("credential", State::Ok, format!("{project}: {place}")),
    }
}
