//! Going back: a bad image is taken back by a commit of its own, and what others did in the meantime stays.

use std::time::Duration;

use super::keys::{console, green, yes};
use super::story;
use crate::support::ground::Ground;

const OVERLAY: &str = "k8s/overlays/development/kustomization.yaml";

fn deploy(operator: &crate::support::console::Operator, app: &str, tag: &str) -> crate::support::console::Said {
    operator.run(&["deploy", app, "development", "--tag", tag, "--yes", "--wait", "3m"])
}

story!(goes_back_to_the_last_healthy_one);
fn goes_back_to_the_last_healthy_one(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    deploy(&operator, app, "1.1.0").ok();
    let why = deploy(&operator, app, "missing-3").failed(1);
    assert!(why.contains("ImagePullBackOff"), "{why}");
    let history = operator.run(&["history", app, "-o", "json"]).json();
    let (bad, good) =
        (history[0]["id"].as_str().expect("an id").to_owned(), history[1]["id"].as_str().expect("an id").to_owned());
    // Somebody else works on in the very file.
    let theirs = ground.repo.file("main", OVERLAY).expect("the overlay").replace("count: 1", "count: 2");
    let theirs = ground.repo.commit("main", &[(OVERLAY, &theirs)], "Scale");

    let shown = operator.run(&["rollback", app, "development", "--previous", "--dry-run"]).ok();
    let changed: Vec<&str> =
        shown.lines().filter(|l| l.starts_with(['+', '-']) && !l.starts_with("+++") && !l.starts_with("---")).collect();
    assert_eq!(
        changed,
        ["-  newTag: missing-3  # keep in step with api", "+  newTag: 1.1.0  # keep in step with api"],
        "{shown}"
    );
    assert_eq!(ground.repo.head("main").as_deref(), Some(theirs.as_str()), "a dry run pushes nothing");

    let told = operator.run(&["rollback", app, "development", "--previous", "--yes", "--wait", "3m"]).ok();
    assert!(told.contains("Health     done"), "{told}");
    let now = ground.repo.file("main", OVERLAY).expect("the overlay");
    assert!(now.contains("count: 2") && now.contains("newTag: 1.1.0"), "{now}");
    let log = ground.repo.log("main");
    assert_eq!(log[0].parents, [theirs.as_str()], "linear");
    assert!(log[0].subject.starts_with("Roll back ") && log[0].subject.contains("(image 1.1.0)"), "{}", log[0].subject);
    let trailer = |name: &str| log[0].trailers.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    assert_eq!((trailer("Rolls-Back"), trailer("Rolls-Back-To")), (Some(bad.clone()), Some(good.clone())));
    let history = operator.run(&["history", app, "-o", "json"]).json();
    assert_eq!((history[0]["status"].as_str(), history[0]["rolls_back"].as_str()), (Some("succeeded"), Some(bad.as_str())));
    let journal = operator.run(&["audit", "--act", "rollback", "-o", "json"]).json();
    assert_eq!(journal.as_array().map(Vec::len), Some(3), "{journal}");
    operator.run(&["audit", "verify"]).ok();

    // There already: said, and nothing is committed.
    let head = ground.repo.head("main");
    let again = operator.run(&["rollback", app, "development", "--to", &good, "--yes"]).failed(2);
    assert!(again.contains("Nothing would change"), "{again}");
    assert_eq!(ground.repo.head("main"), head);
}

