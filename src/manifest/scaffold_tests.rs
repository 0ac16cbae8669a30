//! Scaffolds: what is made, that it renders without a warning, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use domain::change::Severity;

use super::*;
use crate::edit::apply;
use crate::schema::Schemas;
use crate::{build, verdict};

fn overlay(name: &str) -> Overlay {
    Overlay { name: name.into(), path: format!("k8s/overlays/{name}"), namespace: format!("shop-{name}"), host: None }
}

fn request() -> Scaffold {
    let dev = overlay("dev");
    let prod = Overlay { host: Some("shop.example.com".into()), ..overlay("prod") };
    Scaffold { port: Some(8080), replicas: 2, environments: vec![dev, prod], ..Scaffold::new("shop", "ghcr.io/acme/shop:1.10") }
}

fn made(request: &Scaffold) -> Files {
    scaffold(&Files::new(), request).unwrap().into_iter().map(|f| (f.path, f.after.unwrap())).collect()
}

#[test]
fn a_base_and_an_overlay_for_each_environment_are_made() {
    let files = made(&request());
    let paths: Vec<&str> = files.paths().collect();
    assert_eq!(
        paths,
        [
            "k8s/base/deployment.yaml",
            "k8s/base/kustomization.yaml",
            "k8s/base/service.yaml",
            "k8s/overlays/dev/kustomization.yaml",
            "k8s/overlays/prod/ingress.yaml",
            "k8s/overlays/prod/kustomization.yaml",
        ]
    );
    assert_eq!(
        files.text("k8s/overlays/prod/kustomization.yaml", None).unwrap(),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: shop-prod\nresources:\n  - ../../base\n  - ingress.yaml\nimages:\n  - name: ghcr.io/acme/shop\n    newTag: \"1.10\"\nreplicas:\n  - name: shop\n    count: 2\n"
    );
    assert_eq!(
        files.text("k8s/base/service.yaml", None).unwrap(),
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n  labels:\n    app.kubernetes.io/name: shop\nspec:\n  selector:\n    app.kubernetes.io/name: shop\n  ports:\n    - name: http\n      port: 80\n      targetPort: http\n"
    );
}

#[test]
fn what_is_made_renders_and_has_no_warnings() {
    let digest = format!("ghcr.io/acme/shop@sha256:{}", "a".repeat(64));
    let bare = Scaffold { service: false, environments: vec![overlay("dev")], ..Scaffold::new("on", digest) };
    for request in [request(), bare] {
        let files = made(&request);
        for overlay in &request.environments {
            let found = verdict((&files, &files), &overlay.path, &Schemas::built_in(), (false, true)).findings;
            let grave: Vec<_> = found.into_iter().filter(|f| f.severity >= Severity::Warning).collect();
            assert_eq!(grave, [], "{}", request.name);
            let objects = build(&files, &overlay.path).unwrap();
            assert!(objects.iter().all(|o| o.namespace() == overlay.namespace && o.name() == request.name));
            let workload = objects.iter().find(|o| o.kind() == "Deployment").unwrap();
            assert_eq!(workload.value["spec"]["replicas"], request.replicas);
            restricted(&workload.value["spec"]["template"]["spec"]);
            // It can be edited at once, and only its own overlay changes.
            let edit = Edit::set(Field::ImageTag, "2.0.0");
            let applied = apply(&files, &overlay.path, None, &[edit]).unwrap();
            let paths: Vec<&str> = applied.files.iter().map(|f| f.path.as_str()).collect();
            assert_eq!(paths, [format!("{}/kustomization.yaml", overlay.path)]);
        }
    }
}

/// What the restricted Pod security standard asks of a Pod's specification, where it is not met by saying nothing.
fn restricted(pod: &serde_json::Value) {
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    for key in ["hostNetwork", "hostPID", "hostIPC", "volumes"] {
        assert!(pod.get(key).is_none(), "{key}");
    }
    for container in pod["containers"].as_array().unwrap() {
        let context = &container["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false);
        assert_eq!(context["capabilities"], serde_json::json!({"drop": ["ALL"]}));
        assert!(context.get("privileged").is_none() && context.get("runAsUser").is_none());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let fault = |change: &dyn Fn(&mut Scaffold)| {
        let mut request = request();
        change(&mut request);
        scaffold(&Files::new(), &request).unwrap_err().to_string()
    };
    for (change, expect) in [
        (&(|r: &mut Scaffold| r.name = "Shop".into()) as &dyn Fn(&mut Scaffold), "name cannot be \u{201c}Shop\u{201d}"),
        (&|r| r.name = "1shop".into(), "starts with a letter"),
        (&|r| r.image = "ghcr.io/acme/shop".into(), "needs a tag"),
        (&|r| r.image = "ghcr.io/acme/shop:latest".into(), "needs a tag"),
        (&|r| r.image = "ghcr.io/Acme shop:1".into(), "image cannot be"),
        (&|r| r.replicas = 0, "at least one"),
        (&|r| r.replicas = 20_000, "not believable"),
        (&|r| r.port = None, "a Service needs the port"),
        (&|r| r.port = Some(0), "1 to 65535"),
        (&|r| r.environments.clear(), "at least one is needed"),
        (&|r| r.environments[0].namespace = "a_b".into(), "(environment dev)"),
        (&|r| r.environments[0].host = Some("a b".into()), "domain name"),
        (&|r| r.service = false, "an Ingress needs a Service"),
        (&|r| r.environments[0].path = "k8s/base/dev".into(), "within each other"),
        (&|r| r.environments[0].path = "k8s/overlays/prod".into(), "within each other"),
        (&|r| r.environments[0].path = "../out".into(), "leads out of the repository"),
        (&|r| r.base = "/etc".into(), "leads out of the repository"),
        (&|r| r.base = ".".into(), "repository's root"),
    ] {
        let told = fault(change);
        assert!(told.contains(expect), "{told} should say {expect}");
    }
}

#[test]
fn nothing_that_is_there_is_touched() {
    let there: Files = [
        ("k8s/base/deployment.yaml", "kind: Deployment\n"),
        ("k8s/overlays/dev/kustomization.yml", "resources: []\n"),
        ("k8s/overlays/dev/other.yaml", ""),
    ]
    .into_iter()
    .collect();
    let error = scaffold(&there, &request()).unwrap_err();
    assert_eq!(error, Error::Exists { paths: "k8s/base/deployment.yaml, k8s/overlays/dev/kustomization.yml".into() });
    let trouble = domain::Trouble::from(error);
    assert!(trouble.to_string().contains("k8s/base/deployment.yaml"), "{trouble}");
    let mut linked = Files::new();
    linked.insert_link("k8s", "elsewhere");
    assert!(scaffold(&linked, &request()).is_err());
    let file: Files = [("k8s", "text")].into_iter().collect();
    assert_eq!(scaffold(&file, &request()).unwrap_err(), Error::Exists { paths: "k8s".into() });
}
