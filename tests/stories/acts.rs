//! What an operator does to objects: many at once, releases by force, deletion with what goes along, and an editor.

use std::path::PathBuf;
use std::time::Duration;

use super::story;
use crate::support::console::Operator;
use crate::support::ground::Ground;
use crate::support::wait;

const SOON: Duration = Duration::from_secs(20);

/// Returns suspended Kustomizations of these names, in `flux-system`.
fn kustomizations(names: &[String]) -> String {
    let one = |name: &String| {
        format!(
            "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
             spec: {{interval: 1h, path: ./x, prune: true, sourceRef: {{kind: GitRepository, name: none}}}}\n"
        )
    };
    names.iter().map(one).collect()
}

fn config_map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: flux-system}}\ndata: {{a: '{value}', b: '1'}}\n"
    )
}

/// Writes an editor that runs a line of shell, with the file as `$1`.
pub(super) fn editor(operator: &Operator, name: &str, line: &str) -> String {
    let path = operator.file(name, &format!("#!/bin/sh\nset -e\n{line}\n"));
    format!("sh {}", path.display())
}

/// Returns the object as its editor gets it.
fn text(operator: &Operator, object: &str) -> String {
    let copy: PathBuf = operator.file("copy.yaml", "");
    let editor = editor(operator, "copy.sh", &format!("cp \"$1\" {}", copy.display()));
    edit(operator, &[object], &editor).ok();
    std::fs::read_to_string(copy).expect("a file of our own")
}

/// Edits an object with such an editor.
pub(super) fn edit(operator: &Operator, more: &[&str], editor: &str) -> crate::support::console::Said {
    let runtime = operator.state().with_file_name("runtime");
    std::fs::create_dir_all(&runtime).expect("a folder of our own");
    let runtime = runtime.to_string_lossy().into_owned();
    operator.run_with(&[&["edit"], more].concat(), &[("EDITOR", editor), ("XDG_RUNTIME_DIR", &runtime)])
}

