//! What a HelmRelease says of its chart, and what is done to what Helm prints.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use serde_json::json;

use super::*;

fn one(spec: &str, beside: &str) -> Release {
    let release = format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: shop}}\nspec:\n{spec}{beside}"
    );
    let files: Files = [("web.yaml", release)].into_iter().collect();
    releases(&files, "").unwrap().remove(0)
}

const OWN: &str = "  chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: apps, namespace: flux-system}, \
                   valuesFiles: [charts/web/values.yaml, ./charts/web/prod.yaml]}}\n";

#[test]
fn names_and_namespaces_are_those_that_flux_gives() {
    let plain = one(OWN, "");
    assert_eq!((plain.key.as_str(), plain.name.as_str(), plain.namespace.as_str()), ("shop/HelmRelease/web", "web", "shop"));
    let moved = one(&format!("{OWN}  targetNamespace: front\n"), "");
    assert_eq!((moved.name.as_str(), moved.namespace.as_str()), ("front-web", "front"));
    let named = one(&format!("{OWN}  targetNamespace: front\n  releaseName: w\n"), "");
    assert_eq!(named.name, "w");
    let long = one(&format!("{OWN}  releaseName: {}\n", "a".repeat(60)), "");
    assert_eq!((long.name.len(), &long.name[..41]), (53, format!("{}-", "a".repeat(40)).as_str()));
}

#[test]
fn a_chart_is_found_wherever_it_is_written() {
    let git = one(OWN, "");
    let values = vec!["charts/web/values.yaml".to_owned(), "charts/web/prod.yaml".to_owned()];
    let source = ("flux-system".to_owned(), "apps".to_owned());
    assert_eq!(git.chart, ChartAt::Git { source, url: None, path: "charts/web".to_owned(), values });
    let remote = "  chart: {spec: {chart: web, version: 1.x, sourceRef: {kind: HelmRepository, name: acme}}}\n";
    let named = |url: Option<&str>| ChartAt::Remote {
        source: "HelmRepository/acme".to_owned(),
        url: url.map(str::to_owned),
        chart: "web".to_owned(),
        version: Some("1.x".to_owned()),
    };
    assert_eq!(one(remote, "").chart, named(None));
    let repository = "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: acme, namespace: shop}\n\
                      spec: {url: https://charts.example}\n";
    assert_eq!(one(remote, repository).chart, named(Some("https://charts.example")));
    let oci = "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: acme, namespace: shop}\n\
               spec: {url: 'oci://charts.example/web', ref: {tag: 1.2.3}}\n";
    let chart = one("  chartRef: {kind: OCIRepository, name: acme}\n", oci).chart;
    let url = Some("oci://charts.example/web".to_owned());
    let source = "OCIRepository/acme".to_owned();
    assert_eq!(chart, ChartAt::Remote { source, url, chart: String::new(), version: Some("1.2.3".to_owned()) });
    assert!(matches!(one("  interval: 1m\n", "").chart, ChartAt::Unknown(_)));
    let out = "  chart: {spec: {chart: ../charts, sourceRef: {kind: GitRepository, name: apps}}}\n";
    assert!(matches!(one(out, "").chart, ChartAt::Unknown(_)));
}

#[test]
fn values_come_together_and_what_is_not_known_is_named() {
    let spec = format!(
        "{OWN}  valuesFrom: [{{kind: ConfigMap, name: base}}, {{kind: Secret, name: gone}}]\n  values: {{a: {{b: 2}}, c: null}}\n"
    );
    let beside = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: base, namespace: shop}\ndata:\n  values.yaml: |\n    a: {b: 1, d: 3}\n";
    let release = one(&spec, beside);
    assert_eq!(serde_json::from_str::<Value>(&release.values).unwrap(), json!({"a": {"b": 2, "d": 3}, "c": null}));
    assert_eq!(release.unknown, ["key values.yaml of Secret gone, which is not in these manifests"]);
}

#[test]
fn files_of_values_stand_for_those_of_the_chart() {
    let files: Files =
        [("charts/web/values.yaml", "a: 1\nb: {c: 1}\n"), ("charts/web/prod.yaml", "b: {c: 2}\n")].into_iter().collect();
    let defaults = one(OWN, "").defaults(&files).unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&defaults).unwrap(), json!({"a": 1, "b": {"c": 2}}));
    assert!(one(OWN, "").defaults(&Files::new()).is_err());
}

#[test]
fn post_renderers_and_common_metadata_change_what_was_printed() {
    let spec = format!(
        "{OWN}  commonMetadata: {{labels: {{team: web}}}}\n  postRenderers:\n  - kustomize:\n      images: [{{name: app, newTag: '2'}}]\n      patches:\n      - target: {{kind: Service}}\n        patch: |\n          - {{op: add, path: /metadata/labels, value: {{x: why}}}}\n"
    );
    let printed = "---\n# Source: web/templates/s.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n---\n\
                   apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: 'app:1'}]}\n";
    let objects = one(&spec, "").objects(printed).unwrap();
    let service = objects.iter().find(|o| o.kind() == "Service").unwrap();
    assert_eq!(service.value["metadata"]["labels"], json!({"x": "why", "team": "web"}));
    let pod = objects.iter().find(|o| o.kind() == "Pod").unwrap();
    assert_eq!(pod.value["spec"]["containers"][0]["image"], "app:2");
    assert_eq!(objects.len(), 2);
}
