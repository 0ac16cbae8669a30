//! Digest, summary and plan over small trees of files.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use super::*;
use domain::change::Severity;
use domain::ident::{ContextName, EnvironmentId, Slug};
use domain::project::EnvironmentType;
use manifest::schema::Schemas;

const PATH: &str = "k8s/overlays/development/kustomization.yaml";

fn environment() -> Environment {
    let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("dev").unwrap());
    Environment::with_defaults(id, EnvironmentType::Development, ContextName::from("c"))
}

fn files() -> Files {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector:\n    matchLabels: {app: web}\n  \
                      template:\n    metadata:\n      labels: {app: web}\n    spec:\n      containers:\n        - name: web\n          image: shop\n";
    let base = "resources: [deployment.yaml]\n";
    let overlay = "resources: [../../base]\nimages:\n  - name: shop\n    newTag: 1.8.4\nreplicas:\n  - name: web\n    count: 2\n";
    [("k8s/base/deployment.yaml", deployment), ("k8s/base/kustomization.yaml", base), (PATH, overlay)].into_iter().collect()
}

fn plan_of(files: &Files, edits: Vec<Edit>) -> Plan {
    let environment = environment();
    let draft = Draft { edits, ..Draft::new(environment.id.clone()) };
    let head = CommitId::parse(&"a".repeat(40)).unwrap();
    let grounds = Grounds { prune: true, schemas: std::sync::Arc::new(Schemas::built_in()), version: 0, automations: Vec::new() };
    plan(files, (&environment, &grounds), &head, (&draft, &[]), &Actor::system()).unwrap()
}

#[test]
fn a_plan_tells_files_objects_summary_and_expectations() {
    let edits = vec![Edit::set(Field::ImageTag, "1.8.5"), Edit::set(Field::Replicas, "6")];
    let plan = plan_of(&files(), edits);
    assert_eq!(plan.preview.files.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), [PATH]);
    assert_eq!(plan.summary, "image 1.8.4 \u{2192} 1.8.5, replicas 2 \u{2192} 6");
    assert_eq!(plan.expect_images, [("web".to_owned(), "shop:1.8.5".to_owned())]);
    assert_eq!(plan.expect_replicas, Some(6));
    assert_eq!(plan.preview.rendered.len(), 1);
    assert!(plan.preview.yaml.contains("image: shop:1.8.5"), "{}", plan.preview.yaml);
    assert!(plan.preview.render_trouble.is_none() && !plan.preview.message.is_empty());
    assert_eq!(plan.changes.len(), 1);
}

#[test]
fn a_question_stands_in_the_preview_and_nothing_goes_out_before_it_is_answered() {
    let mut shared = files();
    let text = shared.text("k8s/base/deployment.yaml", None).unwrap().to_owned();
    let own = text.replace("image: shop", "image: &image other:1\n        - name: side\n          image: *image");
    shared.insert("k8s/overlays/development/web.yaml", own.replace("name: web\nspec", "name: own\nspec"));
    shared.insert(PATH, "resources: [web.yaml]\n");
    let edits =
        vec![Edit { container: Some("side".to_owned()), ..Edit::set(Field::ImageTag, "2") }, Edit::set(Field::Replicas, "6")];
    let plan = plan_of(&shared, edits.clone());
    assert_eq!(plan.preview.asks.len(), 1, "{:?}", plan.preview.asks);
    let ask = &plan.preview.asks[0];
    assert_eq!((&ask.field, ask.container.as_deref()), (&Field::ImageTag, Some("side")));
    assert_eq!(plan.preview.files.len(), 1, "what needs no answer is shown");
    let choice = Some(ask.offers[0].choice.clone());
    let trouble = plan.settled().unwrap_err();
    assert!(trouble.to_string().contains("web.yaml"), "{trouble}");
    let answered = edits.into_iter().map(|e| if e.container.is_some() { Edit { choice: choice.clone(), ..e } } else { e });
    let plan = plan_of(&shared, answered.collect()).settled().unwrap();
    assert!(plan.preview.summary.iter().any(|s| s.starts_with("image 1 \u{2192} 2")), "{:?}", plan.preview.summary);
}

