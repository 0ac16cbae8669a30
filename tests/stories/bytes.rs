//! Bytes from outside: every text of every object that is watched, authors, messages and paths in Git and what a Git server says do
//! to a terminal what text can. Nothing of it steers one: the console writes its own sequences alone, and what subcommands print and
//! export is plain text.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::console::{Console, Operator};
use crate::support::ground::{Ground, Kind};
use crate::support::sequences::{MARK, POISON, only_ours, plain};

/// What a console shows in the place of an escape.
const SHOWN: &str = "\u{241b}";
const LIMIT: Duration = Duration::from_mins(1);

/// What gives an object its identity, its shape or a meaning that a server keeps: the rest is anybody's text.
const KEPT: [&str; 12] = [
    "apiVersion",
    "kind",
    "namespace",
    "uid",
    "resourceVersion",
    "type",
    "status",
    "protocol",
    "restartPolicy",
    "phase",
    "finalizers",
    "quarterdeck.dev/deployment",
];

/// Tells whether a text is read as something else: a moment, a quantity, a duration, a revision.
fn read(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) || text.contains("@sha") || text.is_empty()
}

fn poisoned(value: &mut Value, names: bool) {
    match value {
        Value::String(text) if !read(text) => text.push_str(POISON),
        Value::Array(all) => all.iter_mut().for_each(|one| poisoned(one, names)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut().filter(|(name, _)| !KEPT.contains(&name.as_str())) {
                if names || name != "name" {
                    poisoned(field, names);
                }
            }
        }
        _ => {}
    }
}

/// Returns an object of every kind of Flux, with what such objects say.
fn flux(namespace: &str) -> Vec<Value> {
    let kinds = [
        ("source.toolkit.fluxcd.io/v1", "GitRepository"),
        ("source.toolkit.fluxcd.io/v1", "OCIRepository"),
        ("source.toolkit.fluxcd.io/v1", "HelmRepository"),
        ("source.toolkit.fluxcd.io/v1", "HelmChart"),
        ("source.toolkit.fluxcd.io/v1", "Bucket"),
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        ("image.toolkit.fluxcd.io/v1", "ImageRepository"),
        ("image.toolkit.fluxcd.io/v1", "ImagePolicy"),
        ("image.toolkit.fluxcd.io/v1", "ImageUpdateAutomation"),
        ("notification.toolkit.fluxcd.io/v1beta3", "Alert"),
        ("notification.toolkit.fluxcd.io/v1beta3", "Provider"),
        ("notification.toolkit.fluxcd.io/v1", "Receiver"),
    ];
    let now = "2026-11-20T10:00:00Z";
    let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status, "reason": "BuildFailed", "message": "it failed", "lastTransitionTime": now });
    let whole = |(version, kind): (&str, &str)| {
        json!({
            "apiVersion": version, "kind": kind,
            "metadata": {
                "name": format!("bad-{}", kind.to_lowercase()), "namespace": namespace, "creationTimestamp": now,
                "uid": format!("uid-{kind}"), "generation": 1,
                "labels": { "team": "red" }, "annotations": { "note": "by hand" },
            },
            "spec": {
                "suspend": true, "interval": "10m", "url": "https://git.example/shop", "path": "./k8s", "image": "ghcr.io/acme/shop",
                "sourceRef": { "kind": "GitRepository", "name": "fleet" }, "ref": { "branch": "main" },
                "chart": { "spec": { "chart": "shop", "version": "1.0.0", "sourceRef": { "kind": "HelmRepository", "name": "charts" } } },
                "dependsOn": [{ "name": "other" }], "secretRef": { "name": "secret" }, "bucketName": "bucket", "endpoint": "s3.example",
            },
            "status": {
                "observedGeneration": 1, "lastAppliedRevision": "main@sha1:0123456789012345678901234567890123456789",
                "lastAttemptedRevision": "main@sha1:0123456789012345678901234567890123456789",
                "conditions": [condition("Ready", "False"), condition("Stalled", "True")],
                "artifact": { "revision": "main@sha1:0123456789012345678901234567890123456789", "url": "http://source/shop.tar.gz",
                    "path": "x", "digest": "sha256:00", "lastUpdateTime": now },
                "history": [{ "chartName": "shop", "chartVersion": "1.0.0", "status": "failed", "name": "shop", "namespace": "x",
                    "version": 1, "firstDeployed": now, "lastDeployed": now }],
                "latestRef": { "name": "shop", "tag": "latest" }, "lastScanResult": { "latestTags": ["latest"], "tagCount": 1, "scanTime": now },
                "inventory": { "entries": [{ "id": format!("{namespace}_bad_apps_Deployment"), "v": "v1" }] },
            },
        })
    };
    kinds.map(whole).into()
}