story!(says_whose_work_goes_with_it);
fn says_whose_work_goes_with_it(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    deploy(&operator, app, "1.1.0").ok();
    let mut console = console(&operator);
    console.keys("7");
    console.see("from the form");
    let theirs = ground.repo.file("main", OVERLAY).expect("the overlay").replace("1.1.0", "1.2.0");
    let theirs = ground.repo.commit("main", &[(OVERLAY, &theirs)], "Ship it by hand");
    operator.run(&["reconcile", &format!("gitrepo/{app}-development")]).ok();
    console.until("their healthy push", Duration::from_secs(90), |screen| {
        screen.lines().any(|line| line.contains("1.1.0 → 1.2.0") && line.contains("from Git") && line.contains("succeeded"))
    });
    console.keys("q");
    let ask = ["rollback", app, "development", "--previous"];
    let why = operator.run(&[&ask[..], &["--yes"]].concat()).failed(3);
    assert!(why.contains("by Somebody Else (image 1.1.0 → 1.2.0)") && why.contains("--including-others"), "{why}");
    assert_eq!(ground.repo.head("main").as_deref(), Some(theirs.as_str()), "nothing was pushed");
    let shown = operator.run(&[&ask[..], &["--dry-run"]].concat()).ok();
    assert!(shown.contains("# takes back") && shown.contains("by Somebody Else"), "{shown}");
    operator.run(&[&ask[..], &["--including-others", "--yes", "--wait", "3m"]].concat()).ok();
    assert!(ground.repo.file("main", OVERLAY).expect("the overlay").contains("newTag: 1.1.0"));
}

story!(asks_where_somebody_changed_the_same_lines);
fn asks_where_somebody_changed_the_same_lines(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    deploy(&operator, app, "1.1.0").ok();
    operator.run(&["deploy", app, "development", "--tag", "1.2.0", "--replicas", "2", "--yes", "--wait", "3m"]).ok();
    let history = operator.run(&["history", app, "-o", "json"]).json();
    let first = history[1]["id"].as_str().expect("an id").to_owned();
    let theirs = ground.repo.file("main", OVERLAY).expect("the overlay").replace("1.2.0", "1.3.0");
    ground.repo.commit("main", &[(OVERLAY, &theirs)], "Ship it by hand");
    let ask = ["rollback", app, "development", "--to", first.as_str(), "--yes"];
    let why = operator.run(&ask).failed(3);
    assert!(why.contains("the same lines") && why.contains("kustomization.yaml:9") && why.contains("Ship it by hand"), "{why}");
    let shown = operator.run(&["rollback", app, "development", "--to", &first, "--dry-run"]).ok();
    assert!(shown.contains("newTag: 1.3.0") && shown.contains("newTag: 1.1.0"), "both sides: {shown}");
    // A review of one answer, and the branch moves under it: asked again.
    let reviewed = operator.run(&["rollback", app, "development", "--to", &first, "--theirs", "--dry-run", "-o", "json"]).json();
    let digest = reviewed["digest"].as_str().expect("a digest").to_owned();
    let other = ground.repo.file("main", OVERLAY).expect("the overlay").replace("1.3.0", "1.4.0");
    ground.repo.commit("main", &[(OVERLAY, &other)], "Once more");
    let why = operator.run(&[&ask[..], &["--theirs", "--reviewed", &digest]].concat()).failed(3);
    assert!(why.contains("review"), "{why}");
    // Theirs stays, the rest goes back.
    operator.run(&[&ask[..], &["--theirs", "--wait", "3m"]].concat()).ok();
    let now = ground.repo.file("main", OVERLAY).expect("the overlay");
    assert!(now.contains("newTag: 1.4.0") && now.contains("count: 1"), "{now}");
}

story!(goes_back_across_a_renamed_path);
fn goes_back_across_a_renamed_path(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    deploy(&operator, app, "1.1.0").ok();
    let first = operator.run(&["history", app, "-o", "json"]).json()[0]["id"].as_str().expect("an id").to_owned();
    deploy(&operator, app, "1.2.0").ok();
    let moved = "k8s/overlays/development/kustomization.yml";
    let text = ground.repo.file("main", OVERLAY).expect("the overlay");
    ground.repo.commit("main", &[(moved, &text)], "Copy");
    ground.repo.remove("main", &[OVERLAY], "Move");
    operator.run(&["rollback", app, "development", "--to", &first, "--yes", "--wait", "3m"]).ok();
    let now = ground.repo.file("main", moved).expect("where it is now");
    assert_eq!(now, text.replace("1.2.0", "1.1.0"));
    assert_eq!(ground.repo.file("main", OVERLAY), None);

    // Somebody deletes what a deployment changed: that one is taken back all the same, and the file with it.
    deploy(&operator, app, "1.3.0").ok();
    let last = operator.run(&["history", app, "--filter", "status=succeeded", "-l", "1", "-o", "json"]).json();
    let last = last[0]["id"].as_str().expect("an id").to_owned();
    ground.repo.commit("main", &[("k8s/overlays/development/other.yaml", "a: 1\n")], "Add a note");
    ground.repo.remove("main", &[moved], "Drop it");
    let asked = operator.run(&["revert", &last, "--yes"]).failed(3);
    assert!(asked.contains("kustomization.yml") && asked.contains("Drop it"), "{asked}");
    operator.run(&["revert", &last, "--restore", "--yes", "--wait", "3m"]).ok();
    assert!(ground.repo.file("main", moved).expect("it is back").contains("newTag: 1.1.0"));
}

