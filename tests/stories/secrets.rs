//! Secrets: a token and a key are sealed, used by the console and by what it makes for Flux, and stand nowhere else; not even where the
//! other side repeats them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::story;
use crate::support::cluster::{token, with_user};
use crate::support::console::{Console, Operator, Said};
use crate::support::gitserver::Fault;
use crate::support::ground::{Ground, Kind};
use crate::support::wait;

const TOKEN: &str = "canary:tok/4711+Ωx";
const WRONG: &str = "canary-wrong-token-0815";
const PASSWORD: &str = "canary'pass\"word%42";
const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nY2FuYXJ5LWtleS1saW5lLW9uZQ\nY2FuYXJ5LWtleS1saW5lLXR3bw\n-----END OPENSSH PRIVATE KEY-----\n";

/// What a cluster gave an account of it.
static ISSUED: OnceLock<String> = OnceLock::new();

/// Returns every form in which a canary could stand somewhere.
fn canaries() -> Vec<Vec<u8>> {
    let mut found: Vec<String> = [TOKEN, WRONG, PASSWORD].map(str::to_owned).into();
    found.extend(KEY.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
    found.extend([format!("bot:{TOKEN}"), TOKEN.to_owned(), PASSWORD.to_owned()].map(|text| STANDARD.encode(text)));
    found.extend(ISSUED.get().into_iter().flat_map(|token| [token.clone(), STANDARD.encode(token)]));
    found.push("canary%3Atok%2F4711".to_owned());
    found.push("canary'pass\\\"word".to_owned());
    found.into_iter().map(String::into_bytes).collect()
}

/// Returns the first canary that stands in some bytes.
fn sings(bytes: &[u8]) -> Option<String> {
    let found = canaries().into_iter().find(|canary| bytes.windows(canary.len()).any(|part| part == canary.as_slice()));
    found.map(|canary| String::from_utf8_lossy(&canary).into_owned())
}

#[track_caller]
fn silent(what: &str, bytes: &[u8]) {
    if let Some(canary) = sings(bytes) {
        panic!("{canary} stands in {what}:\n{}", String::from_utf8_lossy(&bytes[..bytes.len().min(4000)]));
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // What lies in a folder of the system may be gone by now.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), found),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

/// Looks through arguments and environment of a process and of those that it started.
fn look_at_processes(of: u32) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let status = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = status.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        if pid == of || parent == Some(of) {
            for file in ["cmdline", "environ"] {
                silent(&format!("/proc/{pid}/{file}"), &fs::read(entry.path().join(file)).unwrap_or_default());
            }
        }
    }
}

/// Runs a subcommand that has its own folder for temporary files, and looks at what it said.
fn run(operator: &Operator, arguments: &[&str]) -> Said {
    let scratch = operator.state().parent().expect("a home").join("scratch");
    fs::create_dir_all(&scratch).expect("a folder of our own");
    let said = operator.run_with(arguments, &[("TMPDIR", &scratch.to_string_lossy())]);
    silent(&format!("what {arguments:?} printed"), said.out.as_bytes());
    silent(&format!("what {arguments:?} said"), said.err.as_bytes());
    said
}

/// Seals a value that comes by standard input, out of a file that is gone afterwards.
fn seal(operator: &Operator, name: &str, value: &str, more: &str) -> String {
    let file = operator.file("value", value);
    let said = operator.shell(&format!("\"$QUARTERDECK\" credential add {name} {more} < \"$HOME/value\""));
    fs::remove_file(file).expect("our own file");
    silent("what credential add said", format!("{}{}", said.out, said.err).as_bytes());
    let told = said.err.clone();
    said.ok();
    told
}

story!(a_sealed_token_is_used_and_never_told);
fn a_sealed_token_is_used_and_never_told(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.repo.require_login("bot", TOKEN);
    let app = ground.app.as_str();
    let told = seal(&operator, "forge", TOKEN, "--key file");
    assert!(told.contains("does not protect from anybody who can read this account's files"), "{told}");
    seal(&operator, "wrong", WRONG, "");
    seal(&operator, "deploy-key", KEY, "");
    let listed = run(&operator, &["credential", "list", "-o", "json"]).json();
    assert_eq!(listed["key"], "file");
    let names: Vec<_> = listed["credentials"].as_array().expect("a list").iter().map(|c| c["name"].clone()).collect();
    assert_eq!(names, ["deploy-key", "forge", "wrong"]);

    // The wrong one is refused, the right one works, for the console and for Flux.
    let add = |credential: &str| run(&operator, &["project", "add", app, "--repo", &ground.repo.url, "--credential", credential]);
    add("bot@sealed:wrong").failed(1);
    add("bot@sealed:nothing").failed(4);
    add("bot@sealed:forge").ok();
    run(&operator, &["environment", "add", app, "development", "--branch", "main", "--approvers", "0", "--yes"]).ok();
    run(&operator, &["deploy", app, "development", "--tag", "1.1.0", "--yes", "--wait", "3m"]).ok();
    let secret = ground.object(&format!("/api/v1/namespaces/flux-system/secrets/{app}-development-git")).expect("the Secret");
    assert_eq!(secret["data"]["password"], STANDARD.encode(TOKEN), "Flux has it from the Secret");
    let password = operator.file("password", PASSWORD);
    let place = format!("file:{}", password.display());
    let create = ["create", "gitrepository", &format!("{app}-more"), "--url", &ground.repo.url, "--username", "bot"];
    run(&operator, &[&create[..], &["--password-from", &place, "--yes"]].concat()).ok();

    // The server repeats what it was sent, plainly and encoded, and refuses.
    let repeats = format!(
        "#!/bin/sh\nprintf '%s\\n' 'remote got {TOKEN}' 'Authorization: Basic {}' 'https://bot:canary%%3Atok%%2F4711%%2B%%CE%%A9x@host/' >&2\nexit 1\n",
        STANDARD.encode(format!("bot:{TOKEN}"))
    );
    ground.repo.set_hook("pre-receive", &repeats);
    let refused = run(&operator, &["deploy", app, "development", "--tag", "1.2.0", "--yes"]).failed(1);
    assert!(refused.contains("remote got •••"), "{refused}");
    ground.repo.set_hook("pre-receive", "#!/bin/sh\nexit 0\n");
    ground.repo.fault(Fault::Unauthorized);
    run(&operator, &["deploy", app, "development", "--tag", "1.3.0", "--yes"]);
    ground.repo.fault(Fault::None);

    // Every tab, its details, the messages and the help.
    let mut console = operator.console(150, 44);
    console.see("● live");
    for keys in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "!", "?"] {
        // What is not drawn is not looked at; another size says that the keys before were read.
        console.keys(keys);
        drawn(&mut console, |console| console.resize(149, 44));
        console.keys("\r");
        drawn(&mut console, |console| console.resize(150, 44));
        look_at_processes(console.pid());
        console.keys("\u{1b}\u{1b}");
    }
    console.keys("9");
    console.until("the journal", std::time::Duration::from_mins(1), |screen| screen.contains("credential.add"));
    silent("the screen", &console.raw());
    console.kill();

    // A panic may say anything; its report, the log and what the operator reads do not.
    let words = operator.file("words", &format!("'{TOKEN}' {}", STANDARD.encode(format!("bot:{TOKEN}"))));
    let line = "QUARTERDECK_PANIC=\"$(cat \"$HOME/words\")\" \"$QUARTERDECK\"; echo \"status $?\"; read -r line";
    let mut broken = operator.shell_in_terminal(line, 150, 44);
    broken.see("● live");
    broken.keys("j");
    broken.see("status 1");
    silent("the end of a console that broke", &broken.raw());
    broken.keys("\r");
    fs::remove_file(words).expect("our own file");
    let report = fs::read_to_string(operator.state().join("crash.txt")).expect("a report");
    assert!(report.contains("asked to panic: '•••' •••"), "{report}");

    // Everything that can be asked for.
    for arguments in [
        &["get", "all", "-n", "flux-system", "-o", "yaml"][..],
        &["get", "projects", "-o", "json"],
        &["history", app, "-o", "json"],
        &["audit", "-o", "json"],
        &["audit", "export"],
        &["audit", "export", "--csv"],
        &["why", &format!("gitrepo/{app}-development")],
        &["trace", &format!("ks/{app}-development")],
        &["check"],
        &["credential", "list"],
    ] {
        run(&operator, arguments);
    }
    fs::remove_file(password).expect("our own file");
    nothing_is_left(ground, &operator);
    let why = run(&operator, &["credential", "rm", "forge"]).failed(2);
    assert!(why.contains(app), "the question names who uses it: {why}");
    run(&operator, &["credential", "rm", "forge", "--yes"]).ok();
    run(&operator, &["audit", "verify"]).ok();
}

