//! An object that comes from Git is edited there: a commit of that line alone, pushed and followed; and what is changed in the
//! cluster only is undone.

use super::acts::{edit, editor};
use super::story;
use crate::support::console::Operator;
use crate::support::ground::Ground;
use crate::support::wait;

const SETTINGS: &str = "# The settings of the shop.\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  \
                        level: 'info'   # debug is loud\n  a: one\n  b: one\n  c: one\n  d: one\n  colour: \"blue\"  # of the door\n---\n\
                        # Nobody's business.\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {level: info}\n";
const FILE: &str = "k8s/base/settings.yaml";

/// Prepares a shop with settings in its base, and what only the overlay of development has.
fn shop(ground: &Ground, operator: &Operator) -> String {
    ground.seed();
    let overlay = ground.repo.file("main", "k8s/overlays/development/kustomization.yaml").expect("it was seeded");
    let overlay = overlay.replace("- ../../base\n", "- ../../base\n- source.yaml\n")
        + "configMapGenerator:\n- name: made\n  literals: [a=b]\n  options: {disableNameSuffixHash: true}\n";
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: extra # another one\nspec:\n  \
                  suspend: true\n  interval: 10m # often enough\n  url: https://git.example/extra\n";
    ground.repo.commit(
        "main",
        &[
            ("k8s/base/kustomization.yaml", "resources: [web.yaml, settings.yaml]\n"),
            (FILE, SETTINGS),
            ("k8s/overlays/development/kustomization.yaml", &overlay),
            ("k8s/overlays/development/source.yaml", source),
        ],
        "Add settings",
    );
    ground.add(operator, &["development", "production"]);
    let namespace = ground.namespace("development");
    wait("the settings", ground.patience(), || {
        let said = operator.run(&["origin", "cm/settings", "-n", &namespace, "-o", "json"]);
        (said.code == 0 && said.json()["place"]["file"] == FILE).then_some(())
    });
    namespace
}

/// Returns what the cluster has of an object.
fn live(operator: &Operator, object: &str, namespace: &str) -> String {
    let copy = operator.file("live.yaml", "");
    let editor = editor(operator, "live.sh", &format!("cp \"$1\" {}", copy.display()));
    edit(operator, &[object, "-n", namespace, "--cluster"], &editor).ok();
    std::fs::read_to_string(copy).expect("a file of our own")
}

fn changed(diff: &str) -> Vec<&str> {
    diff.lines().filter(|l| l.starts_with(['+', '-']) && !l.starts_with("+++") && !l.starts_with("---")).collect()
}