/// Returns the files that were left behind by editing.
fn left(operator: &Operator) -> Vec<PathBuf> {
    let folder = operator.state().with_file_name("runtime").join("quarterdeck");
    std::fs::read_dir(folder).map(|all| all.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

story!(many_at_once);
fn many_at_once(ground: &Ground) {
    let operator = ground.operator();
    let names: Vec<String> = ["a", "b", "c"].map(|n| format!("{}-{n}", ground.app)).into();
    ground.apply(&kustomizations(&names));
    let [a, b, c] = names.as_slice() else { return };
    let suspended = || {
        let all = operator.run(&["get", "ks", "-n", "flux-system", "-o", "json"]).json();
        let all = all.as_array().cloned().unwrap_or_default();
        let is = |name: &String| all.iter().any(|o| o["name"] == **name && o["suspended"] == true);
        names.iter().filter(|name| is(name)).count()
    };
    let why = operator.run(&["suspend", "ks", a, b, c]).failed(2);
    assert!(why.contains("Suspend 3 objects") && why.contains(&format!("Kustomization/flux-system/{a}")), "{why}");
    operator.run(&["suspend", "ks", a, b, c, "--yes"]).ok();
    wait("three that are suspended", SOON, || (suspended() == 3).then_some(()));

    // One of them does not exist: the others follow all the same, and each is told of.
    let said = operator.run(&["resume", "ks", a, "nobody", b, "--yes"]);
    assert_eq!(said.out.lines().count(), 2, "{}", said.out);
    let why = said.failed(1);
    assert!(why.contains("Kustomization/flux-system/nobody") && why.contains("1 of 3"), "{why}");
    wait("one that is suspended", SOON, || (suspended() == 1).then_some(()));

    // All that a filter leaves, of one kind: those that are suspended already are not among them.
    let filter = format!("name={}-*", ground.app);
    operator.run(&["suspend", "ks", "--filter", &filter, "--yes"]).ok();
    wait("three that are suspended again", SOON, || (suspended() == 3).then_some(()));
    let said = operator.run(&["suspend", "ks", "--filter", &filter, "--yes"]);
    assert!(said.err.contains("Nothing matches"), "{}", said.err);
    said.ok();
    assert!(operator.run(&["suspend", "ks", "--filter", "nonsense=1", "--yes"]).failed(2).contains("nonsense"));
    operator.run(&["resume", "ks", a, b, "--yes"]).ok();
    operator.run(&["resume", "ks", c, "--yes"]).ok();
    let journal = operator.run(&["audit", "-l", "0", "-o", "json"]).json();
    let of = |phase: &str, object: &str| {
        let wanted = format!("Kustomization/flux-system/{object}");
        journal.as_array().into_iter().flatten().filter(|e| e["object"] == *wanted && e["phase"] == phase).count()
    };
    assert_eq!([of("intent", a), of("done", a)], [4, 4], "each has its own intent and outcome");
    assert_eq!([of("intent", "nobody"), of("refused", "nobody")], [1, 1]);
    operator.run(&["audit", "verify"]).ok();
    operator.run(&["delete", "ks", a, b, c, "--yes"]).ok();
}

story!(a_release_by_force_and_a_new_start);
fn a_release_by_force_and_a_new_start(ground: &Ground) {
    let operator = ground.operator();
    let name = ground.app.as_str();
    ground.apply(&format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec: {{interval: 1h, url: 'http://127.0.0.1:9/charts'}}\n---\n\
         apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec: {{interval: 1h, chart: {{spec: {{chart: redis, version: 1.0.0, sourceRef: {{kind: HelmRepository, name: {name}}}}}}}}}\n"
    ));
    let object = format!("hr/{name}");
    let annotations = || text(&operator, &object);
    operator.run(&["force", &object, "--yes"]).ok();
    let told = annotations();
    let value = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(key)).unwrap_or_default();
        line.split_once(": ").map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let asked = value(&told, "reconcile.fluxcd.io/requestedAt");
    assert!(!asked.is_empty() && asked == value(&told, "reconcile.fluxcd.io/forceAt"), "{told}");
    operator.run(&["reset", &object, "--yes"]).ok();
    let told = annotations();
    let again = value(&told, "reconcile.fluxcd.io/requestedAt");
    assert!(again != asked && again == value(&told, "reconcile.fluxcd.io/resetAt"), "{told}");

    let why = operator.run(&["force", "ks/other", "--yes"]).failed(2);
    assert!(why.contains("Only a HelmRelease takes that"), "{why}");
    operator.run(&["suspend", &object, "--yes"]).ok();
    let why = operator.run(&["force", &object, "--yes"]).failed(3);
    assert!(why.contains("suspended"), "{why}");
    operator.run(&["delete", &object, &format!("helmrepo/{name}"), "--yes"]).ok();
}

story!(deleting_says_what_goes_along);
fn deleting_says_what_goes_along(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["deploy", app, "development", "--tag", "1.2.0", "--yes", "--wait", "2m"]).ok();
    let (object, workload) = (format!("ks/{app}-development"), format!("deploy/{app}-development/shop-web"));
    let why = operator.run(&["delete", &object]).failed(2);
    assert!(why.contains("that it applied: ") && why.contains("Deployment/") && why.contains("finalizers.fluxcd.io"), "{why}");
    let source = operator.run(&["delete", &format!("gitrepo/{app}-development")]).failed(2);
    assert!(source.contains(&format!("have no source: Kustomization/flux-system/{app}-development")), "{source}");
    assert!(operator.run(&["delete", &workload]).failed(2).contains("That names no object"));
    let namespace = ground.namespace("development");
    let back = operator.run(&["delete", "deploy/shop-web", "-n", &namespace]).failed(2);
    assert!(back.contains("will bring it back"), "{back}");

    let said = operator.run(&["delete", &object, "--yes"]).ok();
    assert!(said.contains("delet"), "{said}");
    wait("the workload to be pruned", ground.patience(), || {
        let gone = operator.run(&["delete", "deploy/shop-web", "-n", &namespace]);
        (gone.code == 4).then_some(())
    });
    let why = operator.run(&["delete", "ks/nobody", "--yes"]).failed(4);
    assert!(why.contains("does not exist"), "{why}");
    operator.run(&["audit", "verify"]).ok();
}

