//! What the program is asked and given: a script in its place that tells.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use domain::TroubleKind;

use super::*;

const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n";
const OWN: &str =
    "  chart: {spec: {chart: charts/web, sourceRef: {kind: GitRepository, name: apps}, valuesFiles: [charts/prod.yaml]}}\n";

/// A password of a proxy.
const SECRET: &str = "far-too-plain";

/// Runs a script as `helm` for the release of a repository.
async fn rendered(script: &str, spec: &str, remote: bool) -> Result<String, Trouble> {
    let programs = tempfile::tempdir().unwrap();
    let program = programs.path().join("helm");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let files: Files = [
        ("apps/web.yaml", format!("{RELEASE}{spec}")),
        ("charts/web/Chart.yaml", "name: web\n".to_owned()),
        ("charts/web/values.yaml", "a: 1\n".to_owned()),
        ("charts/prod.yaml", "a: 2\n".to_owned()),
    ]
    .into_iter()
    .collect();
    let release = manifest::releases(&files, "apps").unwrap().remove(0);
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let export = Export::of(&files).unwrap();
    let defaults = release.defaults(&files).unwrap();
    let helm = Helm::find(&path).unwrap();
    let proxies =
        program::proxies(|name| name.eq_ignore_ascii_case("https_proxy").then(|| format!("http://me:{SECRET}@proxy.invalid:1")));
    let way = Way { path: &path, proxies: if remote { &proxies } else { &[] } };
    let done = helm.render((&export, way), (&release, defaults.as_deref()), remote, Bounds::default()).await;
    let kept = fs::read_to_string(export.root().join("charts/web/values.yaml")).unwrap();
    assert_eq!(kept, "a: 1\n", "the chart is as it was afterwards");
    done.map(|printed| printed.text)
}

#[tokio::test]
async fn it_gets_the_chart_the_values_and_a_home_of_its_own() {
    let script = "echo \"$@\" | sed \"s#$PWD/##; s#$HOME/##\"; cat \"${10}/values.yaml\"; echo; cat \"$5\"; echo; \
                  env | sed 's/=.*//' | grep -v -e PWD -e SHLVL -e '^_$' | sort | tr '\\n' ' '";
    let printed = rendered(script, &format!("{OWN}  values: {{b: true}}\n"), false).await.unwrap();
    let asked = "template --namespace shop --values values.json --skip-tests --include-crds -- web charts/web";
    assert_eq!(printed, format!("{asked}\n{{\"a\":2}}\n{{\"b\":true}}\nHOME PATH "));
}

#[tokio::test]
async fn a_chart_of_another_host_is_asked_for_only_when_that_is_allowed() {
    let spec = "  chart: {spec: {chart: web, version: 1.x, sourceRef: {kind: HelmRepository, name: acme}}}\n---\n\
                apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: acme, namespace: shop}\n\
                spec: {url: 'https://charts.example'}\n";
    let trouble = rendered("echo \"$@\"", spec, false).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Refused);
    assert!(trouble.to_string().contains("on another host: HelmRepository/acme, https://charts.example"), "{trouble}");
    let printed = rendered("echo \"$@\"", spec, true).await.unwrap();
    assert!(printed.starts_with("template --version 1.x --repo https://charts.example --namespace shop"), "{printed}");
    assert!(printed.ends_with(" -- web web\n"), "{printed}");
    let oci = spec.replace("https://charts.example", "oci://charts.example/x");
    let printed = rendered("echo \"$@\"", &oci, true).await.unwrap();
    assert!(
        printed.starts_with("template --version 1.x --namespace") && printed.ends_with(" -- web oci://charts.example/x/web\n"),
        "{printed}"
    );
}

#[tokio::test]
async fn a_program_that_may_reach_other_hosts_is_told_of_the_proxies() {
    let script = "env | grep -i proxy | sort; echo \"no way past $HTTPS_PROXY\" >&2; [ \"$HTTPS_PROXY\" = '' ]";
    assert_eq!(rendered(script, OWN, false).await.unwrap(), "");
    let trouble = rendered(script, OWN, true).await.unwrap_err().to_string();
    assert!(
        trouble.contains("no way past http://") && trouble.contains("proxy.invalid:1") && !trouble.contains(SECRET),
        "{trouble}"
    );
    let printed = rendered("env | grep -i proxy | sort", OWN, true).await.unwrap();
    assert_eq!(
        printed,
        format!("HTTPS_PROXY=http://me:{SECRET}@proxy.invalid:1\nhttps_proxy=http://me:{SECRET}@proxy.invalid:1\n")
    );
}

#[tokio::test]
async fn what_it_says_when_it_fails_is_told() {
    let trouble = rendered("echo \"Error: ${10}: nil pointer\" >&2; exit 1", OWN, false).await.unwrap_err();
    assert_eq!(trouble.to_string(), "helm could not render this: shop/HelmRelease/web: Error: charts/web: nil pointer");
    let gone = OWN.replace("charts/web,", "charts/gone,");
    assert_eq!(rendered("true", &gone, false).await.unwrap_err().kind, TroubleKind::NotFound);
}

#[tokio::test]
async fn what_manifests_say_is_never_an_option_of_helm() {
    let named = rendered("echo \"$@\"", &format!("{OWN}  releaseName: --post-renderer=sh\n"), false).await.unwrap();
    assert!(named.contains(" -- --post-renderer=sh "), "{named}");
    let spec = "  chart: {spec: {chart: --post-renderer=sh, sourceRef: {kind: HelmRepository, name: acme}}}\n---\n\
                apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: acme, namespace: shop}\n\
                spec: {url: 'https://charts.example'}\n";
    let chart = rendered("echo \"$@\"", spec, true).await.unwrap();
    assert!(chart.ends_with(" -- web --post-renderer=sh\n"), "{chart}");
}