#[test]
fn the_digest_pins_the_resulting_tree_and_what_it_renders_to() {
    let edits = || vec![Edit::set(Field::ImageTag, "1.8.5")];
    let digest = |files: &Files| plan_of(files, edits()).preview.digest;
    let before = digest(&files());
    assert_eq!(digest(&files()), before);
    let mut beneath = files();
    let text = format!("# beneath\n{}", beneath.text("k8s/base/deployment.yaml", None).unwrap());
    beneath.insert("k8s/base/deployment.yaml", text);
    assert_ne!(digest(&beneath), before, "another file of the tree differs although what is rendered is the same");
    let mut base = files();
    let text = base
        .text("k8s/base/deployment.yaml", None)
        .unwrap()
        .replace("name: web\n          image", "name: web\n          tty: true\n          image");
    base.insert("k8s/base/deployment.yaml", text);
    assert_ne!(digest(&base), before, "what is rendered differs although the touched file is the same");
    let mut comment = files();
    let text = format!("# careful\n{}", comment.text(PATH, None).unwrap());
    comment.insert(PATH, text);
    assert_ne!(digest(&comment), before, "the touched file differs although what is rendered is the same");
}

#[test]
fn what_is_there_already_changes_nothing_and_secrets_stay_out_of_the_summary() {
    assert!(plan_of(&files(), vec![Edit::set(Field::ImageTag, "1.8.4")]).preview.is_empty());
    let plan = plan_of(&files(), vec![Edit::set(Field::Env("PASSWORD".into()), "hunter2")]);
    assert_eq!(plan.summary, "env PASSWORD added");
}

#[test]
fn what_was_wrong_before_is_lowered_and_what_a_change_makes_wrong_is_not() {
    let mut all = files();
    let wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\ndate: {}\n";
    all.insert("k8s/overlays/development/old.yaml", wrong);
    all.insert(PATH, all.text(PATH, None).unwrap().replace("[../../base]", "[../../base, old.yaml]"));
    let unknown = |plan: &Plan| -> Vec<Severity> {
        plan.preview.findings.iter().filter(|f| f.object.as_deref() == Some("ConfigMap/old")).map(|f| f.severity).collect()
    };
    let plan = plan_of(&all, vec![Edit::set(Field::ImageTag, "1.8.5")]);
    assert_eq!(unknown(&plan), [Severity::Warning]);
    let linted = manifest::lint(&all, "k8s/overlays/development", &Schemas::built_in());
    assert!(linted.iter().any(|f| f.severity == Severity::Error && f.message.contains("date")), "{linted:?}");
}

#[test]
fn texts_need_no_workload_and_say_when_they_do_nothing() {
    let folder = "k8s/overlays/development";
    let settings = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: settings}\ndata: {a: '1'} # kept\n";
    let files: Files =
        [(PATH, "resources: [settings.yaml]\n"), ("k8s/overlays/development/settings.yaml", settings)].into_iter().collect();
    let environment = environment();
    let head = CommitId::parse(&"a".repeat(40)).unwrap();
    let grounds = Grounds { prune: true, schemas: std::sync::Arc::new(Schemas::built_in()), version: 0, automations: Vec::new() };
    let other = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("prod").unwrap());
    let plan_of = |after: String| {
        let path = format!("{folder}/settings.yaml");
        let texts = vec![FileChange { path, before: Some(settings.to_owned()), after: Some(after) }];
        let draft = Draft { texts, ..Draft::new(environment.id.clone()) };
        let others = std::slice::from_ref(&other);
        plan(&files, (&environment, &grounds), &head, (&draft, others), &Actor::system()).unwrap()
    };
    let rules = |plan: &Plan| plan.preview.findings.iter().map(|f| f.rule.clone()).collect::<Vec<_>>();
    let changed = plan_of(settings.replace("'1'", "'2'"));
    assert_eq!((changed.workload.as_ref(), changed.summary.as_str()), (None, "edit of ConfigMap/settings"));
    assert_eq!(changed.preview.message, "Edit ConfigMap/settings in shop dev");
    assert_eq!((changed.changes.len(), changed.preview.rendered.len()), (1, 1));
    assert!(rules(&changed).contains(&"shared-file".to_owned()) && !rules(&changed).contains(&"no-effect".to_owned()));
    let comment = plan_of(settings.replace("kept", "still kept"));
    assert!(rules(&comment).contains(&"no-effect".to_owned()) && !comment.preview.is_empty());
    assert!(plan_of(settings.to_owned()).preview.is_empty(), "what is there already changes nothing");
    assert!(plan_of("kind: {".to_owned()).preview.render_trouble.is_some());
}
