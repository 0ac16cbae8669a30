//! An engine for tests of the form: it answers queries about shop/production with a small repository of its own.
#![expect(clippy::unwrap_used, reason = "a fixture that does not hold fails its test")]

use std::sync::Arc;

use domain::change::{Draft, FileChange, Finding, FormFacts, ObjectChange, Preview, Risk, Severity};
use domain::edit::{Ask, Bound, Choice, Edit, Field, Found, Offer, Probe, ProbePart, Resource, WorkloadRef};
use domain::orders::Order;
use domain::query::{Answer, Query};
use domain::revision::CommitId;

use crate::effects::{Reply, Wish};
use crate::fixture::Stage;
use crate::place::TabId;
use crate::words::Language;

const OVERLAY: &str = "k8s/overlays/production/kustomization.yaml";
const TEXT: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ../../base\nimages:\n  - name: ghcr.io/acme/shop\n    newTag: 1.8.4  # keep in step with api\nreplicas:\n  - name: shop-web\n    count: 6\n";
const OBJECT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop-web\n  namespace: shop-production\nspec:\n  replicas: 6\n  template:\n    spec:\n      containers:\n      - name: web\n        image: ghcr.io/acme/shop:1.8.4\n        env:\n        - name: NODE_ENV\n          value: production\n";

/// Returns a commit id that starts with these digits.
pub(crate) fn commit(start: &str) -> CommitId {
    CommitId::parse(&format!("{start:0<40}")).unwrap()
}

fn found(field: Field, value: &str, file: &str, line: usize, why: &str) -> Found {
    let alone =
        matches!(field, Field::Replicas | Field::Label(_) | Field::ServiceType | Field::ServicePort(_) | Field::IngressHost);
    let container = (!alone && !matches!(field, Field::Config(..))).then(|| "web".to_owned());
    Found { field, container, value: value.to_owned(), file: file.to_owned(), line, why: why.to_owned() }
}

/// Returns what the form of shop/production starts from.
pub(crate) fn facts() -> FormFacts {
    let web = WorkloadRef { kind: "Deployment".to_owned(), name: "shop-web".to_owned() };
    let base = "k8s/base/deployment.yaml";
    let figure = |bound, resource, value: &str, line| {
        found(Field::Resource(bound, resource), value, base, line, "container web of Deployment shop-web")
    };
    FormFacts {
        environment: "shop/production".parse().unwrap(),
        head: commit("9e1c21d"),
        workload: web.clone(),
        workloads: vec![web],
        containers: vec!["web".to_owned()],
        init: Vec::new(),
        found: vec![
            found(Field::ImageName, "ghcr.io/acme/shop", base, 17, "container web of Deployment shop-web"),
            found(Field::ImageTag, "1.8.4", OVERLAY, 7, "images: entry of the overlay"),
            found(Field::PullPolicy, "IfNotPresent", base, 18, "container web of Deployment shop-web"),
            found(Field::Replicas, "6", OVERLAY, 10, "replicas: entry of the overlay"),
            found(Field::Env("NODE_ENV".to_owned()), "production", base, 21, "container web of Deployment shop-web"),
            found(Field::Env("API_URL".to_owned()), "https://api.acme.example", base, 23, "container web of Deployment shop-web"),
            found(
                Field::Env("POD_NAME".to_owned()),
                "",
                base,
                24,
                "comes from the Pod's field metadata.name, container web of Deployment shop-web",
            ),
            figure(Bound::Request, Resource::Cpu, "100m", 27),
            figure(Bound::Limit, Resource::Cpu, "500m", 30),
            figure(Bound::Request, Resource::Memory, "128Mi", 28),
            figure(Bound::Limit, Resource::Memory, "512Mi", 31),
        ]
        .into_iter()
        .chain(beside())
        .collect(),
    }
}

