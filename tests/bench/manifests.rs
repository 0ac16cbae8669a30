//! Manifests: an edit with everything that locates it, a rendering beside the kustomize program, a diff and a lint of many.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use domain::edit::{Edit, Field};
use manifest::Files;

use crate::median;

/// Returns a repository of so many applications' files: six to an application, with an overlay each.
pub(crate) fn repository(files: usize) -> Files {
    let mut all = Files::new();
    for app in 0..files.div_ceil(6) {
        let (base, overlay) = (format!("apps/app-{app}/base"), format!("apps/app-{app}/production"));
        all.insert(format!("{base}/kustomization.yaml"), "resources:\n  - deployment.yaml\n  - service.yaml\n  - config.yaml\n");
        all.insert(format!("{base}/deployment.yaml"), deployment(app, 0));
        all.insert(format!("{base}/service.yaml"), service(app));
        all.insert(format!("{base}/config.yaml"), config(app));
        all.insert(
            format!("{overlay}/kustomization.yaml"),
            format!(
                "# Application {app}\nnamespace: app-{app}\nresources:\n  - ../base\n  - extra.yaml\nimages:\n  - name: registry.example/app-{app}-0\n    newTag: 1.4.2 # {{\"$imagepolicy\": \"flux-system:app-{app}:tag\"}}\nreplicas:\n  - name: app-{app}-0\n    count: 3\n"
            ),
        );
        all.insert(format!("{overlay}/extra.yaml"), service(app + 1_000_000));
    }
    all
}

fn deployment(app: usize, number: usize) -> String {
    let mut env = String::new();
    for n in 0..8 {
        write!(env, "            - name: SETTING_{n}\n              value: \"value {n} of {app}\" # kept\n")
            .expect("a text grows");
    }
    format!(
        "---\n# The {number}th workload.\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{app}-{number}\n  labels: {{app: app-{app}}}\nspec:\n  replicas: 1\n  selector:\n    matchLabels:\n      app: app-{app}\n  template:\n    metadata:\n      labels:\n        app: app-{app}\n    spec:\n      containers:\n        - name: app\n          image: registry.example/app-{app}-{number}:1.0.0\n          ports:\n            - {{name: http, containerPort: 8080}}\n          env:\n{env}          resources:\n            requests: {{cpu: 100m, memory: 64Mi}}\n            limits: {{memory: 128Mi}}\n          readinessProbe:\n            httpGet: {{path: /ready, port: http}}\n"
    )
}

fn service(app: usize) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: app-{app}\nspec:\n  selector:\n    app: app-{app}\n  ports:\n    - name: http\n      port: 80\n      targetPort: http\n"
    )
}

fn config(app: usize) -> String {
    let mut text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-{app}\ndata:\n");
    for n in 0..12 {
        writeln!(text, "  key-{n}: value {n} of {app}").expect("a text grows");
    }
    text
}

fn timed(runs: usize, mut what: impl FnMut()) -> f64 {
    prepared(runs, || (), |()| what())
}

/// Times some work, not what has to be there for it.
fn prepared<T>(runs: usize, mut prepare: impl FnMut() -> T, mut what: impl FnMut(T)) -> f64 {
    what(prepare());
    let round = |_| {
        let ready = prepare();
        let start = Instant::now();
        what(ready);
        start.elapsed()
    };
    median((0..runs).map(round).collect::<Vec<Duration>>())
}

/// Returns the same files as if they had just come from Git or a disk: nobody has read yet what they say.
fn unread(files: &Files) -> Files {
    files.paths().filter_map(|path| Some((path, files.bytes(path)?))).collect()
}

/// Returns the median milliseconds of one field's edit in a repository of so many files.
pub(crate) fn edit(files: usize, runs: usize) -> f64 {
    let all = repository(files);
    prepared(
        runs,
        || unread(&all),
        |all| {
            let edits = [Edit::set(Field::ImageTag, "9.9.9")];
            let applied = manifest::apply(&all, "apps/app-7/production", None, &edits).expect("an edit");
            assert_eq!(applied.files.len(), 1, "one file changes");
        },
    )
}

