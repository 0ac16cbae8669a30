//! Services, Ingresses and routes: which are meant, where they are changed, byte for byte.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use domain::edit::Choice;

use super::*;
use crate::edit::apply;
use crate::edit::facts::facts;
use crate::files::Files;

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    metadata:\n      labels: {app: web, tier: front}\n    spec:\n      containers:\n      - name: web\n        image: x:1\n";
const SVC: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector:\n    app: web\n  ports:\n  - name: http # main\n    port: 80\n    targetPort: 8080\n  - {name: metrics, port: 9090}\n";
const INGRESS: &str = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  rules:\n  - host: a.example.com # site\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend: {service: {name: web, port: {name: http}}}\n  tls:\n  - hosts:\n    - \"a.example.com\"\n    secretName: cert\n";

fn kind(value: &str) -> Edit {
    Edit::set(Field::ServiceType, value)
}

fn number(name: &str, value: &str) -> Edit {
    Edit::set(Field::ServicePort(name.into()), value)
}

fn host(value: &str) -> Edit {
    Edit::set(Field::IngressHost, value)
}

fn at(file: &str, line: usize, edit: Edit) -> Edit {
    Edit { choice: Some(Choice::At { file: file.into(), line }), ..edit }
}

/// Applies an edit and compares the one file that changes; the same edit again changes nothing.
#[track_caller]
fn check(list: &[(&str, &str)], path: &str, edit: &Edit, expect: (&str, &str)) {
    let mut files: Files = list.iter().copied().collect();
    let applied = apply(&files, path, None, std::slice::from_ref(edit)).unwrap();
    let told: Vec<(&str, &str)> = applied.files.iter().map(|f| (f.path.as_str(), f.after.as_deref().unwrap())).collect();
    assert_eq!(told, [expect]);
    files.insert(expect.0, expect.1);
    assert!(
        apply(&files, path, None, std::slice::from_ref(edit)).unwrap().files.is_empty(),
        "the same edit again changes nothing"
    );
}

#[track_caller]
fn plain(object: &str, edit: &Edit, after: &str) {
    check(&[("k/web.yaml", WEB), ("k/net.yaml", object), ("k/svc.yaml", SVC)], "k", edit, ("k/net.yaml", after));
}

#[track_caller]
fn service(before: &str, edit: &Edit, after: &str) {
    check(&[("k/web.yaml", WEB), ("k/svc.yaml", before)], "k", edit, ("k/svc.yaml", after));
}

#[track_caller]
fn overlay(before: &str, edit: &Edit, after: &str) {
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml, svc.yaml, ingress.yaml]\n"),
        ("base/web.yaml", WEB),
        ("base/svc.yaml", SVC),
        ("base/ingress.yaml", INGRESS),
        ("o/kustomization.yaml", before),
    ];
    check(&list, "o", edit, ("o/kustomization.yaml", after));
}

#[track_caller]
fn fault(list: &[(&str, &str)], edit: &Edit) -> String {
    let files: Files = list.iter().copied().chain([("k/web.yaml", WEB)]).collect();
    apply(&files, "k", None, std::slice::from_ref(edit)).unwrap_err().to_string()
}

#[test]
fn services_are_changed_where_they_stand() {
    let typed = SVC.replace("spec:\n", "spec:\n  type: NodePort\n");
    service(SVC, &kind("NodePort"), &typed);
    service(&typed, &kind("LoadBalancer"), &typed.replace("NodePort", "LoadBalancer"));
    service(&typed, &Edit::remove(Field::ServiceType), SVC);
    service(SVC, &number("http", "8080"), &SVC.replace("port: 80\n", "port: 8080\n"));
    service(SVC, &number("metrics", "9191"), &SVC.replace("port: 9090", "port: 9191"));
    service(SVC, &Edit::remove(Field::ServicePort("metrics".into())), &SVC.replace("  - {name: metrics, port: 9090}\n", ""));
    let bare = "apiVersion: v1\r\nkind: Service\r\nmetadata: {name: web}\r\nspec: {selector: {tier: front}, ports: [{port: 80}]}";
    service(bare, &number("80", "81"), &bare.replace("port: 80", "port: 81"));
    service(bare, &kind("NodePort"), &bare.replace("front}, ", "front}, type: NodePort, "));
    for edit in [kind("ClusterIP"), number("http", "80"), number("metrics", "9090"), Edit::remove(Field::ServicePort("x".into()))]
    {
        let files: Files = [("k/web.yaml", WEB), ("k/svc.yaml", SVC)].into_iter().collect();
        assert!(apply(&files, "k", None, &[edit]).unwrap().files.is_empty());
    }
}