story!(an_object_in_an_editor);
fn an_object_in_an_editor(ground: &Ground) {
    let operator = ground.operator();
    let name = format!("{}-edit", ground.app);
    let object = format!("cm/{name}");
    ground.apply(&config_map(&name, "1"));

    // Good content: the diff is shown before it is applied, and no file stays.
    let good = editor(&operator, "good.sh", "sed -i \"s/a: '1'/a: 'two'/\" \"$1\"");
    let said = edit(&operator, &[&object, "--dry-run"], &good).ok();
    assert!(said.contains("+  a: two") && said.contains("-  a: '1'") && said.contains("Nothing was applied"), "{said}");
    let why = edit(&operator, &[&object], &good);
    assert!(why.failed(2).contains("Change ConfigMap/flux-system/"));
    for file in left(&operator) {
        std::fs::remove_file(file).expect("a file of our own");
    }
    let said = edit(&operator, &[&object, "--yes"], &good).ok();
    assert!(said.contains("was changed in the cluster"), "{said}");
    assert!(text(&operator, &object).contains("a: two"));
    assert_eq!(left(&operator), Vec::<PathBuf>::new(), "nothing is left behind");

    // Nothing changed, and an empty text: nothing happens.
    assert!(edit(&operator, &[&object, "--yes"], "true").ok().contains("Nothing was changed"));
    let empty = editor(&operator, "empty.sh", ": > \"$1\"");
    assert!(edit(&operator, &[&object, "--yes"], &empty).ok().contains("Nothing was changed"));

    // Content that is no YAML, that the server refuses, that is another object: said, and the text is kept.
    for (line, status, words) in [
        ("printf 'data: {a: b\\n' >> \"$1\"", 2, "line "),
        ("sed -i 's/a: two/a: [1, 2]/' \"$1\"", 2, ""),
        ("sed -i \"s/^  name: .*/  name: other/\" \"$1\"", 2, "metadata.name"),
    ] {
        let bad = editor(&operator, "bad.sh", line);
        let why = edit(&operator, &[&object, "--yes"], &bad).failed(status);
        assert!(why.contains(words) && why.contains("your text is kept in"), "{line}: {why}");
        let kept = left(&operator);
        assert_eq!(kept.len(), 1, "{line}: {kept:?}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&kept[0]).expect("it is there").permissions());
        assert_eq!(mode & 0o777, 0o600);
        std::fs::remove_file(&kept[0]).expect("a file of our own");
    }
    assert!(text(&operator, &object).contains("a: two"), "nothing of it arrived");
    let why = edit(&operator, &[&object, "--yes"], "false").failed(1);
    assert!(why.contains("editor did not end well"), "{why}");
}

story!(two_hands_on_one_object);
fn two_hands_on_one_object(ground: &Ground) {
    let operator = ground.operator();
    let other = ground.operator();
    let name = format!("{}-hands", ground.app);
    let object = format!("cm/{name}");
    ground.apply(&config_map(&name, "1"));
    // While one edits, another changes a different field: both stay.
    let apply = |line: &str| {
        let theirs = editor(&other, "theirs.sh", line);
        let program = env!("CARGO_BIN_EXE_quarterdeck");
        let (config, state) = (ground.kubeconfig(), other.state().to_owned());
        format!(
            "env KUBECONFIG={} QUARTERDECK_STATE={} EDITOR='{theirs}' {program} edit {object} --yes",
            config.display(),
            state.display()
        )
    };
    let meanwhile = apply("sed -i \"s/b: '1'/b: 'theirs'/\" \"$1\"");
    let mine = editor(&operator, "mine.sh", &format!("sed -i \"s/a: '1'/a: 'mine'/\" \"$1\"\n{meanwhile}"));
    let said = edit(&operator, &[&object, "--yes"], &mine);
    assert!(said.err.contains("Somebody else changed data.b meanwhile; that stays."), "{}", said.err);
    said.ok();
    let now = text(&operator, &object);
    assert!(now.contains("a: mine") && now.contains("b: theirs"), "{now}");

    // The same field: nothing is overwritten, and the text is kept.
    let meanwhile = apply("sed -i \"s/a: mine/a: 'theirs'/\" \"$1\"");
    let mine = editor(&operator, "clash.sh", &format!("sed -i \"s/a: mine/a: 'again'/\" \"$1\"\n{meanwhile}"));
    let why = edit(&operator, &[&object, "--yes"], &mine).failed(1);
    assert!(why.contains("both changed data.a") && why.contains("your text is kept in"), "{why}");
    assert!(text(&operator, &object).contains("a: theirs"));
    let kept: Vec<String> = left(&operator).iter().map(|file| std::fs::read_to_string(file).expect("a text")).collect();
    assert!(kept.iter().any(|text| text.contains("a: 'again'")), "{kept:?}");
}

story!(secrets_stay_secret_in_an_editor);
fn secrets_stay_secret_in_an_editor(ground: &Ground) {
    let operator = ground.operator();
    let name = format!("{}-secret", ground.app);
    let object = format!("secret/{name}");
    ground.apply(&format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: flux-system}}\ndata: {{password: aHVudGVyMg==, user: YW5h}}\n"
    ));
    let shown = text(&operator, &object);
    assert!(!shown.contains("aHVudGVyMg") && shown.contains("password: •••") && shown.contains("2 values are secret"), "{shown}");
    let new = editor(&operator, "user.sh", "sed -i 's/user: •••/user: Ym9i/' \"$1\"");
    let said = edit(&operator, &[&object, "--yes"], &new).ok();
    assert!(said.contains("user: ••• (new)") && !said.contains("Ym9i"), "{said}");
    let moved = editor(&operator, "moved.sh", "sed -i 's/  password: •••/  other: •••/' \"$1\"");
    let why = edit(&operator, &[&object, "--yes"], &moved).failed(2);
    assert!(why.contains("data.other is a masked value where none was"), "{why}");
    let journal = operator.run(&["audit", "-l", "0", "-o", "json"]).ok();
    assert!(journal.contains("data.user") && !journal.contains("Ym9i") && !journal.contains("aHVudGVyMg"), "{journal}");
}