/// Returns what there is besides: a reference, a port, probes, labels, a Service with an Ingress, generated configuration.
fn beside() -> Vec<Found> {
    let (base, service) = ("k8s/base/deployment.yaml", "k8s/base/service.yaml");
    let web = "container web of Deployment shop-web";
    let (object, why) = ("Deployment shop-web", "Service shop-web");
    vec![
        found(Field::Env("API_TOKEN".to_owned()), "", base, 33, "comes from Secret shop-api, key token, container web"),
        found(Field::EnvRef("API_TOKEN".to_owned()), "secret:shop-api/token", base, 35, web),
        found(Field::Port("http".to_owned()), "8080", base, 19, web),
        found(Field::Probe(Probe::Liveness, ProbePart::Path), "/healthz", base, 37, web),
        found(Field::Probe(Probe::Liveness, ProbePart::Port), "http", base, 38, web),
        found(Field::Probe(Probe::Readiness, ProbePart::Path), "/ready", base, 41, web),
        found(Field::Probe(Probe::Readiness, ProbePart::Port), "http", base, 42, web),
        found(Field::Label("team".to_owned()), "storefront", base, 6, object),
        found(Field::ServiceType, "ClusterIP", service, 6, why),
        found(Field::ServicePort("http".to_owned()), "80", service, 10, why),
        found(Field::IngressHost, "shop.example.org", "k8s/overlays/production/ingress.yaml", 8, "Ingress shop-web"),
        found(
            Field::Config("shop-config".to_owned(), "LOG_LEVEL".to_owned()),
            "info",
            OVERLAY,
            14,
            "configMapGenerator of the overlay",
        ),
    ]
}

/// Returns what a draft would change: tag and replicas in the overlay, variables in the object.
pub(crate) fn preview(draft: &Draft) -> Preview {
    let (mut text, mut object) = (TEXT.to_owned(), OBJECT.to_owned());
    for Edit { field, value, .. } in &draft.edits {
        let value = value.as_deref().unwrap_or_default();
        match field {
            Field::ImageTag => (text, object) = (text.replace("1.8.4", value), object.replace("1.8.4", value)),
            Field::Replicas => {
                text = text.replace("count: 6", &format!("count: {value}"));
                object = object.replace("replicas: 6", &format!("replicas: {value}"));
            }
            Field::Env(name) => object = format!("{object}        - name: {name}\n          value: {value}\n"),
            _ => {}
        }
    }
    let changed = text != TEXT;
    let severity = if text.contains("forbidden") { Severity::Error } else { Severity::Warning };
    let finding = Finding::new(severity, "production", "this goes to production").at(OVERLAY, 7);
    Preview {
        environment: draft.environment.clone(),
        base: commit("9e1c21d"),
        branch: "main".to_owned(),
        files: changed
            .then(|| FileChange { path: OVERLAY.to_owned(), before: Some(TEXT.to_owned()), after: Some(text.clone()) })
            .into_iter()
            .collect(),
        rendered: (object != OBJECT)
            .then(|| ObjectChange {
                object: "shop-production/Deployment/shop-web".to_owned(),
                before: Some(OBJECT.to_owned()),
                after: Some(object.clone()),
            })
            .into_iter()
            .collect(),
        yaml: format!(
            "{object}---\napiVersion: v1\nkind: Service\nmetadata:\n  name: shop-web\nspec:\n  ports:\n  - port: 80 # http\n"
        ),
        charts: Vec::new(),
        answers: Vec::new(),
        schemas: 0,
        origins: vec![("shop-production/Deployment/shop-web".to_owned(), "k8s/base/deployment.yaml".to_owned())],
        summary: summary(draft),
        risk: if changed {
            Risk { score: 35, reasons: vec![(25, "it goes to production".to_owned()), (10, "replicas change".to_owned())] }
        } else {
            Risk::default()
        },
        asks: asks(draft),
        findings: changed.then_some(finding).into_iter().collect(),
        message: draft.message.clone().unwrap_or_else(|| "Deploy shop to production".to_owned()),
        author: "Ada Byron <ada@example.org>".to_owned(),
        will: vec!["Commits to main and pushes it.".to_owned(), "Then it waits for a manual sync.".to_owned()],
        digest: format!("digest of {}", text.len() + object.len()),
        render_trouble: None,
        restoring: None,
        overwriters: Vec::new(),
    }
}