/// Does something to a console and waits until it has drawn.
fn drawn(console: &mut Console, act: impl FnOnce(&mut Console)) {
    let before = console.bytes();
    act(console);
    wait("something is drawn", std::time::Duration::from_mins(1), || (console.bytes() > before).then_some(()));
}

/// Looks through the home folder with state, log, journal, index, drafts and scratch, and through every object of Git.
fn nothing_is_left(ground: &Ground, operator: &Operator) {
    let home = operator.state().parent().expect("a home").to_owned();
    let mut all = Vec::new();
    files(&home, &mut all);
    assert!(all.iter().any(|file| file.ends_with("quarterdeck.log")), "the log is among them");
    for file in &all {
        silent(&file.display().to_string(), &fs::read(file).unwrap_or_default());
    }
    let mirrors = fs::read_dir(operator.state().join("mirrors")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mirrors: Vec<PathBuf> = mirrors.filter(|path| path.join("HEAD").exists()).collect();
    assert!(!mirrors.is_empty(), "there is a mirror");
    for repository in mirrors.iter().chain([&ground.repo.path]) {
        let all = std::process::Command::new("git")
            .arg("--git-dir")
            .arg(repository)
            .args(["cat-file", "--batch", "--batch-all-objects", "--buffer"])
            .output()
            .expect("the git program");
        assert!(all.status.success() && !all.stdout.is_empty(), "{}", repository.display());
        silent(&format!("the objects of {}", repository.display()), &all.stdout);
    }
}

/// A token in a kubeconfig, and one that a program brings: used, refused, and never told.
#[test]
fn what_a_kubeconfig_holds_is_never_told() {
    let ground = Ground::new(Kind::Sim, "kubeconfig").expect("the simulator is always there");
    ground.plant("seen");
    let bearer = token(&ground.kubeconfig(), "flux-system", "canary");
    ISSUED.set(bearer.clone()).expect("it is set here alone");
    ground.apply(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: canary}\n\
         rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: canary}\n\
         roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: canary}\n\
         subjects: [{kind: ServiceAccount, namespace: flux-system, name: canary}]\n",
    );
    let keeper = ground.operator();
    let credential =
        json!({ "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": { "token": bearer } });
    let helper = keeper.file("helper", &format!("#!/bin/sh\ncat <<'END'\n{credential}\nEND\n"));
    fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("our own file");
    let exec = json!({ "apiVersion": "client.authentication.k8s.io/v1", "command": helper, "interactiveMode": "Never" });
    for user in [json!({ "token": bearer }), json!({ "exec": exec })] {
        let operator = Operator::new(&keeper.file("with-user", &with_user(&ground.kubeconfig(), &user)));
        assert!(run(&operator, &["get", "gitrepo", "-A", "-o", "yaml"]).ok().contains("seen"));
        run(&operator, &["doctor", "-o", "json"]);
        let mut console = operator.console(150, 44);
        console.see("\u{25cf} live");
        look_at_processes(console.pid());
        console.keys("6");
        console.see("seen");
        ground.simulator().deny("/", 401);
        ground.simulator().drop_watches();
        run(&operator, &["get", "gitrepo", "-A"]).failed(3);
        console.until("the refusal", std::time::Duration::from_mins(1), |screen| !screen.contains("\u{25cf} live"));
        ground.simulator().allow();
        console.see("\u{25cf} live");
        silent("the screen", &console.raw());
        console.kill();
        let mut all = Vec::new();
        files(operator.state().parent().expect("a home"), &mut all);
        assert!(all.iter().any(|file| file.ends_with("quarterdeck.log")), "the log is among them");
        for file in &all {
            silent(&file.display().to_string(), &fs::read(file).unwrap_or_default());
        }
    }
}

