//! Logs, trailers and the order of commits, compared with the `git` program.

use domain::revision::CommitId;
use git::{ChangeKind, FileChange, LogQuery, NewCommit, trailers};

use crate::place::{Place, author, git_command, push, set_image, text, time};

#[test]
fn a_log_tells_what_touched_a_path_and_stops_where_told() {
    let place = Place::new();
    let first = place.head("main").unwrap();
    for (path, content) in [("k8s/base/a", "1"), ("docs/a", "1"), ("k8s/base/a", "2"), ("docs/a", "2")] {
        place.somebody_commits("main", path, content);
    }
    let mirror = place.mirror(&place.file_url());
    let head = mirror.head("main").unwrap().unwrap();
    let ids = |query: &LogQuery| mirror.log(&head, query).unwrap().iter().map(|c| c.id.to_string()).collect::<Vec<_>>();
    let lines = |arguments: &[&str]| {
        let output = git_command(&place.origin()).args(["log", "--format=%H", "main"]).args(arguments).output().unwrap();
        text(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = LogQuery::default();
    assert_eq!(ids(&all).len(), 5);
    assert_eq!(ids(&LogQuery { paths: vec!["k8s".to_owned()], ..all.clone() }), lines(&["--", "k8s"]));
    assert_eq!(ids(&LogQuery { paths: vec!["docs/a".to_owned()], ..all.clone() }), lines(&["--", "docs/a"]));
    assert_eq!(ids(&LogQuery { until: Some(first.clone()), ..all.clone() }).len(), 4);
    assert_eq!(ids(&LogQuery { limit: 2, ..all.clone() }).len(), 2);
    assert_eq!(ids(&LogQuery { scan: 3, ..all.clone() }).len(), 3);
    let told = mirror.log(&head, &LogQuery { limit: 1, files: true, ..all }).unwrap().remove(0);
    assert_eq!((told.author.as_str(), told.email.as_str()), ("Somebody Else", "else@example.org"));
    assert_eq!((told.subject.as_str(), told.body.as_str(), told.time), ("Somebody was here", "", time(500)));
    assert_eq!(told.files.len(), 1);
    assert_eq!((told.files[0].path.as_str(), told.files[0].kind), ("docs/a", ChangeKind::Modified));
    assert!(mirror.is_ancestor(&first, &head).unwrap());
    assert!(!mirror.is_ancestor(&head, &first).unwrap());
    assert!(mirror.knows(&first).unwrap());
    assert!(!mirror.knows(&CommitId::parse("0123456789012345678901234567890123456789").unwrap()).unwrap());
    assert_eq!(mirror.changed_files(&first).unwrap().len(), 4);
}

#[test]
fn a_commit_is_found_again_by_its_trailer() {
    let place = Place::new();
    let mirror = place.mirror(&place.file_url());
    let base = mirror.head("main").unwrap().unwrap();
    let message = trailers("Deploy shop:2\n\nBecause.", &[("Deployment-Id", "01ABC"), ("Environment", "shop/production")]);
    let new = NewCommit {
        parent: Some(base.clone()),
        changes: vec![FileChange::write("k8s/base/deployment.yaml", "image: shop:2\n")],
        message,
        author: author(),
        time: time(0),
    };
    let commit = mirror.commit(&new).unwrap();
    push(&mirror, &commit, &base).unwrap();
    let head = mirror.head("main").unwrap().unwrap();
    let next = set_image(&mirror, &head, "shop:3");
    assert_eq!(mirror.find_trailer(&next, "Deployment-Id", "01ABC", 100).unwrap(), Some(commit.clone()));
    assert_eq!(mirror.find_trailer(&next, "Deployment-Id", "01AB", 100).unwrap(), None);
    assert_eq!(mirror.find_trailer(&next, "Deployment-Id", "01ABC", 1).unwrap(), None, "looked at one only");
    let told = mirror.commit_info(&commit).unwrap();
    assert_eq!(told.subject, "Deploy shop:2");
    assert_eq!(
        told.trailers,
        [("Deployment-Id".to_owned(), "01ABC".to_owned()), ("Environment".to_owned(), "shop/production".to_owned())]
    );
    let git = git_command(&place.origin());
    let output = { git }.args(["log", "-1", "--format=%(trailers:key=Deployment-Id,valueonly)", "main"]).output().unwrap();
    assert_eq!(text(&output.stdout).trim(), "01ABC");
}

#[test]
fn trailers_are_read_as_git_reads_them() {
    let place = Place::empty();
    let messages = [
        "a\n\nK: v\n",
        "a\n\nK: v\nprose here\n",
        "a\n\nprose here\nSigned-off-by: A <a@b>\n",
        "a\n\none\ntwo\nthree\nfour\nfive\nsix\nSigned-off-by: A <a@b>\n",
        "a\n\nbody\n\nK: one\n two\nL: x\n",
        "K: v\n",
        "a\nb\n\nK : v\n",
        "a\n\nhttp://example.org\n",
        "a\n\n(cherry picked from commit 123)\nK: v\n",
        "a\n\nK: v\n\n\n",
    ];
    for message in messages {
        let file = place.path("message");
        std::fs::write(&file, message).unwrap();
        let output = git_command(place.dir.path())
            .args(["interpret-trailers", "--only-trailers", "--unfold", "--only-input"])
            .arg(&file)
            .output()
            .unwrap();
        let git: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
        let ours: Vec<String> = git::read_trailers(message).iter().map(|(key, value)| format!("{key}: {value}")).collect();
        assert_eq!(ours, git, "{message:?}");
    }
}

#[test]
fn what_commits_say_cannot_steer_a_terminal() {
    let place = Place::new();
    let mirror = place.mirror(&place.file_url());
    let head = mirror.head("main").unwrap().unwrap();
    let mut author = author();
    author.name = "An\u{202e}n".to_owned();
    let new = NewCommit {
        parent: Some(head),
        changes: vec![FileChange::write("x", "y")],
        message: "Su\u{1b}[31mbject\n\nbo\u{7}dy\n\nKey: va\u{1b}lue\n".to_owned(),
        author,
        time: time(0),
    };
    let told = mirror.commit_info(&mirror.commit(&new).unwrap()).unwrap();
    let all = format!("{}{}{}{:?}", told.subject, told.author, told.body, told.trailers);
    assert!(!all.chars().any(|c| domain::text::hidden(c) && c != '\n'), "{all:?}");
    assert!(told.subject.contains("[31m"));
}

#[test]
fn a_renamed_file_is_the_same_file() {
    let place = Place::new();
    let long = |first: &str| format!("{first}\n{}", "kind: Deployment\nmetadata:\n  name: web\n".repeat(4));
    place.somebody_commits("main", "k8s/a.yaml", &long("x: 1"));
    let mirror = place.mirror(&place.file_url());
    let before = mirror.head("main").unwrap().unwrap();
    let new = NewCommit {
        parent: Some(before.clone()),
        changes: vec![
            FileChange::remove("k8s/a.yaml"),
            FileChange::write("k8s/moved/b.yaml", long("x: 2")),
            FileChange::write("k8s/new.yaml", "y: 1\n"),
        ],
        message: "Move".to_owned(),
        author: author(),
        time: time(0),
    };
    let after = mirror.commit(&new).unwrap();
    let told: Vec<_> = mirror.compare(&before, &after).unwrap().into_iter().map(|d| (d.old, d.new)).collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(told, [(text("k8s/a.yaml"), text("k8s/moved/b.yaml")), (None, text("k8s/new.yaml"))]);
    let back = mirror.compare(&after, &before).unwrap();
    assert!(back.iter().any(|d| d.renamed() && d.old.as_deref() == Some("k8s/moved/b.yaml")), "{back:?}");
    assert!(back.iter().any(|d| d.new.is_none() && d.old.as_deref() == Some("k8s/new.yaml")), "{back:?}");
    assert_eq!(mirror.compare(&after, &after).unwrap(), []);
}
