//! One bare repository on the Git server, as tests write and read it. All of it goes through the git program, with no
//! configuration of this machine and with fixed names and dates, so that equal content has equal commit ids.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use super::{Fault, Shared};

/// 2026-01-05 09:00:00 UTC; every commit of a repository is a minute later than the one before.
const FIRST_COMMIT: u64 = 1_767_603_600;

/// Returns the variables that keep the git program away from this machine's configuration.
pub(super) fn environment() -> [(&'static str, &'static str); 7] {
    [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_COMMITTER_NAME", "Git Server"),
        ("GIT_COMMITTER_EMAIL", "server@example.test"),
        ("LC_ALL", "C"),
        ("TZ", "UTC"),
    ]
}

/// Holds a repository on a running server.
#[derive(Clone)]
pub(crate) struct Repo {
    /// The URL from which it is cloned.
    pub(crate) url: String,
    /// The bare repository's folder.
    pub(crate) path: PathBuf,
    name: String,
    shared: Arc<Shared>,
}

/// Holds one commit as `git log` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The commit's id, 40 hexadecimal digits.
    pub(crate) id: String,
    /// The ids of its parents.
    pub(crate) parents: Vec<String>,
    /// Name and address as in `Ada Kim <ada@example.test>`.
    pub(crate) author: String,
    /// The first line of the message.
    pub(crate) subject: String,
    /// The message after its first paragraph, trailers included.
    pub(crate) body: String,
    /// The trailers at the end of the message.
    pub(crate) trailers: Vec<(String, String)>,
}

impl Repo {
    pub(super) fn create(name: &str, url: String, path: PathBuf, shared: Arc<Shared>) -> Self {
        let repo = Self { url, path, name: name.to_owned(), shared };
        fs::create_dir_all(&repo.path).expect("a folder of our own");
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main"]);
        // Nothing may be tidied up behind a test's back.
        for setting in [["http.receivepack", "true"], ["receive.autogc", "false"], ["gc.auto", "0"]] {
            repo.git(&["config", setting[0], setting[1]]);
        }
        repo
    }