#[test]
fn services_of_a_base_are_overridden() {
    let bare = "resources:\n- ../base\n";
    let typed = "resources:\n- ../base\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata:\n      name: web\n    spec:\n      type: NodePort\n";
    overlay(bare, &kind("NodePort"), typed);
    overlay(typed, &kind("LoadBalancer"), &typed.replace("NodePort", "LoadBalancer"));
    let patched = "resources:\n- ../base\npatches:\n- target:\n    kind: Service\n    name: web\n  patch: |-\n    - op: test\n      path: /spec/ports/1/name\n      value: metrics\n    - op: replace\n      path: /spec/ports/1/port\n      value: 9191\n";
    overlay(bare, &number("metrics", "9191"), patched);
    overlay(patched, &number("metrics", "9292"), &patched.replace("9191", "9292"));
    let removed = patched.replace("replace", "remove").replace("1/port\n      value: 9191", "1");
    overlay(bare, &Edit::remove(Field::ServicePort("metrics".into())), &removed);
    overlay(
        "namePrefix: dev-\nnamespace: dev\nresources: [../base]\npatches: []\n",
        &number("http", "8080"),
        "namePrefix: dev-\nnamespace: dev\nresources: [../base]\npatches:\n  - target:\n      kind: Service\n      name: web\n    patch: |-\n      - op: test\n        path: /spec/ports/0/name\n        value: http\n      - op: replace\n        path: /spec/ports/0/port\n        value: 8080\n",
    );
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml, svc.yaml]\n"),
        ("base/web.yaml", WEB),
        ("base/svc.yaml", SVC),
        ("o/kustomization.yaml", bare),
    ];
    let written = Edit { choice: Some(Choice::Written), ..number("http", "81") };
    check(&list, "o", &written, ("base/svc.yaml", &SVC.replace("port: 80\n", "port: 81\n")));
}