story!(an_object_says_where_it_comes_from);
fn an_object_says_where_it_comes_from(ground: &Ground) {
    let operator = ground.operator();
    let head = ground.seed();
    ground.add(&operator, &["development"]);
    let (app, namespace) = (ground.app.as_str(), ground.namespace("development"));
    operator.run(&["sync", app, "development", "--yes"]).failed(3);
    let ask = ["origin", "deploy/shop-web", "-n", &namespace, "-o", "json"];
    let origin = wait("the workload", ground.patience(), || {
        let said = operator.run(&ask);
        (said.code == 0).then(|| said.json())
    });
    assert_eq!(origin["place"]["file"], "k8s/base/web.yaml", "{origin}");
    assert_eq!(origin["place"]["commit"], *head, "{origin}");
    assert_eq!(origin["path"], "k8s/overlays/development");
    assert_eq!(origin["environments"][0]["project"], *app, "{origin}");
    let told = operator.run(&["origin", "deploy/shop-web", "-n", &namespace]).ok();
    assert!(told.contains("will undo this at its next reconciliation"), "{told}");
    // An edit of it is warned about before it is applied.
    let more = editor(&operator, "more.sh", "sed -i 's/  replicas: 1/  replicas: 2/' \"$1\"");
    let why = edit(&operator, &["deploy/shop-web", "-n", &namespace, "--cluster"], &more).failed(2);
    assert!(why.contains("k8s/base/web.yaml:") && why.contains("will undo this"), "{why}");
    operator.run(&["origin", &format!("ks/{app}-development")]).failed(4);
}