/// Returns the median milliseconds of a rendering of an overlay with so many pairs of objects and one more, ours and the program's
/// when it is there.
pub(crate) fn build(pairs: usize, runs: usize) -> (f64, Option<f64>) {
    let mut all = Files::new();
    let mut names = String::new();
    for number in 0..pairs {
        all.insert(format!("base/deployment-{number}.yaml"), deployment(1, number));
        all.insert(format!("base/service-{number}.yaml"), service(number));
        write!(names, "  - deployment-{number}.yaml\n  - service-{number}.yaml\n").expect("a text grows");
    }
    all.insert("base/kustomization.yaml", format!("resources:\n{names}"));
    all.insert(
        "overlay/kustomization.yaml",
        "namespace: shop\nnamePrefix: prod-\nresources:\n  - ../base\nlabels:\n  - pairs: {team: shop}\nimages:\n  - name: registry.example/app-1-3\n    newTag: 2.0.0\nreplicas:\n  - name: app-1-4\n    count: 5\nconfigMapGenerator:\n  - name: settings\n    literals: [A=1, B=2]\npatches:\n  - target: {kind: Deployment}\n    patch: |-\n      - op: add\n        path: /spec/template/spec/serviceAccountName\n        value: shop\n",
    );
    let ours = prepared(
        runs,
        || unread(&all),
        |all| {
            let objects = manifest::build(&all, "overlay").expect("a rendering");
            assert_eq!(objects.len(), 2 * pairs + 1, "every object is there");
            std::hint::black_box(manifest::render(&objects));
        },
    );
    let Some(program) = kustomize() else { return (ours, None) };
    let folder = tempfile::tempdir().expect("a temporary folder");
    export(&all, folder.path());
    let theirs = timed(runs, || {
        let status = Command::new(&program).args(["build", "overlay"]).current_dir(folder.path()).stdout(Stdio::null()).status();
        assert!(status.expect("the program starts").success(), "kustomize builds it");
    });
    (ours, Some(theirs))
}

/// Returns the kustomize program: the test cluster's, else the one on the PATH.
fn kustomize() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/cluster/bin/kustomize");
    if built.exists() {
        return Some(built);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("kustomize")).find(|p| p.is_file())
}

fn export(files: &Files, folder: &Path) {
    for path in files.paths() {
        let to = folder.join(path);
        std::fs::create_dir_all(to.parent().expect("a folder above")).expect("a folder");
        std::fs::write(to, files.bytes(path).expect("a file")).expect("a file is written");
    }
}

/// Returns the median milliseconds of the differences between two texts of so many lines, each fiftieth changed.
pub(crate) fn diff(lines: usize, runs: usize) -> f64 {
    let before = (0..lines).fold(String::new(), |text, n| text + &format!("  key-{}: value {}\n", n % 977, n * 7919 % 100_003));
    let mut after = String::new();
    for (n, line) in before.lines().enumerate() {
        let changed = if n % 50 == 0 { line.replace("value", "other") } else { line.to_owned() };
        writeln!(after, "{changed}").expect("a text grows");
    }
    timed(runs, || assert_eq!(manifest::diff(&before, &after).len(), lines / 50, "each change is a hunk"))
}

/// Returns the text of a definition whose schema has so many fields, some of them with words in other letters.
fn definition(fields: usize) -> String {
    let mut text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: ships.example.dev\nspec:\n  group: example.dev\n  names: {kind: Ship, plural: ships, listKind: ShipList, singular: ship}\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n".to_owned();
    for n in 0..fields {
        write!(text, "          field{n}:\n            description: |-\n              Field {n} says what it is for \u{2014} and goes on for more than one line,\n              as definitions that are generated do.\n            type: object\n            properties:\n").expect("a text grows");
        for inner in 0..8 {
            write!(text, "              inner{inner}:\n                description: Inner {inner} of {n}, with some words about it\n                type: string\n").expect("a text grows");
        }
    }
    text
}

/// Returns the median milliseconds of a lint of one definition with so many fields, and its size in bytes; three overlays take
/// it in.
pub(crate) fn definitions(fields: usize, runs: usize) -> (f64, usize) {
    let text = definition(fields);
    let size = text.len();
    let mut all: Files =
        [("crds/ship.yaml", text.as_str()), ("crds/kustomization.yaml", "resources: [ship.yaml]\n")].into_iter().collect();
    for overlay in ["dev", "test", "prod"] {
        let patch = "resources: [../crds]\npatches:\n- patch: |-\n    - {op: add, path: /metadata/labels, value: {team: sea}}\n  target: {kind: CustomResourceDefinition}\n";
        all.insert(format!("{overlay}/kustomization.yaml"), patch);
    }
    let took = prepared(
        runs,
        || unread(&all),
        |all| {
            let mut schemas = manifest::schema::Schemas::built_in();
            schemas.add_defined(&all);
            std::hint::black_box(manifest::lint(&all, "", &schemas));
        },
    );
    (took, size)
}

/// Returns the median milliseconds of everything that can be said of so many files.
pub(crate) fn lint(files: usize, runs: usize) -> f64 {
    let (all, schemas) = (repository(files), manifest::schema::Schemas::built_in());
    prepared(
        runs,
        || unread(&all),
        |all| {
            std::hint::black_box(manifest::lint(&all, "", &schemas));
        },
    )
}