#[test]
fn several_services_are_asked_about() {
    let two = format!("{SVC}---\n{}", SVC.replace("name: web\n", "name: web-internal\n").replace("metrics", "grpc"));
    let files: Files = [("k/web.yaml", WEB), ("k/svc.yaml", two.as_str())].into_iter().collect();
    let ask = |edit: Edit| match apply(&files, "k", None, &[edit]) {
        Err(Error::Choose(ask)) => ask.offers.iter().map(|o| format!("{}:{} {}", o.file, o.line, o.what)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let offers = ["k/svc.yaml:1 changes Service web", "k/svc.yaml:14 changes Service web-internal"];
    assert_eq!(ask(kind("NodePort")), offers);
    assert_eq!(ask(number("http", "81")), offers);
    let list = [("k/web.yaml", WEB), ("k/svc.yaml", two.as_str())];
    let (first, second) = two.split_at(SVC.len() + 4);
    let typed = format!("{first}{}", second.replace("spec:\n", "spec:\n  type: NodePort\n"));
    check(&list, "k", &at("k/svc.yaml", 14, kind("NodePort")), ("k/svc.yaml", &typed));
    // Only one of them has this port.
    check(&list, "k", &number("grpc", "1"), ("k/svc.yaml", &format!("{first}{}", second.replace("port: 9090", "port: 1"))));
}

#[test]
fn a_host_and_its_tls_change_together() {
    plain(INGRESS, &host("b.example.com"), &INGRESS.replace("a.example.com", "b.example.com"));
    plain(
        INGRESS,
        &host("*.example.com"),
        &INGRESS.replace("host: a.example.com", "host: \"*.example.com\"").replace("\"a.", "\"*."),
    );
    let plural = INGRESS.replace("- \"a.example.com\"", "- \"a.example.com\"\n    - b.example.com");
    let moved = plural.replace("host: a.", "host: b.").replace("    - \"a.example.com\"\n", "");
    plain(&plural, &host("b.example.com"), &moved);
    let wild = INGRESS.replace("\"a.example.com\"", "\"*.example.com\"");
    plain(&wild, &host("b.example.com"), &wild.replace("host: a.", "host: b."));
    // The usual way to write it once: the anchor and its use are both meant.
    let shared = INGRESS.replace("host: a.example.com", "host: &host a.example.com").replace("\"a.example.com\"", "*host");
    plain(&shared, &host("b.example.com"), &shared.replace("a.example.com", "b.example.com"));
    let open = INGRESS.replace("host: a.example.com # site\n    http", "http");
    let open = open.split("  tls:").next().unwrap();
    plain(open, &host("b.example.com"), &open.replace("- http:", "- host: b.example.com\n    http:"));
    let fallback = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  defaultBackend: {service: {name: web, port: {number: 80}}}\n  rules: [{host: a.b}]\n";
    plain(fallback, &host("c.b"), &fallback.replace("a.b", "c.b"));
}

#[test]
fn hosts_of_a_base_are_overridden_by_a_json_patch() {
    let bare = "resources:\n- ../base\n";
    let patched = "resources:\n- ../base\npatches:\n- target:\n    group: networking.k8s.io\n    kind: Ingress\n    name: web\n  patch: |-\n    - op: replace\n      path: /spec/rules/0/host\n      value: b.example.com\n    - op: replace\n      path: /spec/tls/0/hosts/0\n      value: b.example.com\n";
    overlay(bare, &host("b.example.com"), patched);
    overlay(patched, &host("c.example.com"), &patched.replace("b.example.com", "c.example.com"));
    let prefixed = format!("namePrefix: dev-\nnamespace: dev\n{bare}");
    overlay(&prefixed, &host("b.example.com"), &patched.replace("resources:", "namePrefix: dev-\nnamespace: dev\nresources:"));
}

#[test]
fn routes_of_the_gateway_lead_to_services_too() {
    let route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames:\n  - a.example.com\n  - b.example.com\n  rules:\n  - backendRefs: [{name: web, port: 80}]\n";
    plain(route, &at("k/net.yaml", 8, host("c.example.com")), &route.replace("b.example.com", "c.example.com"));
    let flow = route.replace("\n  - a.example.com\n  - b.example.com", " [a.example.com]");
    plain(&flow, &host("c.example.com"), &flow.replace("a.example.com", "c.example.com"));
    let none = route.replace("  hostnames:\n  - a.example.com\n  - b.example.com\n", "");
    plain(&none, &host("c.example.com"), &none.replace("  rules:", "  hostnames:\n  - c.example.com\n  rules:"));
}

#[test]
fn several_hosts_are_asked_about_and_what_cannot_be_is_said() {
    let two = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  rules:\n  - host: a.b\n    http: &paths {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}\n  - host: c.d\n    http: *paths\n  - host: e.f\n    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}]}\n";
    let list = [("k/svc.yaml", SVC), ("k/net.yaml", two)];
    let files: Files = list.into_iter().chain([("k/web.yaml", WEB)]).collect();
    let Err(Error::Choose(ask)) = apply(&files, "k", None, &[host("x.y")]) else { panic!("no question") };
    let told: Vec<String> = ask.offers.iter().map(|o| format!("{}:{} {}", o.file, o.line, o.what)).collect();
    assert_eq!(told, ["k/net.yaml:6 changes a.b of Ingress web", "k/net.yaml:8 changes c.d of Ingress web"]);
    plain(two, &at("k/net.yaml", 8, host("x.y")), &two.replace("c.d", "x.y"));
    assert!(apply(&files, "k", None, &[host("c.d")]).unwrap().files.is_empty());
    assert!(fault(&[("k/svc.yaml", SVC)], &host("x.y")).contains("no rule of an Ingress or route leads to Service web"));
    assert!(fault(&[("k/net.yaml", two)], &host("x.y")).contains("no Service selects the Pods of Deployment/web"));
    assert!(fault(&list, &Edit::remove(Field::IngressHost)).contains("answers for every name"));
    assert!(fault(&[("k/svc.yaml", SVC)], &number("none", "1")).contains("Service web has http, metrics"));
    assert!(
        fault(&[("k/svc.yaml", SVC)], &number("http", "9090")).contains("port metrics of Service web has this number already")
    );
    let headless = SVC.replace("spec:\n", "spec:\n  clusterIP: None\n");
    assert!(fault(&[("k/svc.yaml", &headless)], &kind("NodePort")).contains("headless"));
    assert!(fault(&[("k/svc.yaml", SVC)], &kind("ExternalName")).contains("no externalName"));
    let fixed = SVC.replace("spec:\n", "spec:\n  type: NodePort\n").replace("port: 80\n", "port: 80\n    nodePort: 30080\n");
    assert!(fault(&[("k/svc.yaml", &fixed)], &kind("ClusterIP")).contains("port http has a nodePort"));
    let one = SVC.replace("  - {name: metrics, port: 9090}\n", "");
    assert!(fault(&[("k/svc.yaml", &one)], &Edit::remove(Field::ServicePort("http".into()))).contains("only port"));
}

