//! Story 1 by subcommands: image and replicas for development, from fields to four green stages.

use super::story;
use crate::support::ground::Ground;

story!(ships_a_change);
fn ships_a_change(ground: &Ground) {
    let operator = ground.operator();
    let base = ground.seed();
    ground.add(&operator, &["development", "production"]);
    let app = ground.app.as_str();

    // The diff shows only the lines that change.
    let fields = ["--image", "ghcr.io/acme/shop:1.1.0", "--replicas", "3"];
    let mut ask = vec!["deploy", app, "development"];
    ask.extend(fields);
    let mut dry = ask.clone();
    dry.push("--dry-run");
    let shown = operator.run(&dry).ok();
    let changed: Vec<&str> =
        shown.lines().filter(|l| l.starts_with(['+', '-']) && !l.starts_with("+++") && !l.starts_with("---")).collect();
    assert_eq!(
        changed,
        ["-  newTag: 1.0.0  # keep in step with api", "+  newTag: 1.1.0  # keep in step with api", "-  count: 1", "+  count: 3"],
        "{shown}"
    );
    assert_eq!(ground.repo.head("main").as_deref(), Some(base.as_str()), "a dry run pushes nothing");
    let object = format!("{}/Deployment/shop-web", ground.namespace("development"));
    assert!(shown.contains(&format!("# Objects changed (1): {object}.")), "{shown}");

    // All four stages are green.
    let mut go = ask.clone();
    go.extend(["--yes", "--wait", "2m"]);
    let told = operator.run(&go).ok();
    for stage in ["Git commit done", "Flux sync  done", "Apply      done", "Health     done"] {
        assert!(told.contains(stage), "{stage} in {told}");
    }

    // The commit carries author, message and trailers.
    let log = ground.repo.log("main");
    assert_eq!(log.len(), 2);
    let commit = &log[0];
    assert_eq!(commit.author, "Ada Byron <ada@acme.example>");
    assert!(commit.subject.contains("1.1.0") && commit.subject.contains("development"), "{}", commit.subject);
    let trailer = |name: &str| commit.trailers.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    assert_eq!(trailer("Environment").as_deref(), Some(format!("{app}/development").as_str()));
    assert_eq!(trailer("Deployment-Method").as_deref(), Some("gitops-ui"));
    let id = trailer("Deployment-Id").expect("a trailer with the deployment's id");

    // The journal tells it, and its chain holds.
    let journal = operator.run(&["audit", "--act", "deploy", "-o", "json"]).json();
    let deploys: Vec<&serde_json::Value> = journal.as_array().expect("entries").iter().filter(|e| e["act"] == "deploy").collect();
    let phases: Vec<&str> = deploys.iter().filter_map(|e| e["phase"].as_str()).collect();
    // The order, the commit that is about to be pushed, and what came of it.
    assert_eq!(phases, ["done", "intent", "intent"]);
    assert_eq!(deploys[1]["change"]["value"]["commit"], commit.id.as_str(), "the commit is known before it is pushed");
    operator.run(&["audit", "verify"]).ok();

    // History and environment show what runs.
    let history = operator.run(&["history", app, "-o", "json"]).json();
    assert_eq!((history[0]["id"].as_str(), history[0]["status"].as_str()), (Some(id.as_str()), Some("succeeded")));
    let environments = operator.run(&["get", "environments", app, "-o", "json"]).json();
    let development =
        environments.as_array().expect("a list").iter().find(|e| e["id"]["name"] == "development").expect("development").clone();
    assert_eq!(development["running_images"][0][1], "ghcr.io/acme/shop:1.1.0");
    assert_eq!((development["ready"].as_i64(), development["agrees"].as_bool()), (Some(3), Some(true)));
    assert_eq!(development["revision"], format!("main@sha1:{}", commit.id));

    // The same again changes nothing and says so.
    let again = operator.run(&go).failed(2);
    assert!(again.contains("Nothing would change"), "{again}");
}

story!(changes_variables_and_resources);
fn changes_variables_and_resources(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let told = operator
        .run(&[
            "deploy",
            app,
            "development",
            "--env",
            "LOG_LEVEL=debug",
            "--env",
            "REGION=eu",
            "--cpu",
            "20m:200m",
            "--memory",
            ":96Mi",
            "--yes",
            "--wait",
            "2m",
        ])
        .ok();
    assert!(told.contains("Health     done"), "{told}");
    // The base is left alone: it belongs to production as well.
    let log = ground.repo.log("main");
    assert_eq!(
        ground.repo.git(&["diff-tree", "--no-commit-id", "--name-only", "-r", &log[0].id]).trim(),
        "k8s/overlays/development/kustomization.yaml"
    );
}

story!(the_cluster_is_asked_before_a_commit);
fn the_cluster_is_asked_before_a_commit(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    operator.run(&["deploy", app, "development", "--tag", "1.1.0", "--yes", "--wait", "2m"]).ok();
    let ask = |more: &[&'static str]| [&["deploy", app, "development", "--tag", "1.2.0", "--dry-run", "--live"], more].concat();
    let object = format!("Deployment/{}/shop-web", ground.namespace("development"));

    let shown = operator.run(&ask(&[])).ok();
    assert!(shown.contains(&format!("# live: {object} changed")), "{shown}");
    assert!(shown.contains("#   image 1.1.0 → 1.2.0"), "{shown}");
    let live = operator.run(&ask(&["-o", "json"])).json()["live"].clone();
    assert_eq!(
        (live["manager"].as_str(), live["objects"][0]["verdict"].as_str()),
        (Some("kustomize-controller"), Some("changed"))
    );

    // The server's refusal is said in its own words, and nothing was changed by asking.
    operator.run(&["suspend", &format!("ks/{app}-development"), "-n", "flux-system", "--yes"]).ok();
    let path = "k8s/overlays/development/kustomization.yaml";
    let text = ground.repo.file("main", path).expect("the overlay");
    let labels = format!("{text}labels:\n- pairs: {{team: web}}\n  includeSelectors: true\n");
    ground.repo.commit("main", &[(path, &labels)], "Label everything");
    // What is known of the branch may be some seconds old.
    let refused = crate::support::wait("the server's refusal", ground.patience(), || {
        let live = operator.run(&ask(&["-o", "json"])).json()["live"].clone();
        (live["objects"][0]["verdict"] == "unknown").then(|| live["objects"][0].clone())
    });
    assert!(refused["why"].as_str().is_some_and(|why| why.contains("immutable")), "{refused:#}");
    assert_eq!(ground.repo.log("main").len(), 3, "nobody commits anything by asking");
}