story!(names_the_automation_that_would_undo_it);
fn names_the_automation_that_would_undo_it(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let marked = ground
        .repo
        .file("main", OVERLAY)
        .expect("the overlay")
        .replace("# keep in step with api", &format!("# {{\"$imagepolicy\": \"flux-system:{app}:tag\"}}"));
    ground.repo.commit("main", &[(OVERLAY, &marked)], "Automate");
    ground.apply(&format!(
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata:\n  name: {app}\n  namespace: flux-system\n\
         spec:\n  imageRepositoryRef:\n    name: {app}\n  policy:\n    semver:\n      range: 1.x\n---\n\
         apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageUpdateAutomation\nmetadata:\n  name: {app}\n  namespace: flux-system\n\
         spec:\n  interval: 1h\n  sourceRef:\n    kind: GitRepository\n    name: {app}-development\n  git:\n    commit:\n      author:\n        \
         email: flux@acme.example\n  update:\n    path: ./k8s\n    strategy: Setters\n"
    ));
    deploy(&operator, app, "1.1.0").ok();
    deploy(&operator, app, "1.2.0").ok();
    let name = format!("ImageUpdateAutomation/flux-system/{app}");
    let shown = operator.run(&["rollback", app, "development", "--dry-run"]).ok();
    assert!(shown.contains(&format!("{name} may overwrite this")), "{shown}");
    operator.run(&["rollback", app, "development", "--suspend-automation", "--yes", "--wait", "3m"]).ok();
    let found = operator.run(&["get", "iua", app, "-n", "flux-system", "-o", "json"]).json();
    assert!(found[0]["suspended"] == true, "{found}");
    let journal = operator.run(&["audit", "--act", "flux.suspend", "-o", "json"]).json();
    assert!(journal.to_string().contains(&name), "{journal}");
    assert!(ground.repo.file("main", OVERLAY).expect("the overlay").contains("newTag: 1.1.0"));
}

story!(goes_back_by_keys);
fn goes_back_by_keys(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    deploy(&operator, app, "1.1.0").ok();
    deploy(&operator, app, "1.2.0").ok();
    let theirs =
        ground.repo.file("main", OVERLAY).expect("the overlay").replace("1.2.0", "1.3.0").replace("count: 1", "count: 2");
    ground.repo.commit("main", &[(OVERLAY, &theirs)], "Ship it by hand");
    let mut console = console(&operator);
    console.keys("7");
    // What somebody else pushed is a deployment too; the oldest one is meant.
    console.until("all three", ground.patience(), |screen| screen.contains("from Git") && screen.contains("3 of 3"));
    console.keys("G");
    console.until("the oldest one", ground.patience(), |screen| {
        screen.contains("▌✓") && screen.matches("image 1.0.0 → 1.1.0").count() == 2
    });
    console.keys("b");
    console.until("both sides", ground.patience(), |screen| {
        screen.contains("theirs") && screen.contains("newTag: 1.3.0") && screen.contains("newTag: 1.1.0")
    });
    console.keys("u");
    console.until("the answer", ground.patience(), |screen| {
        screen.contains("✓ k8s/overlays") && screen.contains("+1 -1") && screen.contains("^S")
    });
    console.keys("\u{13}");
    console.see("Roll back");
    yes(&mut console);
    console.until("four green stages", ground.patience(), green);
    let now = ground.repo.file("main", OVERLAY).expect("the overlay");
    assert!(now.contains("newTag: 1.1.0") && now.contains("count: 2"), "{now}");
}