fn summary(draft: &Draft) -> Vec<String> {
    let said = |edit: &Edit| {
        let value = edit.value.as_deref().unwrap_or_default();
        match edit.field {
            Field::ImageTag => Some(format!("image 1.8.4 → {value} in Deployment shop-web")),
            Field::Replicas => Some(format!("replicas 6 → {value} in Deployment shop-web")),
            _ => None,
        }
    };
    draft.edits.iter().filter_map(said).collect()
}

/// Asks about the CPU limit, whose value stands under an anchor, until it is answered.
fn asks(draft: &Draft) -> Vec<Ask> {
    let field = Field::Resource(Bound::Limit, Resource::Cpu);
    let open = draft.edits.iter().filter(|e| e.field == field && e.choice.is_none());
    let offer =
        |choice, line, what: &str| Offer { choice, file: "k8s/base/deployment.yaml".to_owned(), line, what: what.to_owned() };
    let ask = |edit: &Edit| Ask {
        container: edit.container.clone(),
        field: field.clone(),
        why: "is written once, at k8s/base/deployment.yaml:12 and used at k8s/base/deployment.yaml:30".to_owned(),
        offers: vec![
            offer(Choice::Own, 30, "changes container web only"),
            offer(Choice::Written, 12, "changes web and metrics, which share the value"),
        ],
    };
    open.map(ask).collect()
}

/// Answers what is asked until nothing more is, and returns the orders that were given meanwhile.
pub(crate) fn answer(stage: &mut Stage, kept: Option<&Draft>) -> Vec<Order> {
    let mut orders = Vec::new();
    loop {
        let wishes = stage.wishes();
        if wishes.is_empty() {
            return orders;
        }
        for wish in wishes {
            let (ticket, answer) = match wish {
                Wish::Ask(ticket, Query::Form(_)) => (ticket, Answer::Form(Arc::new(facts()))),
                Wish::Ask(ticket, Query::Draft(_)) => (ticket, Answer::Draft(kept.cloned().map(Box::new))),
                Wish::Ask(ticket, Query::Preview(draft)) => (ticket, Answer::Preview(Arc::new(preview(&draft)))),
                Wish::Give(_, order) => {
                    orders.push(order);
                    continue;
                }
                Wish::Ask(..) | Wish::Forget(_) => continue,
            };
            stage.reply(Reply::Answer(ticket, Ok(answer)));
        }
    }
}

/// Returns a stage on which shop/production is chosen and a tab is shown, nothing answered yet.
pub(crate) fn chosen(tab: TabId, wide: u16, high: u16, language: Language) -> Stage {
    let mut stage = Stage::new(wide, high, language);
    stage.keys("2 G d");
    assert_eq!(stage.session.cx().desk.environment, Some(facts().environment), "the fleet has shop/production");
    if tab != TabId::Deploy {
        stage.keys(&format!("alt-{}", crate::tabs::entry(tab).number));
    }
    stage
}

/// Returns a stage on which the form of shop/production is filled from Git.
pub(crate) fn filled(wide: u16, high: u16, language: Language) -> Stage {
    let mut stage = chosen(TabId::Deploy, wide, high, language);
    answer(&mut stage, None);
    stage
}

/// Returns what lies between header and footer, as text and then as styles.
pub(crate) fn body(stage: &Stage) -> String {
    let frame = stage.frame();
    let high = usize::from(stage.session.size().height);
    let text = frame.lines().skip(3).take(high - 4);
    let within = |line: &&str| {
        line.split_once(':').and_then(|(y, _)| y.trim().parse().ok()).is_some_and(|y: usize| (3..high - 1).contains(&y))
    };
    text.chain([""]).chain(frame.lines().skip(high + 1).filter(within)).fold(String::new(), |out, line| out + line + "\n")
}
