//! The program in a shell: its configuration file, the doctor, completions, pages, schemas, and the scripts that come along.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::story;
use crate::support::console::Operator;
use crate::support::ground::{Ground, Kind};

/// Returns what is wrong with a value by a schema of ours: types, enumerations, required fields, items.
fn faults(schema: &Value, value: &Value, defs: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
        return faults(&defs[name], value, defs, at);
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        let tried: Vec<_> = ways.iter().map(|way| faults(way, value, defs, at)).collect();
        return if tried.iter().any(Vec::is_empty) { Vec::new() } else { tried.concat() };
    }
    let fits = |word: &str| match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the schema has no type {other}"),
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{at}: the schema says no type: {schema}"),
    };
    if !types.iter().any(|word| fits(word)) {
        return vec![format!("{at}: {value} is none of {types:?}")];
    }
    let mut out = Vec::new();
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        out.push(format!("{at}: {value} is not in {}", schema["enum"]));
    }
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    if let Some(object) = value.as_object() {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        out.extend(required.filter(|name| !object.contains_key(*name)).map(|name| format!("{at}.{name} is missing")));
        for (name, value) in object {
            if let Some(schema) = properties.get(name) {
                out.extend(faults(schema, value, defs, &format!("{at}.{name}")));
            }
        }
    }
    for item in value.as_array().into_iter().flatten() {
        out.extend(faults(&schema["items"], item, defs, &format!("{at}[]")));
    }
    out
}

/// Holds what a command printed against the schema of a name.
pub(super) fn fits(operator: &Operator, name: &str, value: &Value) {
    let schema = operator.run(&["schema", name]).json();
    let found = faults(&schema, value, &schema["$defs"], name);
    assert!(found.is_empty(), "{found:#?}");
}

story!(what_json_promises_is_what_is_printed);
fn what_json_promises_is_what_is_printed(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let deployed = operator.run(&["deploy", app, "development", "--tag", "2.0.0", "--yes", "--wait", "2m", "-o", "json"]).json();
    fits(&operator, "deployment", &deployed);
    for (name, ask) in [
        ("deployments", &["history"][..]),
        ("projects", &["get", "projects"]),
        ("environments", &["get", "environments"]),
        ("objects", &["get", "ks", "-A"]),
        ("audit", &["audit"]),
        ("check", &["check"]),
        ("doctor", &["doctor"]),
        ("monitor", &["monitor"]),
    ] {
        let printed = operator.run(&[ask, &["-o", "json"]].concat());
        let value: Value =
            serde_json::from_str(&printed.out).unwrap_or_else(|e| panic!("{name}: {e}: {}{}", printed.out, printed.err));
        assert!(value.as_array().is_none_or(|list| !list.is_empty()), "{name} has something to be compared");
        fits(&operator, name, &value);
    }
    let ks = format!("ks/{app}-development");
    let file = operator.file("deck.yaml", "").display().to_string();
    operator.run(&["export", &file, "--yes"]).ok();
    let made = operator.state().with_file_name("made");
    std::fs::create_dir_all(made.join(".git")).expect("a folder of our own");
    let made = made.display().to_string();
    let overlay = format!("{made}/overlays/development");
    let image = ["--image", "ghcr.io/acme/shop:1.9.0", "--port", "8080", "--environment", "development"];
    let scaffold = [&["scaffold", &made, "--name", "shop", "--write"][..], &image].concat();
    for (name, ask) in [
        ("records", &["export"][..]),
        ("import", &["import", &file, "--dry-run"]),
        ("preview", &["deploy", app, "development", "--tag", "3.0.0", "--dry-run"]),
        ("diff", &["diff", app, "development"]),
        ("tree", &["tree", &ks]),
        ("trace", &["trace", &ks]),
        ("why", &["why", &ks]),
        ("project", &["project", "show", app]),
        ("environment", &["environment", "show", app, "development"]),
        ("sides", &["environment", "compare", app]),
        ("survey", &["adopt", "--dry-run"]),
        ("verified", &["audit", "verify"]),
        ("credentials", &["credential", "list"]),
        ("configuration", &["config", "show"]),
        ("names", &["get", "contexts"]),
        ("scaffold", &scaffold),
        ("set", &["set", &overlay, "--replicas", "3"]),
        ("places", &["set", &overlay]),
        ("findings", &["lint", &made]),
        ("manifests", &["build", &overlay]),
        ("origin", &["origin", "deploy/shop-web", "-n", &ground.namespace("development")]),
    ] {
        fits(&operator, name, &operator.run(&[ask, &["-o", "json"]].concat()).json());
    }
    let namespace = ground.namespace("development");
    let line = crate::support::wait("a line of the log", ground.patience(), || {
        let log = operator.run(&["logs", "deploy/shop-web", "-n", &namespace, "-o", "json"]);
        log.out.lines().next().map(str::to_owned)
    });
    fits(&operator, "line", &serde_json::from_str(&line).expect("a line of JSON"));
    for (name, order) in [
        ("orders", &["reconcile", &ks][..]),
        ("orders", &["suspend", &ks]),
        ("orders", &["resume", &ks]),
        ("done", &["environment", "edit", app, "development", "--interval", "2m"]),
        ("done", &["restart", "deploy/shop-web", "-n", &namespace]),
    ] {
        fits(&operator, name, &operator.run(&[order, &["--yes", "-o", "json"]].concat()).json());
    }
    let source = format!("GitRepository/{app}-development");
    let git = format!("--git={app}:k8s");
    let form = ["--source", &source, "--path", "./k8s/base", &git, "--dry-run", "-o", "json"];
    let files = operator.run(&[&["create", "ks", "extra", "-n", "flux-system"][..], &form].concat()).json();
    fits(&operator, "files", &files);
    let export = operator.run(&["audit", "export"]).ok();
    fits(&operator, "entry", &serde_json::from_str(export.lines().next().unwrap_or_default()).expect("a line of JSON"));
    let names = operator.run(&["schema"]).ok();
    assert!(names.lines().count() >= 10 && !names.contains("$defs"), "{names}");
    operator.run(&["schema", "nothing"]).failed(4);
}