/// Puts poisoned twins of everything that is there into the cluster, and poisoned objects of every kind of Flux.
fn poison(ground: &Ground, namespace: &str) {
    let sim = ground.simulator();
    let mut all: Vec<Value> = sim.dump().into_iter().filter(|object| object["kind"] != "CustomResourceDefinition").collect();
    all.extend(flux(namespace));
    for (at, mut object) in all.into_iter().enumerate() {
        // A twin that nobody owns is nobody's to tidy up.
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("ownerReferences");
            metadata.remove("managedFields");
        }
        let name = format!("bad-{at}-{}", object["metadata"]["name"].as_str().unwrap_or_default());
        // Every third has a name that no server takes: not all servers are honest.
        poisoned(&mut object, at % 3 == 0);
        let name = if at % 3 == 0 { format!("{name}{POISON}") } else { name };
        object["metadata"]["name"] = name.into();
        object["metadata"]["uid"] = format!("bad-{at}").into();
        if object["kind"] == "Kustomization" || object["kind"] == "GitRepository" {
            object["spec"]["suspend"] = true.into();
        }
        sim.overwrite(object);
    }
}

/// Commits as somebody whose name, message and paths are poison.
fn commit_poison(ground: &Ground) {
    let quoted = |text: &str| {
        text.bytes().fold(String::new(), |mut all, byte| {
            write!(all, "\\{byte:03o}").expect("a text grows");
            all
        })
    };
    let without = |taken: &str| POISON.chars().filter(|c| !taken.contains(*c)).collect::<String>();
    let (clean, name) = (without("\r\n<>"), without("\r\n/\\"));
    let message = format!("Poison {POISON}\n\nbody {POISON}\n");
    let head = ground.repo.head("main").expect("a branch");
    ground.repo.import(&format!(
        "commit refs/heads/main\nauthor A{clean} <a{clean}@example.test> 1767603900 +0000\ncommitter B{clean} <b@example.test> 1767603900 +0000\n\
         data {}\n{message}\nfrom {head}\nM 100644 inline \"k8s/overlays/development/{}.yaml\"\ndata 5\na: 1\n\ndone\n",
        message.len(),
        quoted(&name)
    ));
}

/// Waits until nothing more is drawn for a while; what it shows is looked at afterwards, whatever it is.
fn still(console: &Console) {
    let (mut last, mut times) = (0, 0);
    crate::support::wait("the screen comes to rest", LIMIT, || {
        let now = console.bytes();
        times = if now == last { times + 1 } else { 0 };
        last = now;
        (times >= 3).then_some(())
    });
}

/// Goes through tabs and what can be opened in them.
fn walk(operator: &Operator, language: &str, tabs: &[&str]) {
    let mut console = operator.console_as(160, 48, &[("LANG", language), ("COLORTERM", "truecolor")]);
    console.until("a live console", LIMIT, |screen| screen.contains('\u{25cf}'));
    let mut seen = 0;
    for tab in tabs {
        // With Alt, which goes to a tab from within a form, too.
        console.keys(&format!("\u{1b}{tab}"));
        still(&console);
        // Open what is selected and its YAML, ask why another one is as it is, open the last one, and back. An escape in one breath
        // with another key would be that key with Alt.
        for keys in ["\r", "\u{19}", "\u{1b}", "jjw", "\u{1b}", "/bad\r", "G\r", "\u{1b}", "\u{1b}"] {
            console.keys(keys);
            still(&console);
            seen += usize::from(console.text().contains(SHOWN));
        }
    }
    for keys in ["?", "\u{1b}", ":", "bad", "\u{1b}", "!", "\u{1b}"] {
        console.keys(keys);
        still(&console);
    }
    assert!(seen > tabs.len(), "the console shows what was said as it was said, in {seen} places only:\n{}", console.text());
    let drawn = only_ours(&format!("the console in {language}"), &console.raw());
    assert!(drawn > 1_000 * tabs.len(), "{drawn} characters");
}

