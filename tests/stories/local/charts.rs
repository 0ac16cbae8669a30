//! Charts rendered by the real helm program, which the test cluster builds.

use super::super::input::refused;
use super::Repository;
use crate::support::programs;

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
  namespace: shop
spec:
  chart:
    spec:
      chart: ./charts/web
      sourceRef:
        kind: GitRepository
        name: apps
      valuesFiles:
      - charts/web/values.yaml
      - charts/web/prod.yaml
  values:
    image: web:2
  postRenderers:
  - kustomize:
      patches:
      - target:
          kind: Deployment
        patch: |
          - op: add
            path: /metadata/labels
            value: {team: web}
";

const TEMPLATE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
      - name: web
        image: {{ .Values.image }}
        args: [{{ .Values.kept | quote }}, {{ (lookup \"v1\" \"Secret\" \"x\" \"y\") | len | quote }}]
";

fn repository() -> Repository {
    let repository = Repository::new();
    repository.file("apps/web.yaml", RELEASE);
    repository.file("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");
    repository.file("charts/web/values.yaml", "replicas: 1\nimage: web:1\nkept: as it is\n");
    repository.file("charts/web/prod.yaml", "replicas: 3\n");
    repository.file("charts/web/templates/web.yaml", TEMPLATE);
    repository
}

#[test]
fn the_chart_of_a_release_is_rendered_behind_it() {
    let programs = match programs() {
        Ok(programs) => programs,
        Err(skip) => return skip.say(),
    };
    let helm = programs.path("helm");
    let bin = helm.parent().expect("a folder");
    let repository = repository();
    let names = repository.run_on(bin, &["build", "apps", "--helm", "-o", "name"]);
    assert_eq!(names.ok(), "shop/HelmRelease/web\nshop/Deployment/web\n");
    let objects = repository.run_on(bin, &["build", "apps", "--helm", "-o", "json"]).json();
    let deployment = &objects[1];
    assert_eq!(deployment["spec"]["replicas"], 3, "the files of values stand for the chart's own");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!((&container["image"], &container["args"]), (&"web:2".into(), &serde_json::json!(["as it is", "0"])));
    assert_eq!(deployment["metadata"]["labels"], serde_json::json!({"team": "web"}));
    repository.file("charts/web/templates/web.yaml", "{{ .Values.image.name }}\n");
    let err = repository.run_on(bin, &["build", "apps", "--helm"]).failed(1);
    assert!(err.contains("helm could not render this: shop/HelmRelease/web") && err.contains("templates/web.yaml"), "{err}");
    assert!(!err.contains("/tmp"), "{err}");
}

#[test]
fn what_cannot_be_rendered_is_named() {
    let repository = repository();
    let none = repository.path("none");
    refused(repository.run_on(&none, &["build", "apps", "--helm"]), 3, &["helm", "not on the PATH", "shop/HelmRelease/web"]);
    assert_eq!(repository.run_on(&none, &["build", "k8s/base", "--helm", "-o", "name"]).ok(), "Deployment/shop-web\n");
    let bin = super::build::fake(&repository, "helm", "echo ran");
    let remote = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec: {chart: {spec: {chart: web, sourceRef: {kind: HelmRepository, name: acme}}}}
";
    repository.file("apps/web.yaml", remote);
    let refusal = repository.run_on(&bin, &["build", "apps", "--helm"]);
    refused(refusal, 3, &["shop/HelmRelease/web", "HelmRepository/acme", "--allow-remote"]);
}
