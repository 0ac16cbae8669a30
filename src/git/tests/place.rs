//! A temporary folder with a bare repository made by the `git` program, with fixed authors and dates.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use domain::Time;
use domain::revision::CommitId;
use git::{Access, Author, Base, Cancel, FileChange, Limits, Mirror, NewCommit, PushOutcome};
use tempfile::TempDir;

/// Holds the folder and the repository that plays the server's.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
}

impl Place {
    /// Makes a bare repository with one commit on `main`: a base, an overlay and a script.
    pub(crate) fn new() -> Self {
        let place = Self::empty();
        let work = place.path("seed");
        place.git(&["clone", "-q", &place.text("origin.git"), &work.to_string_lossy()]);
        let files = [
            ("k8s/base/deployment.yaml", "image: shop:1\n"),
            ("k8s/overlays/production/kustomization.yaml", "resources: [../../base]\n"),
            ("README.md", "shop\n"),
            ("run.sh", "#!/bin/sh\n"),
        ];
        for (path, content) in files {
            write(&work.join(path), content);
        }
        executable(&work.join("run.sh"));
        place.commit_all(&work, "Begin");
        place.git_in(&work, &["push", "-q", "origin", "HEAD:main"]);
        place
    }

    /// Makes an empty bare repository.
    pub(crate) fn empty() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        place.git(&["init", "-q", "--bare", "-b", "main", &place.text("origin.git")]);
        place.git(&["--git-dir", &place.text("origin.git"), "config", "http.receivepack", "true"]);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    pub(crate) fn origin(&self) -> PathBuf {
        self.path("origin.git")
    }

    /// Runs git where no repository is, and returns what it prints.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(self.dir.path(), arguments)
    }

    /// Runs git in a folder, and returns what it prints.
    pub(crate) fn git_in(&self, dir: &Path, arguments: &[&str]) -> String {
        let output = git_command(dir).env("HOME", self.dir.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    pub(crate) fn commit_all(&self, work: &Path, message: &str) {
        self.git_in(work, &["add", "-A"]);
        self.git_in(work, &["commit", "-q", "--no-verify", "-m", message]);
    }

    /// Returns the head of a branch of the server's repository.
    pub(crate) fn head(&self, branch: &str) -> Option<CommitId> {
        let output = git_command(&self.origin()).args(["rev-parse", "-q", "--verify", branch]).output().unwrap();
        CommitId::parse(text(&output.stdout).trim())
    }

    /// Commits one file straight into the server's repository, as somebody else.
    pub(crate) fn somebody_commits(&self, branch: &str, path: &str, content: &str) -> CommitId {
        let author = Author { name: "Somebody Else".to_owned(), email: "else@example.org".to_owned() };
        let by = ("Somebody was here", &author, time(500));
        git::seed::commit_files(&self.origin(), branch, &[FileChange::write(path, content)], by).unwrap()
    }

    /// Installs a hook in the server's repository.
    pub(crate) fn hook(&self, name: &str, script: &str) {
        let path = self.origin().join("hooks").join(name);
        write(&path, script);
        executable(&path);
    }

    /// Opens a mirror of a URL.
    pub(crate) fn mirror(&self, url: &str) -> Mirror {
        self.mirror_with(url, &access())
    }

    pub(crate) fn mirror_with(&self, url: &str, access: &Access) -> Mirror {
        Mirror::open_or_clone(&self.path("mirrors"), url, access, &Cancel::new()).unwrap()
    }

    pub(crate) fn file_url(&self) -> String {
        format!("file://{}", self.text("origin.git"))
    }
}

pub(crate) fn git_command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", dir);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ann Author").env(format!("GIT_{who}_EMAIL"), "ann@example.org");
        command.env(format!("GIT_{who}_DATE"), "2024-03-01T10:00:00Z");
    }
    command
}

/// Waits until it is so, for half a minute at most.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(std::time::Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub(crate) fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Returns limits that end a hanging test soon, without hurrying a busy machine.
pub(crate) fn access() -> Access {
    let limits = Limits { idle: Duration::from_mins(1), total: Duration::from_mins(2) };
    Access { limits, ..Access::default() }
}

pub(crate) fn time(seconds: i64) -> Time {
    Time::from_second(1_709_290_000 + seconds).unwrap()
}

pub(crate) fn author() -> Author {
    Author { name: "Ann Author".to_owned(), email: "ann@example.org".to_owned() }
}

/// Makes a commit that sets the image in the base.
pub(crate) fn set_image(mirror: &Mirror, parent: &CommitId, image: &str) -> CommitId {
    let new = NewCommit {
        parent: Some(parent.clone()),
        changes: vec![FileChange::write("k8s/base/deployment.yaml", format!("image: {image}\n"))],
        message: format!("Deploy {image}"),
        author: author(),
        time: time(0),
    };
    mirror.commit(&new).unwrap()
}

pub(crate) fn push(mirror: &Mirror, commit: &CommitId, base: &CommitId) -> git::Result<PushOutcome> {
    mirror.push("main", commit, &Base::Head(base.clone()), &Cancel::new())
}

/// Runs one ignored test of this binary in a process of its own, with another home folder.
pub(crate) fn alone(test: &str, home: &Path, variables: &[(&str, &str)]) -> Output {
    as_child(Command::new(std::env::current_exe().unwrap()), test, home, variables)
}

fn as_child(mut command: Command, test: &str, home: &Path, variables: &[(&str, &str)]) -> Output {
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME").envs(variables.iter().copied());
    command.output().unwrap()
}

/// Says something of a test that passes: past the capture of the harness.
pub(crate) fn note(what: &str) {
    // Nobody is there to be told when the error stream is closed.
    #[expect(clippy::disallowed_methods, reason = "past the capture of the harness")]
    drop(writeln!(std::io::stderr(), "{what}"));
}

/// Runs a test of this program alone, as [`alone`] does, and returns what it and all that it starts connect or send to beyond the
/// machine's own services; nothing, and a note, where that cannot be watched.
pub(crate) fn watched(test: &str, home: &Path, variables: &[(&str, &str)]) -> Option<(Output, BTreeSet<String>)> {
    let seen = home.join("connections");
    let strace = |seen: &Path| {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-e", "signal=none", "-o"]).arg(seen);
        command
    };
    if !strace(Path::new("/dev/null")).arg("true").output().is_ok_and(|output| output.status.success()) {
        note(&format!("connections are not counted in {test}: strace cannot be used here"));
        return None;
    }
    let mut command = strace(&seen);
    command.arg(std::env::current_exe().unwrap());
    let output = as_child(command, test, home, variables);
    let lines = text(&std::fs::read(&seen).unwrap());
    Some((output, lines.lines().filter_map(address).collect()))
}

/// Returns the address that a call names, when it names one: `127.0.0.1:80`, or what stands there of another family.
fn address(call: &str) -> Option<String> {
    let named = call.split_once("sa_family=")?.1.split_once('}')?.0;
    // Who one is, and what a name means, the system's library asks services of this machine.
    let own = ["\"/var/run/nscd/", "\"/run/nscd/", "\"/run/systemd/", "AF_UNSPEC", "AF_NETLINK"];
    if own.iter().any(|own| named.contains(own)) {
        return None;
    }
    let field = |name: &str, end: &str| Some(named.split_once(name)?.1.split_once(end)?.0);
    match (field("sin_addr=inet_addr(\"", "\""), field("sin_port=htons(", ")")) {
        (Some(host), Some(port)) => Some(format!("{host}:{port}")),
        _ => Some(named.to_owned()),
    }
}