#[test]
fn facts_name_service_ports_and_hosts() {
    let files: Files = [
        ("base/kustomization.yaml", "resources: [web.yaml, svc.yaml, ingress.yaml]\n"),
        ("base/web.yaml", WEB),
        ("base/svc.yaml", SVC),
        ("base/ingress.yaml", INGRESS),
        ("o/kustomization.yaml", "resources: [../base]\nnamePrefix: dev-\n"),
    ]
    .into_iter()
    .collect();
    let found = facts(&files, "o", None).unwrap().found;
    let told: Vec<String> = found
        .iter()
        .filter(|f| matches!(f.field, Field::ServiceType | Field::ServicePort(_) | Field::IngressHost))
        .map(|f| format!("{} = {} @ {}:{} ({})", f.field, f.value, f.file, f.line, f.why))
        .collect();
    assert_eq!(
        told,
        [
            "service type = ClusterIP @ base/svc.yaml:6 (Service web, in the base base; nothing is written, which means ClusterIP)",
            "service port http = 80 @ base/svc.yaml:10 (Service web, in the base base)",
            "service port metrics = 9090 @ base/svc.yaml:12 (Service web, in the base base)",
            "ingress host = a.example.com @ base/ingress.yaml:7 (Ingress web, in the base base, which leads to Service web, with its tls)",
        ]
    );
}

#[test]
fn a_tls_entry_for_every_name_is_no_wildcard_of_a_domain() {
    for (written, secure) in [("*.example.com", true), ("*", false), ("*\u{e9}.example.com", false)] {
        let files: Files = [
            ("o/web.yaml", WEB.to_owned()),
            ("o/svc.yaml", SVC.to_owned()),
            ("o/ingress.yaml", INGRESS.replace("\"a.example.com\"", &format!("\"{written}\""))),
        ]
        .into_iter()
        .collect();
        let found = facts(&files, "o", None).unwrap().found;
        let host = found.iter().find(|f| f.field == Field::IngressHost).unwrap();
        assert_eq!(host.why.ends_with("with its tls"), secure, "{written}: {}", host.why);
    }
}