story!(the_doctor_finds_what_is_there_and_what_is_not);
fn the_doctor_finds_what_is_there_and_what_is_not(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let state = |said: &str, id: &str, words: &str| {
        said.lines()
            .find(|line| line.split_whitespace().nth(1) == Some(id) && line.contains(words))
            .map(|line| line[..4].trim().to_owned())
    };
    let said = operator.run(&["doctor"]).ok();
    for (id, words) in [
        ("kubeconfig", ""),
        ("store", "the chain holds"),
        ("git-identity", "Ada Byron"),
        ("cluster", "answers"),
        ("viewer", ""),
        ("git", app),
        ("credential", app),
        ("config", ""),
    ] {
        assert_eq!(state(&said, id, words).as_deref(), Some("ok"), "{id} {words}\n{said}");
    }
    assert_eq!(state(&said, "terminal", "").as_deref(), Some("warn"), "{said}");
    // A credential that is not there is a failure with what to do, and nothing is asked with it.
    operator.run(&["project", "edit", app, "--credential", "env:QUARTERDECK_NO_SUCH_TOKEN"]).ok();
    let said = operator.run(&["doctor", "--offline"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("credential"), "{}", said.err);
    assert!(said.out.contains("QUARTERDECK_NO_SUCH_TOKEN is not set") && said.out.contains("→ Set"), "{}", said.out);
    // Without a kubeconfig the rest is looked at all the same.
    let lost = Operator::lost();
    let said = lost.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert_eq!(state(&said.out, "kubeconfig", "There is no kubeconfig").as_deref(), Some("fail"), "{}", said.out);
    assert_eq!(state(&said.out, "store", "there is none yet").as_deref(), Some("ok"), "{}", said.out);
    assert!(!lost.state().exists(), "a look makes nothing");
}

#[test]
fn the_configuration_is_written_checked_and_heeded() {
    let ground = Ground::new(Kind::Sim, "config").expect("the simulator");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let path = operator.run(&["config", "path"]).ok().trim().to_owned();
    assert!(operator.run(&["config", "check"]).ok().contains("there is none"));
    operator.run(&["config", "init"]).ok();
    assert!(operator.run(&["config", "check"]).ok().contains("nothing is wrong"));
    operator.run(&["config", "init"]).failed(3);
    operator.run(&["config", "init", "--force"]).ok();
    assert!(Path::new(&format!("{path}.old")).exists());
    let write = |text: &str| std::fs::write(&path, text).expect("a file of our own");
    write("theme = \"dark\"\nthem = 1\n");
    for command in [&["config", "check"][..], &["get", "projects"]] {
        let why = operator.run(command).failed(2);
        assert!(why.contains("config.toml:2:1: unknown field `them`"), "{why}");
    }
    write("theme = \"nobody\"\n");
    assert!(operator.run(&["config", "check"]).failed(2).contains("There is no such theme"));
    // What is read-only in one context is not in another.
    write("[contexts.deck]\nreadonly = true\n");
    let why = operator.run(&["suspend", &format!("ks/{app}-development"), "--yes"]).failed(3);
    assert!(why.contains("forbids every one in deck") && why.contains("config.toml"), "{why}");
    // Neither is what is in it reached from another one; what touches no cluster, and looking, is not its business.
    let text = std::fs::read_to_string(ground.kubeconfig()).expect("a kubeconfig of our own");
    let other = "contexts:\n- name: other\n  context: {cluster: deck, user: deck}\n";
    let two = operator.file("two.kubeconfig", &text.replace("contexts:\n", other));
    let from_other = |arguments: &[&str]| {
        let place = ["--kubeconfig", two.to_str().expect("a path"), "--context", "other"];
        operator.run(&[&place[..], arguments].concat())
    };
    for order in [
        &["deploy", app, "development", "--tag", "2.0.0", "--yes"][..],
        &["environment", "edit", app, "development", "--cluster", "other"],
        &["environment", "rm", app, "development"],
        &["project", "rm", app],
    ] {
        let why = from_other(order).failed(3);
        assert!(why.contains("No order is given") && why.contains("forbids every one in deck"), "{order:?}: {why}");
    }
    from_other(&["deploy", app, "development", "--tag", "2.0.0", "--dry-run"]).ok();
    from_other(&["project", "edit", app, "--name", "Shop"]).ok();
    from_other(&["suspend", &format!("ks/{app}-development"), "--yes"]).ok();
    from_other(&["resume", &format!("ks/{app}-development"), "--yes"]).ok();
    write("[contexts.other]\nreadonly = true\n");
    operator.run(&["suspend", &format!("ks/{app}-development"), "--yes"]).ok();
    write("context = \"nope\"\n");
    operator.run(&["get", "ks"]).failed(4);
    operator.run(&["--context", "deck", "get", "ks"]).ok();
}

#[test]
fn shells_complete_what_there_is() {
    let ground = Ground::new(Kind::Sim, "complete").expect("the simulator");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    for shell in ["bash", "zsh", "fish"] {
        assert!(operator.run(&["completions", shell]).ok().contains("QUARTERDECK_COMPLETE"), "{shell}");
    }
    let offered = |words: &[&str]| {
        let index = words.len().to_string();
        let asks = [("QUARTERDECK_COMPLETE", "bash"), ("_CLAP_IFS", "\n"), ("_CLAP_COMPLETE_INDEX", index.as_str())];
        let line: Vec<&str> = ["--", "quarterdeck"].into_iter().chain(words.iter().copied()).collect();
        operator.run_with(&line, &asks).ok().lines().map(|word| word.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(offered(&["dep"]), ["deploy"]);
    assert_eq!(offered(&["deploy", &app[..4]]), [app]);
    assert_eq!(offered(&["deploy", app, "dev"]), ["development"]);
    assert!(offered(&["get", "kusto"]).contains(&"kustomization".to_owned()));
    assert_eq!(offered(&["--context", "de"]), ["deck"]);
    assert_eq!(offered(&["suspend", &format!("ks/{}", &app[..4])]), [format!("ks/{app}-development")]);
    let page = operator.run(&["man"]).ok();
    assert!(page.contains(".TH quarterdeck 1") && page.contains("doctor"), "{page}");
    let folder = operator.state().with_file_name("pages");
    operator.run(&["man", "--to", &folder.to_string_lossy()]).ok();
    assert!(folder.join("quarterdeck-deploy.1").exists());
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/examples").join(name)
}

story!(the_scripts_that_come_along_work);
fn the_scripts_that_come_along_work(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development", "production"]);
    let app = ground.app.as_str();
    let folder = operator.state().with_file_name("job");
    std::fs::create_dir(&folder).expect("a folder of our own");
    let run = |name: &str, arguments: &str| {
        operator.shell(&format!("cd '{}' && '{}' {arguments}", folder.display(), script(name).display()))
    };
    let source = format!("/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/{app}-production");
    crate::support::wait("the artifact to be applied", ground.patience(), || {
        ground.object(&source)?["status"]["artifact"]["revision"].as_str().map(|_| ())
    });
    operator.run(&["sync", app, "production", "--yes", "--wait", "2m"]).ok();
    let said = run("deploy-from-ci.sh", &format!("{app} development 1.2.0")).ok();
    assert!(said.contains("+  newTag: 1.2.0") && said.contains("1.2.0 is healthy"), "{said}");
    let deployment: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("deployment.json")).expect("a file")).expect("JSON");
    assert_eq!(deployment["status"], "succeeded");
    let said = run("promote-nightly.sh", &format!("{app} development production")).ok();
    assert!(said.contains("production"), "{said}");
    let overlay = ground.repo.file("main", "k8s/overlays/production/kustomization.yaml").expect("the overlay");
    assert!(overlay.contains("newTag: 1.2.0"), "{overlay}");
    let again = run("promote-nightly.sh", &format!("{app} development production")).ok();
    assert!(again.contains("Nothing would change"), "{again}");
    // Where others must approve, the job ends with 3 and waits for nobody; no more does a sync, which has nothing to do with it.
    operator.run(&["environment", "edit", app, "production", "--approvers", "1"]).ok();
    operator.run(&["deploy", app, "development", "--tag", "1.3.0", "--yes", "--wait", "2m"]).ok();
    let why = run("promote-nightly.sh", &format!("{app} development production")).failed(3);
    assert!(!why.contains("was applied"), "{why}");
    let why = operator.run(&["sync", app, "production", "--yes", "--wait", "10m"]).failed(3);
    assert!(why.contains("waits for approval"), "{why}");
    let said = run("export-audit.sh", "audit").ok();
    assert!(said.contains("entries of"), "{said}");
    let head: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("audit/head.json")).expect("a file")).expect("JSON");
    assert_eq!(head["unbroken"], true, "{head}");
    let files = std::fs::read_dir(folder.join("audit")).expect("a folder").count();
    assert_eq!(files, 3);
}
