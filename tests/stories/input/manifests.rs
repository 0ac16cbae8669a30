//! Manifests that cannot be read, understood or edited: the file, the line and the column are named, and nothing is committed.

use super::{refused, simulated};

const OVERLAY: &str = "k8s/overlays/development/kustomization.yaml";
const WEB: &str = "k8s/base/web.yaml";

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_place() {
    let ground = simulated("manifests");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let bomb: String = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
        let alias = format!("*a{}", n - 1);
        format!("{text}a{n}: &a{n} [{}]\n", [alias.as_str(); 9].join(","))
    });
    let cases: [(&str, &str, &str, i32, &[&str]); 9] = [
        (
            "indent",
            OVERLAY,
            "resources:\n- ../../base\nimages:\n- name: x\n   newTag: 1\n",
            1,
            &["kustomization.yaml:5:", "no valid YAML"],
        ),
        ("flow", WEB, "kind: Deployment\nmetadata: {name: web\nspec: 3\n", 1, &["web.yaml:3:", "no valid YAML"]),
        ("field", OVERLAY, "resources:\n- ../../base\nfooBar: 1\n", 1, &["kustomization.yaml:3", "fooBar"]),
        (
            "remote",
            OVERLAY,
            "resources:\n- https://nowhere.invalid/base?ref=1\n",
            3,
            &["kustomization.yaml:2", "nowhere.invalid"],
        ),
        ("outside", OVERLAY, "resources:\n- ../../../../etc\n", 3, &["../../../../etc", "out of the repository"]),
        ("missing", OVERLAY, "resources:\n- nowhere.yaml\n", 4, &["nowhere.yaml", "does not exist"]),
        ("nothing", OVERLAY, "resources: []\n", 4, &["There is no workload", "k8s/overlays/development"]),
        ("bomb", WEB, &bomb, 1, &["web.yaml:", "aliases"]),
        (
            "kind",
            WEB,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
            1,
            &["kustomization.yaml:", "shop-web", "no such workload"],
        ),
    ];
    let good: Vec<(&str, String)> =
        [OVERLAY, WEB].map(|path| (path, ground.repo.file("main", path).expect("a file of the seed"))).into();
    for (name, path, text, code, parts) in cases {
        let files: Vec<(&str, &str)> = good.iter().map(|(p, good)| (*p, if *p == path { text } else { good.as_str() })).collect();
        let head = ground.repo.commit("main", &files, name);
        refused(operator.run(&["deploy", app, "development", "--tag", "2", "--yes"]), code, parts);
        assert_eq!(ground.repo.head("main"), Some(head), "{name}: nothing was committed");
    }
    // What others committed is told; nothing of ours was begun.
    let history = operator.run(&["history", app, "-o", "json"]).json();
    let ours: Vec<_> = history.as_array().expect("a list").iter().filter(|d| d["method"] != "gitops-git").collect();
    assert!(ours.is_empty(), "nothing was begun: {ours:#?}");
    operator.run(&["audit", "verify"]).ok();
}

#[test]
fn of_two_workloads_one_is_chosen_by_name() {
    let ground = simulated("workloads");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let web = ground.repo.file("main", WEB).expect("a file of the seed");
    let worker = web.replace("shop-web", "shop-worker").replace("acme/shop:", "acme/worker:");
    ground.repo.commit(
        "main",
        &[("k8s/base/worker.yaml", &worker), ("k8s/base/kustomization.yaml", "resources:\n- web.yaml\n- worker.yaml\n")],
        "Two",
    );
    let deploy = |more: &[&str]| operator.run(&[&["deploy", app, "development", "--tag", "2", "--dry-run"], more].concat());
    refused(deploy(&[]), 2, &["Deployment/shop-web", "Deployment/shop-worker", "--workload"]);
    refused(
        operator.run(&["environment", "edit", app, "development", "--workload", "shop-web"]),
        2,
        &["names no workload", "Deployment/"],
    );
    operator.run(&["environment", "edit", app, "development", "--workload", "Deployment/nowhere"]).ok();
    refused(deploy(&[]), 4, &["Deployment/nowhere", "Deployment/shop-web"]);
    operator.run(&["environment", "edit", app, "development", "--workload", "Deployment/shop-worker"]).ok();
    refused(deploy(&["--container", "sidecar"]), 4, &["no container sidecar", "web"]);
    assert!(deploy(&[]).ok().contains("acme/worker"));
    assert!(deploy(&["--workload", "Deployment/shop-web"]).ok().contains("acme/shop"));
    refused(deploy(&["--workload", "shop-web"]), 2, &["names no workload"]);
}

#[test]
fn a_link_out_of_the_repository_is_not_followed() {
    let ground = simulated("link");
    ground.seed();
    let operator = ground.operator();
    ground.add(&operator, &["development"]);
    ground.repo.link("main", WEB, "/etc/hostname");
    let app = ground.app.as_str();
    refused(
        operator.run(&["deploy", app, "development", "--tag", "2", "--yes"]),
        3,
        &["k8s/base/web.yaml", "out of the repository"],
    );
}
