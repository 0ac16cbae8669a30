//! What needs a process of its own: the machine's Git configuration, good and hostile.

use git::{Cancel, identity};

use crate::place::{Place, alone, push, set_image, text, watched};
use crate::server::Server;

#[test]
fn the_operator_is_who_the_global_configuration_says() {
    let home = tempfile::tempdir().unwrap();
    let output = alone("alone::child_says_who", home.path(), &[]);
    assert!(text(&output.stdout).contains("nobody"), "{}", text(&output.stdout));
    std::fs::write(home.path().join(".gitconfig"), "[user]\n\tname = Ann\n\temail = ann@example.org\n").unwrap();
    let output = alone("alone::child_says_who", home.path(), &[]);
    assert!(text(&output.stdout).contains("Ann <ann@example.org>"), "{}", text(&output.stdout));
}

#[test]
#[ignore = "run by the_operator_is_who_the_global_configuration_says"]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn child_says_who() {
    match identity() {
        Some((name, email)) => println!("{name} <{email}>"),
        None => println!("nobody"),
    }
}

#[test]
fn a_hostile_configuration_redirects_nothing_and_runs_nothing() {
    let place = Place::new();
    let real = Server::start(place.dir.path().to_owned());
    let trap = Server::start(place.dir.path().to_owned());
    let home = tempfile::tempdir().unwrap();
    let canary = home.path().join("canary");
    let (to, from) = (format!("http://127.0.0.1:{}/", trap.port()), format!("http://127.0.0.1:{}/", real.port()));
    let hostile = format!(
        "[url \"{to}\"]\n\tinsteadOf = {from}\n\tpushInsteadOf = {from}\n[http]\n\tproxy = {to}\n\
         [core]\n\thooksPath = {0}/hooks\n\tsshCommand = touch {1}\n[credential]\n\thelper = !touch {1}\n\
         [url \"{to}\"]\n\tinsteadOf = file:///\n",
        home.path().display(),
        canary.display()
    );
    std::fs::write(home.path().join(".gitconfig"), hostile).unwrap();
    for hook in ["pre-push", "reference-transaction"] {
        let path = home.path().join("hooks").join(hook);
        crate::place::write(&path, &format!("#!/bin/sh\ntouch {}\n", canary.display()));
        crate::place::executable(&path);
    }
    for (url, asked) in [(real.url(), vec![format!("127.0.0.1:{}", real.port())]), (place.file_url(), Vec::new())] {
        let variables = [("TEST_URL", url.as_str())];
        let (output, connected) = match watched("alone::child_deploys", home.path(), &variables) {
            Some((output, connected)) => (output, Some(connected)),
            None => (alone("alone::child_deploys", home.path(), &variables), None),
        };
        assert!(output.status.success(), "{url}: {}{}", text(&output.stdout), text(&output.stderr));
        if let Some(connected) = connected {
            assert_eq!(connected, asked.into_iter().collect(), "{url}: nobody else is spoken to");
        }
    }
    assert!(trap.asked().is_empty(), "{:?}", trap.asked());
    assert!(!canary.exists());
}

#[test]
#[ignore = "run by a_hostile_configuration_redirects_nothing_and_runs_nothing"]
fn child_deploys() {
    let url = std::env::var("TEST_URL").unwrap();
    let root = tempfile::tempdir().unwrap();
    let mirror = git::Mirror::open_or_clone(root.path(), &url, &crate::place::access(), &Cancel::new()).unwrap();
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, &url);
    assert_eq!(push(&mirror, &commit, &base).unwrap(), git::PushOutcome::Landed { head: commit });
}