/// Breaks a console with what would steer a terminal as its last words: neither they nor the report do.
fn crashes(operator: &Operator) {
    operator.file("words", POISON);
    let line = "QUARTERDECK_PANIC=\"$(cat \"$HOME/words\")\" \"$QUARTERDECK\"; echo \"status $?\"; read -r line";
    let mut broken = operator.shell_in_terminal(line, 150, 44);
    broken.see("\u{25cf}");
    broken.keys("j");
    broken.see("status 1");
    only_ours("the end of a console that broke", &broken.raw());
    let report = std::fs::read(operator.state().join("crash.txt")).expect("a report");
    plain("the report of a crash", &report);
    assert!(String::from_utf8_lossy(&report).contains(SHOWN), "what was said is in it");
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let ground = Ground::new(Kind::Sim, "bytes").expect("the simulator is always there");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development", "production"]);
    let app = ground.app.as_str();
    operator.run(&["deploy", app, "development", "--tag", "1.1.0", "--yes", "--wait", "2m"]).ok();
    commit_poison(&ground);
    poison(&ground, &ground.namespace("development"));
    // The server speaks through its hook, and takes the push nevertheless.
    let said: String = POISON.chars().filter(|c| *c != '\n').collect();
    ground.repo.set_hook("pre-receive", &format!("#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 1\n"));
    let refusal = operator.run(&["deploy", app, "development", "--tag", "1.2.0", "--yes", "--message", &format!("why {MARK}")]);
    assert!(refusal.err.contains(SHOWN), "what the server said is told: {}", refusal.err);
    plain("a refused push", refusal.err.as_bytes());
    assert_ne!(refusal.code, 0);

    // All of it takes a minute and a half in a debug build.
    let whole = std::env::var_os("QUARTERDECK_BYTES").is_some_and(|wanted| wanted == "all");
    let kinds =
        ["all", "ks", "gitrepo", "hr", "helmrepo", "ocirepo", "bucket", "imgrepo", "imgpol", "alert", "provider", "receiver"];
    let kinds = if whole { &kinds[..] } else { &kinds[..1] };
    let mut commands: Vec<Vec<String>> = Vec::new();
    for kind in kinds {
        let all = *kind == "ks" || *kind == "all";
        for format in if all { &["table", "wide", "json", "yaml", "name"][..] } else { &["wide"] } {
            commands.push(["get", kind, "-A", "-o", *format].map(str::to_owned).into());
        }
    }
    for line in [
        "tree",
        "events",
        "logs",
        "history",
        "history -o json",
        "audit",
        "audit export",
        "audit export --csv",
        "monitor",
        "doctor",
        "kinds",
        "adopt",
        "get projects -o yaml",
        "get environments -o wide",
    ] {
        commands.push(line.split(' ').map(str::to_owned).collect());
    }
    for verb in ["diff", "why", "lint", "check", "trace"] {
        commands.push([verb, app, "development"].map(str::to_owned).into());
    }
    let mut shown = 0;
    for arguments in commands {
        let said = operator.run(&arguments);
        let what = format!("quarterdeck {}", arguments.join(" "));
        // Rows of CSV end as its RFC wants them to.
        plain(&what, said.out.replace("\r\n", "\n").as_bytes());
        plain(&what, said.err.as_bytes());
        shown += usize::from(said.out.contains(SHOWN) || said.out.contains("\\u001b"));
    }
    assert!(shown > 5, "what was said is printed as it was said, by {shown} commands only");
    crashes(&operator);
    let tabs: &[&str] = if whole { &["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"] } else { &["6"] };
    walk(&operator, "C.UTF-8", tabs);
    if whole {
        walk(&operator, "zh_CN.UTF-8", &["6"]);
    }
}
