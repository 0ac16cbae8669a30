//! The write path: a field edit from a warm mirror to a commit that the server confirms, beside pull, commit and push.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use domain::edit::{Edit, Field};
use git::{Access, Author, Base, Cancel, FileChange, Mirror, NewCommit, PushOutcome, ReadLimits};
use manifest::files::Files;

use crate::median;
use crate::support::gitserver::{GitServer, Repo};

const FOLDER: &str = "apps/app-0";

fn workload(tag: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {{app: app}}\n  \
         template:\n    metadata:\n      labels: {{app: app}}\n    spec:\n      containers:\n      - name: app\n        image: registry.example/app:1.0.{tag}  # kept\n"
    )
}

/// Fills a repository with so many files and so many commits on main.
fn fill(repo: &Repo, commits: usize, files: usize) {
    let mut stream = String::new();
    for n in 0..commits {
        let time = 1_700_000_000 + n;
        let message = format!("Change {n}");
        writeln!(stream, "commit refs/heads/main\ncommitter A <a@example.test> {time} +0000\ndata {}\n{message}", message.len())
            .expect("a text grows");
        let many = if n == 0 { files } else { 1 };
        for file in 0..many {
            let text = workload(n);
            writeln!(stream, "M 100644 inline apps/app-{}/app.yaml\ndata {}\n{text}", if n == 0 { file } else { 1 }, text.len())
                .expect("a text grows");
        }
        stream.push('\n');
    }
    stream.push_str("done\n");
    repo.import(&stream);
    repo.git(&["repack", "-adq"]);
}

/// Returns the medians of both sides in milliseconds.
pub(crate) fn measure(commits: usize, files: usize, runs: usize) -> (f64, f64) {
    let server = GitServer::start();
    let repo = server.create(&format!("bench-{commits}-{files}"));
    fill(&repo, commits, files);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let access = Access::default();
    let mirror = Mirror::open_or_clone(&folder.path().join("mirrors"), &repo.url, &access, &Cancel::new()).expect("a mirror");
    let clone = folder.path().join("clone");
    run(folder.path(), &["clone", "-q", &repo.url, "clone"]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for n in 0..=runs {
        let a = deck(&mirror, n * 2 + 1);
        let b = program(&clone, n * 2 + 2);
        // The first round warms both sides.
        if n > 0 {
            ours.push(a);
            theirs.push(b);
        }
    }
    (median(ours), median(theirs))
}

fn deck(mirror: &Mirror, n: usize) -> Duration {
    let start = Instant::now();
    let cancel = Cancel::new();
    mirror.fetch(&cancel).expect("a fetch");
    let head = mirror.head("main").expect("readable").expect("a head");
    let read = mirror.read(&head, &[FOLDER], ReadLimits::default()).expect("files");
    let mut files = Files::default();
    for (path, bytes) in read.files {
        files.insert(path, bytes);
    }
    let edits = [Edit::set(Field::ImageTag, format!("2.0.{n}"))];
    let applied = manifest::apply(&files, FOLDER, None, &edits).expect("an edit");
    let changes =
        applied.files.into_iter().map(|f| FileChange { path: f.path, content: f.after.map(String::into_bytes) }).collect();
    let time = domain::Time::from_second(1_800_000_000).expect("a moment");
    let author = Author { name: "A".to_owned(), email: "a@example.test".to_owned() };
    let new = NewCommit { parent: Some(head.clone()), changes, message: format!("Deploy {n}\n"), author, time };
    let commit = mirror.commit(&new).expect("a commit");
    let outcome = mirror.push("main", &commit, &Base::Head(head), &cancel).expect("a push");
    assert!(matches!(outcome, PushOutcome::Landed { .. }), "{outcome:?}");
    start.elapsed()
}

fn program(clone: &Path, n: usize) -> Duration {
    let start = Instant::now();
    run(clone, &["pull", "-q", "--ff-only"]);
    let file = clone.join(FOLDER).join("app.yaml");
    let text = std::fs::read_to_string(&file).expect("a file");
    let from = text.find("app:").and_then(|_| text.rfind("app:")).expect("an image");
    let end = text[from..].find("  #").expect("a comment") + from;
    std::fs::write(&file, format!("{}app:2.0.{n}{}", &text[..from], &text[end..])).expect("a file");
    run(clone, &["commit", "-qam", "Deploy"]);
    run(clone, &["push", "-q"]);
    start.elapsed()
}

fn run(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=A", "-c", "user.email=a@example.test", "-c", "gc.auto=0"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("the git program");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}