story!(a_passphrase_is_typed_and_opens);
fn a_passphrase_is_typed_and_opens(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.repo.require_login("bot", TOKEN);
    let app = ground.app.as_str();
    operator.file("value", TOKEN);
    let minute = std::time::Duration::from_mins(1);
    let mut typing =
        operator.shell_in_terminal("\"$QUARTERDECK\" credential add forge --from \"file:$HOME/value\" --key passphrase", 150, 20);
    typing.see("A passphrase for");
    typing.keys("canary-wrong-token-0815\r");
    typing.see("Once more");
    typing.keys("canary-wrong-token-0815\r");
    typing.see("forge was sealed");
    typing.ended(minute);
    silent("the terminal", &typing.raw());
    // Without it nothing opens; from a file that only its owner can read it does.
    let add = ["project", "add", app, "--repo", &ground.repo.url, "--credential", "bot@sealed:forge"];
    let locked = run(&operator, &add).failed(3);
    assert!(locked.contains("QUARTERDECK_PASSPHRASE_FILE"), "{locked}");
    let file = operator.file("passphrase", "canary-wrong-token-0815\n");
    let with = [("QUARTERDECK_PASSPHRASE_FILE", file.to_str().expect("a path"))];
    let wide = operator.run_with(&add, &with).failed(3);
    assert!(wide.contains("chmod 600"), "{wide}");
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("our own file");
    operator.run_with(&add, &with).ok();
    // The console asks before it takes the screen, and asks again after a wrong one.
    let mut console = operator.console(150, 44);
    console.see("Passphrase of the sealed credentials");
    console.keys("not it, surely\r");
    console.until("the question once more", minute, |screen| {
        screen.contains("That is not the passphrase") && screen.matches("Passphrase of the sealed credentials").count() == 2
    });
    console.keys("canary-wrong-token-0815\r");
    console.see("● live");
    console.keys("1");
    let screen = console.until("the project", minute, |screen| screen.contains(app));
    assert!(!screen.contains("locked"), "{screen}");
    silent("the screen", &console.raw());
}