    /// Commits files to a branch, on top of what is there, and returns the commit's id.
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, &str)], message: &str) -> String {
        let mut changes = String::new();
        for (path, text) in files {
            writeln!(changes, "M 100644 inline {path}\ndata {}\n{text}", text.len()).expect("a text grows");
        }
        self.commit_changes(branch, &changes, message)
    }

    /// Commits a symbolic link to a branch and returns the commit's id.
    pub(crate) fn link(&self, branch: &str, path: &str, target: &str) -> String {
        self.commit_changes(branch, &format!("M 120000 inline {path}\ndata {}\n{target}\n", target.len()), "Link")
    }

    /// Commits the removal of files or folders to a branch and returns the commit's id.
    pub(crate) fn remove(&self, branch: &str, paths: &[&str], message: &str) -> String {
        let mut changes = String::new();
        for path in paths {
            writeln!(changes, "D {path}").expect("a text grows");
        }
        self.commit_changes(branch, &changes, message)
    }

    fn commit_changes(&self, branch: &str, changes: &str, message: &str) -> String {
        let count = self.shared.change(&self.name, |settings| {
            settings.commits += 1;
            settings.commits
        });
        let time = FIRST_COMMIT + 60 * count;
        let from = self.head(branch).map(|id| format!("from {id}\n")).unwrap_or_default();
        let length = message.len();
        self.import(&format!(
            "commit refs/heads/{branch}\nauthor Somebody Else <else@example.test> {time} +0000\n\
             committer Somebody Else <else@example.test> {time} +0000\ndata {length}\n{message}\n{from}{changes}\ndone\n"
        ));
        self.head(branch).expect("the branch that was just written")
    }

    /// Feeds a stream to `git fast-import`, for histories too long to be made commit by commit.
    pub(crate) fn import(&self, stream: &str) {
        let output = self.run(&["fast-import", "--quiet", "--done", "--date-format=raw"], stream);
        assert!(output.status.success(), "git fast-import: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Returns the id of a branch's head, if there is such a branch.
    pub(crate) fn head(&self, branch: &str) -> Option<String> {
        let output = self.run(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")], "");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Returns a file's text at a branch's head, if it is there.
    pub(crate) fn file(&self, branch: &str, path: &str) -> Option<String> {
        let output = self.run(&["cat-file", "blob", &format!("refs/heads/{branch}:{path}")], "");
        output.status.success().then(|| String::from_utf8(output.stdout).expect("a text file"))
    }

    /// Returns a branch's commits, the newest first.
    pub(crate) fn log(&self, branch: &str) -> Vec<Commit> {
        let format = "--format=%H%x1f%P%x1f%an <%ae>%x1f%s%x1f%b%x1f%(trailers:only,unfold)%x1e";
        let text = self.git(&["log", format, &format!("refs/heads/{branch}")]);
        text.split('\u{1e}').map(str::trim_start).filter(|record| !record.is_empty()).map(commit).collect()
    }

    /// Merges a branch into another as a Git host does: in its own name, for somebody who is the author; by a commit with two
    /// parents (`merge`), by one that says something else (`squash`), or by a copy of the commit (`rebase`). Returns the commit.
    pub(crate) fn merge(&self, from: &str, into: &str, how: &str) -> String {
        let (ours, theirs) = (self.head(into).expect("a branch"), self.head(from).expect("a branch"));
        let tree = self.git(&["merge-tree", "--write-tree", &ours, &theirs]).trim().to_owned();
        let said = self.git(&["log", "-1", "--format=%B", &theirs]);
        let one = ["-p", ours.as_str()];
        let both = ["-p", ours.as_str(), "-p", theirs.as_str()];
        let (author, message, parents): (&str, &str, &[&str]) = match how {
            "merge" => ("Grace Hopper <grace@example.test>", "Merge a change", &both),
            "squash" => ("Grace Hopper <grace@example.test>", "A change (#1)", &one),
            "rebase" => ("Ada Byron <ada@acme.example>", said.trim(), &one),
            other => panic!("no host merges by {other}"),
        };
        self.put(into, &tree, (author, message), parents)
    }

    /// Commits a tree to a branch in the name of an author, whatever the branch had.
    fn put(&self, branch: &str, tree: &str, (author, message): (&str, &str), parents: &[&str]) -> String {
        let (name, email) = author.trim_end_matches('>').split_once(" <").expect("a name and an address");
        let (name, email) = (format!("user.name={name}"), format!("user.email={email}"));
        let arguments = [&["-c", &name, "-c", &email, "commit-tree", tree, "-m", message][..], parents].concat();
        let commit = self.git(&arguments).trim().to_owned();
        self.git(&["update-ref", &format!("refs/heads/{branch}"), &commit]);
        commit
    }

    /// Returns the branches whose names begin so.
    pub(crate) fn branches(&self, prefix: &str) -> Vec<String> {
        let names = self.git(&["for-each-ref", "--format=%(refname:strip=2)", "refs/heads/"]);
        names.lines().filter(|name| name.starts_with(prefix)).map(str::to_owned).collect()
    }

    /// Sets a hook of the server, a script that begins with `#!`.
    pub(crate) fn set_hook(&self, name: &str, script: &str) {
        let path = self.path.join("hooks").join(name);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder of our own");
        fs::write(&path, script).expect("a folder of our own");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a file of our own");
    }

    /// Makes the server fail for this repository from now on, or stop failing.
    pub(crate) fn fault(&self, fault: Fault) {
        self.shared.change(&self.name, |settings| settings.fault = fault);
    }

    /// Serves the same repository at a second address, where it answers only those who say this user and this token.
    pub(crate) fn guarded(&self, user: &str, token: &str) -> Self {
        let (name, file) = (format!("{}-guarded", self.name), format!("{}-guarded.git", self.name));
        std::os::unix::fs::symlink(&self.path, self.path.with_file_name(&file)).expect("a folder of our own");
        let url = self.url.replace(&format!("{}.git", self.name), &file);
        let guarded = Self { url, path: self.path.clone(), name, shared: Arc::clone(&self.shared) };
        guarded.require_login(user, token);
        guarded
    }

    /// Makes the server answer only those who say this user and this token.
    pub(crate) fn require_login(&self, user: &str, token: &str) {
        self.shared.change(&self.name, |settings| settings.login = Some((user.to_owned(), token.to_owned())));
    }

    /// Returns what was asked of this repository so far, as `POST /name.git/git-receive-pack`.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.change(&self.name, |settings| settings.requests.clone())
    }

    /// Runs git in the bare repository and returns what it printed; panics with git's words when it fails.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("git prints text here")
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        git_in(&self.path, arguments, input)
    }
}

/// Runs git in a folder, away from this machine's configuration.
pub(crate) fn git_in(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(folder).envs(environment());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut git = git.spawn().expect("git is installed");
    let mut pipe = git.stdin.take().expect("it was asked for");
    // git may fail before it reads; its own words then say more than a broken pipe.
    drop(pipe.write_all(input.as_bytes()));
    drop(pipe);
    git.wait_with_output().expect("git ends")
}

fn commit(record: &str) -> Commit {
    let mut fields = record.split('\u{1f}');
    let mut next = || fields.next().unwrap_or_default().to_owned();
    Commit {
        id: next(),
        parents: next().split_whitespace().map(str::to_owned).collect(),
        author: next(),
        subject: next(),
        body: next(),
        trailers: next()
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}