story!(an_edit_becomes_a_commit);
fn an_edit_becomes_a_commit(ground: &Ground) {
    let operator = ground.operator();
    let namespace = shop(ground, &operator);
    let app = ground.app.as_str();
    let settings = ["cm/settings", "-n", &namespace];
    let with = |more: &[&'static str]| [&settings[..], more].concat();
    let head = ground.repo.head("main");

    // The editor gets the document as it is written, and the diff is of that line alone.
    let copy = operator.file("copy.yaml", "");
    let loud = editor(&operator, "loud.sh", &format!("cp \"$1\" {}\nsed -i \"s/'info'/'debug'/\" \"$1\"", copy.display()));
    let shown = edit(&operator, &with(&["--dry-run"]), &loud).ok();
    let lines = changed(&shown);
    assert_eq!(lines[..2], ["-  level: 'info'   # debug is loud", "+  level: 'debug'   # debug is loud"], "{shown}");
    assert!(lines[2..].iter().any(|line| line.contains("level: debug")), "what is rendered is shown too: {shown}");
    assert!(shown.contains(&format!("belongs to {app}/production as well")), "{shown}");
    let given = std::fs::read_to_string(copy).expect("a file of our own");
    assert!(given.contains("# The settings of the shop.\n") && !given.contains("Nobody's business"), "{given}");
    assert_eq!(ground.repo.head("main"), head, "a dry run pushes nothing");
    let why = edit(&operator, &with(&[]), &loud).failed(2);
    assert!(why.contains(&format!("Commit and push this change to {app}/development?")), "{why}");

    // It is committed, applied and recorded.
    let told = edit(&operator, &with(&["--yes", "--wait", "2m", "-m", "Louder"]), &loud).ok();
    for stage in ["Git commit done", "Flux sync  done", "Apply      done", "Health     done"] {
        assert!(told.contains(stage), "{stage} in {told}");
    }
    let louder = SETTINGS.replace("'info'", "'debug'");
    assert_eq!(ground.repo.file("main", FILE).as_deref(), Some(louder.as_str()), "every other byte stays");
    let log = ground.repo.log("main");
    assert_eq!((log[0].subject.as_str(), log[0].author.as_str()), ("Louder", "Ada Byron <ada@acme.example>"));
    let environment = format!("{app}/development");
    assert!(log[0].trailers.iter().any(|(k, v)| k == "Environment" && *v == environment), "{:?}", log[0].trailers);
    let history = operator.run(&["history", app, "development", "-o", "json"]).json();
    assert_eq!((&history[0]["status"], &history[0]["commit"]), (&"succeeded".into(), &log[0].id.as_str().into()));
    assert!(history[0]["summary"].as_str().is_some_and(|s| s.contains("ConfigMap/settings")), "{}", history[0]);
    assert!(live(&operator, "cm/settings", &namespace).contains("level: debug"));
    assert!(edit(&operator, &with(&["--yes"]), "true").ok().contains("Nothing was changed"));

    // A field of a form is changed where it is written.
    let extra = ["edit", "gitrepo/extra", "-n", &namespace, "--git", "--set", "interval=1h", "--yes", "--wait", "2m"];
    operator.run(&extra).ok();
    let source = ground.repo.file("main", "k8s/overlays/development/source.yaml").expect("it is there");
    assert!(source.contains("  interval: 1h # often enough\n") && source.contains("name: extra # another one\n"), "{source}");

    let journal = operator.run(&["audit", "-l", "0", "-o", "json"]).ok();
    assert!(!journal.contains("debug is loud"), "the journal names the commit and does not repeat the file");
    operator.run(&["audit", "verify"]).ok();
}

story!(two_hands_on_one_file);
fn two_hands_on_one_file(ground: &Ground) {
    let operator = ground.operator();
    let namespace = shop(ground, &operator);
    let program = env!("CARGO_BIN_EXE_quarterdeck");
    let theirs = |line: &str| {
        let other = editor(&operator, "theirs.sh", line);
        let (config, state) = (ground.kubeconfig(), operator.state().to_owned());
        format!(
            "env KUBECONFIG={} QUARTERDECK_STATE={} EDITOR='{other}' {program} edit cm/settings -n {namespace} --git --yes",
            config.display(),
            state.display()
        )
    };
    let settings = ["cm/settings", "-n", &namespace, "--yes"];
    // Another line of the same file: both stay.
    let meanwhile = theirs("sed -i 's/\"blue\"/\"green\"/' \"$1\"");
    let mine = editor(&operator, "mine.sh", &format!("sed -i \"s/'info'/'debug'/\" \"$1\"\n{meanwhile}"));
    edit(&operator, &settings, &mine).ok();
    let both = SETTINGS.replace("'info'", "'debug'").replace("blue", "green");
    assert_eq!(ground.repo.file("main", FILE).as_deref(), Some(both.as_str()));
    // The same line: nothing is overwritten, and the text is kept.
    let meanwhile = theirs("sed -i 's/\"green\"/\"red\"/' \"$1\"");
    let mine = editor(&operator, "clash.sh", &format!("sed -i 's/\"green\"/\"black\"/' \"$1\"\n{meanwhile}"));
    let why = edit(&operator, &settings, &mine).failed(3);
    assert!(why.contains("The file has changed meanwhile") && why.contains("your text is kept in"), "{why}");
    let now = ground.repo.file("main", FILE).expect("it is there");
    assert!(now.contains("red") && !now.contains("black"), "{now}");
}

story!(what_git_cannot_take_and_what_flux_undoes);
fn what_git_cannot_take_and_what_flux_undoes(ground: &Ground) {
    let operator = ground.operator();
    let namespace = shop(ground, &operator);
    let app = ground.app.as_str();
    let head = ground.repo.head("main");
    let settings = ["cm/settings", "-n", &namespace, "--yes"];
    for (line, words) in [
        ("printf 'a: {b\\n' >> \"$1\"", "settings.yaml"),
        ("sed -i \"s/'info'/[1, 2]/\" \"$1\"", "line 7"),
        ("sed -i 's/kind: ConfigMap/kind: ConfigMop/' \"$1\"", "ConfigMop"),
    ] {
        let bad = editor(&operator, "bad.sh", line);
        let why = edit(&operator, &settings, &bad).failed(2);
        assert!(why.contains(words) && why.contains("your text is kept in"), "{line}: {why}");
    }
    assert_eq!(ground.repo.head("main"), head, "nothing of it was committed");

    // What has no document of its own says so; it can be changed in the cluster.
    let made = ["cm/made", "-n", &namespace, "--yes"];
    let why = edit(&operator, &made, "true").failed(3);
    assert!(why.contains("no document of its own") && why.contains("--cluster"), "{why}");
    let kustomization = format!("ks/{app}-development");
    let why = operator.run(&["edit", &kustomization, "--git", "--set", "interval=1h", "--yes"]).failed(3);
    assert!(why.contains("does not come from Git"), "{why}");

    // The cluster only: it warns, and Flux undoes it.
    let quiet = editor(&operator, "quiet.sh", "sed -i 's/level: info/level: none/' \"$1\"");
    let why = edit(&operator, &["cm/settings", "-n", &namespace, "--cluster"], &quiet).failed(2);
    assert!(why.contains(FILE) && why.contains("will undo this at its next reconciliation"), "{why}");
    let said = edit(&operator, &["cm/settings", "-n", &namespace, "--cluster", "--yes"], &quiet).ok();
    assert!(said.contains("was changed in the cluster"), "{said}");
    assert!(live(&operator, "cm/settings", &namespace).contains("level: none"));
    operator.run(&["reconcile", &kustomization, "--yes"]).ok();
    wait("what Git says", ground.patience(), || live(&operator, "cm/settings", &namespace).contains("level: info").then_some(()));
    assert_eq!(ground.repo.head("main"), head);
}
