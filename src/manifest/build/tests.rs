//! The renderer against what the real kustomize printed, and what it refuses.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use std::fmt::Write as _;
use std::path::Path;

use super::*;

/// A case of a bundle: its name, the folder that is rendered, its files, and what kustomize printed, unless it refused.
struct Case {
    name: String,
    folder: String,
    files: Files,
    expect: Option<String>,
}

/// Reads a bundle: `@@ name folder` begins a case, `@ path` a file, `@=` what kustomize printed; `@!` says that it refused.
/// The files of the case `*` belong to all.
fn cases(bundle: &str) -> Vec<Case> {
    let (mut shared, mut all): (Files, Vec<Case>) = (Files::new(), Vec::new());
    for text in bundle.split("@@ ").skip(1) {
        let (head, rest) = text.split_once('\n').unwrap();
        let (name, folder) = head.split_once(' ').unwrap_or((head, ""));
        let mut case = Case { name: name.to_owned(), folder: folder.to_owned(), files: shared.clone(), expect: None };
        let mut parts = rest.split_inclusive('\n').peekable();
        while let Some(line) = parts.next() {
            let mut content = String::new();
            while let Some(more) = parts.next_if(|line| !line.starts_with('@')) {
                content.push_str(more);
            }
            match line.trim_end().strip_prefix('@').unwrap() {
                "=" => case.expect = Some(content),
                "!" => {}
                path => case.files.insert(path.trim_start(), content),
            }
        }
        if name == "*" { shared = case.files } else { all.push(case) }
    }
    all
}

#[test]
fn it_prints_what_the_real_kustomize_printed() {
    let (mut compared, mut wrong) = (0, String::new());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles");
    for entry in std::fs::read_dir(folder).unwrap() {
        for case in cases(&std::fs::read_to_string(entry.unwrap().path()).unwrap()) {
            let ours = build(&case.files, &case.folder).map(|objects| render(&objects));
            match (&case.expect, ours) {
                (None, Err(_)) => {}
                (None, Ok(_)) => writeln!(wrong, "{}: kustomize refuses it", case.name).unwrap(),
                (Some(_), Err(error)) => writeln!(wrong, "{}: {error}", case.name).unwrap(),
                (Some(theirs), Ok(ours)) => {
                    let diff = crate::diff::unified("kustomize | ours", theirs, &ours);
                    write!(wrong, "{}", if ours == *theirs { String::new() } else { format!("{}\n{diff}", case.name) }).unwrap();
                }
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared >= 290, "only {compared} cases were compared");
}

fn built(files: &[(&str, &str)], path: &str) -> Result<String, Error> {
    build(&files.iter().copied().collect(), path).map(|o| render(&o))
}

#[test]
fn what_is_not_known_is_named_and_what_leads_out_is_refused() {
    let one =
        |text: &str| built(&[("k/kustomization.yaml", text), ("k/a.yaml", "kind: A\nmetadata: {name: a}\n")], "k").unwrap_err();
    assert_eq!(
        one("resources: [a.yaml]\nhelmCharts:\n- name: x\n"),
        Error::Unsupported {
            file: "k/kustomization.yaml".into(),
            line: 3,
            field: "helmCharts".into(),
            by: "kustomize build --enable-helm".into(),
        }
    );
    assert!(matches!(one("resources:\n- https://github.com/acme/base?ref=v1\n"), Error::Remote { line: 2, .. }));
    assert!(matches!(one("resources: [github.com/acme/base]"), Error::Remote { .. }));
    assert!(matches!(one("resources: [../../x]"), Error::Outside { .. }));
    assert!(matches!(one("resources: [/etc/passwd]"), Error::Outside { .. }));
    assert!(matches!(one("resources: [none.yaml]"), Error::Missing { .. }));
    assert!(matches!(one("resources: [../k]"), Error::Meaning { .. }));
    assert!(matches!(one("resources: [a.yaml, a.yaml]"), Error::Meaning { .. }));
    assert!(matches!(one("a: [1"), Error::Syntax { .. }));
    assert!(matches!(build(&Files::new(), "none"), Err(Error::Missing { .. })));
}

#[test]
fn a_folder_without_a_kustomization_is_rendered_whole() {
    let files = [
        ("app/b.yaml", "kind: B\napiVersion: v1\nmetadata: {name: b}\n"),
        ("app/sub/a.yml", "kind: A\napiVersion: v1\nmetadata: {name: a}\n"),
        ("app/readme.md", "no yaml: ["),
        ("app/deep/kustomization.yaml", "namePrefix: x-\nresources: [c.yaml]\n"),
        ("app/deep/c.yaml", "kind: C\napiVersion: v1\nmetadata: {name: c}\n"),
    ];
    let objects = build(&files.into_iter().collect(), "app").unwrap();
    let keys: Vec<String> = objects.iter().map(Object::key).collect();
    assert_eq!(keys, ["A/a", "B/b", "C/x-c"]);
    assert_eq!((objects[2].written_name.as_str(), objects[2].file.as_str(), objects[2].line), ("c", "app/deep/c.yaml", 1));
}

#[test]
fn alias_bombs_end() {
    let mut bomb = String::from("kind: A\nmetadata: {name: a}\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n");
    for n in 1..12 {
        let uses = vec![format!("*x{}", n - 1); 10].join(",");
        writeln!(bomb, "x{n}: &x{n} [{uses}]").unwrap();
    }
    assert!(matches!(built(&[("k/a.yaml", &bomb)], "k"), Err(Error::Syntax { .. })));
}

/// Renders one kustomization beside a file with one object.
fn one(text: &str) -> Result<String, Error> {
    built(&[("k/kustomization.yaml", text), ("k/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")], "k")
}

#[test]
fn what_others_render_is_named_with_file_line_and_command() {
    for field in ["helmCharts", "helmGlobals", "generators", "validators", "crds", "openapi"] {
        let text = format!("resources: [a.yaml]\n{field}:\n- x\n");
        let error = one(&text).unwrap_err();
        let Error::Unsupported { file, line, field: named, by } = &error else { unreachable!("{field}: {error}") };
        assert_eq!((file.as_str(), *line, named.as_str()), ("k/kustomization.yaml", 3, field));
        assert!(by.starts_with("kustomize build"), "{by}");
    }
    let foreign = "resources: [a.yaml]\ntransformers:\n- |-\n  apiVersion: example.org/v1\n  kind: Mine\n  metadata: {name: m}\n";
    assert!(matches!(one(foreign), Err(Error::Unsupported { line: 4, field, .. }) if field == "transformers: Mine"));
    assert!(one("resources: [a.yaml]\nopenapi: {version: v1.21.2}\n").is_ok());
    for url in [
        "https://github.com/acme/base?ref=v1",
        "github.com/acme/base",
        "git@github.com:acme/base.git",
        "git::https://example.org/base.git//x",
        "ssh://git@example.org/base",
        "https://example.org/all.yaml",
    ] {
        for field in ["resources", "components", "bases"] {
            assert!(matches!(one(&format!("{field}: [\"{url}\"]")), Err(Error::Remote { line: 1, .. })), "{field} {url}");
        }
    }
    for field in [
        "patches: [{path: \"https://example.org/p.yaml\"}]",
        "configMapGenerator: [{name: g, files: [\"https://example.org/x\"]}]",
    ] {
        assert!(matches!(one(&format!("resources: [a.yaml]\n{field}\n")), Err(Error::Remote { line: 2, .. })), "{field}");
    }
}

#[test]
fn no_field_reads_out_of_the_repository() {
    for field in [
        "resources: [../../x.yaml]",
        "resources: [../../x]",
        "components: [../../x]",
        "patches: [{path: ../../x.yaml}]",
        "patchesStrategicMerge: [../../x.yaml]",
        "patchesJson6902: [{target: {name: a}, path: ../../x.yaml}]",
        "replacements: [{path: ../../x.yaml}]",
        "configurations: [../../x.yaml]",
        "configMapGenerator: [{name: g, files: [../../x]}]",
        "configMapGenerator: [{name: g, files: [k=../../x]}]",
        "configMapGenerator: [{name: g, envs: [../../x]}]",
        "secretGenerator: [{name: g, files: [/etc/passwd]}]",
    ] {
        let text = if field.starts_with("resources") { field.to_owned() } else { format!("resources: [a.yaml]\n{field}\n") };
        assert!(matches!(one(&text), Err(Error::Outside { .. })), "{field}");
    }
    let mut files: Files = [("k/kustomization.yaml", "resources: [out.yaml]\n")].into_iter().collect();
    files.insert_link("k/out.yaml", "../../secret.yaml");
    assert!(matches!(build(&files, "k"), Err(Error::Outside { .. })));
}

#[test]
fn circles_and_depth_end() {
    let circle = [("a/kustomization.yaml", "resources: [../b]"), ("b/kustomization.yaml", "resources: [../a]")];
    assert!(matches!(built(&circle, "a"), Err(Error::Meaning { why, .. }) if why.contains("circle")));
    let upward = [("a/kustomization.yaml", "resources: [b]"), ("a/b/kustomization.yaml", "resources: [..]")];
    assert!(matches!(built(&upward, "a"), Err(Error::Meaning { why, .. }) if why.contains("circle")));
    let mut deep = Files::new();
    for n in 0..40 {
        deep.insert(format!("d{n}/kustomization.yaml"), format!("resources: [../d{}]\n", n + 1));
    }
    assert!(matches!(build(&deep, "d0"), Err(Error::Limit { why, .. }) if why.contains("deeper")));
}

#[test]
fn kustomizations_that_double_at_every_step_end() {
    let mut files: Files = [("d0/kustomization.yaml", "namePrefix: a-\n")].into_iter().collect();
    for n in 1..25 {
        for side in ["a", "b"] {
            let text = format!("resources: [../d{}]\nnamePrefix: {side}-\n", n - 1);
            files.insert(format!("d{n}{side}/kustomization.yaml"), text);
        }
        files.insert(format!("d{n}/kustomization.yaml"), format!("resources: [../d{n}a, ../d{n}b]\n"));
    }
    assert!(matches!(build(&files, "d14"), Err(Error::Limit { why, .. }) if why.contains("2000 kustomizations")));
}

#[test]
fn many_bytes_documents_and_objects_end() {
    let object = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n";
    let big = format!("{object}x: {}\n", "y".repeat(crate::files::FILE_LIMIT));
    assert!(matches!(built(&[("k/a.yaml", &big)], "k"), Err(Error::Limit { .. })));
    let docs = "---\nkind: A\nmetadata: {name: a}\n".repeat(1001);
    assert!(matches!(built(&[("k/a.yaml", &docs)], "k"), Err(Error::Syntax { why, .. }) if why.contains("documents")));
    let mut files = Files::new();
    for file in 0..11 {
        let docs: Vec<String> = (0..1000).map(|n| format!("---\nkind: A\nmetadata: {{name: a{file}-{n}}}\n")).collect();
        files.insert(format!("k/{file}.yaml"), docs.concat());
    }
    assert!(matches!(build(&files, "k"), Err(Error::Limit { why, .. }) if why.contains("10000 objects")));
    let mut files = Files::new();
    for file in 0..10 {
        let text = format!("apiVersion: v1\nkind: A\nmetadata: {{name: a{file}}}\nx: {}\n", "y".repeat(7 << 20));
        files.insert(format!("k/{file}.yaml"), text);
    }
    assert!(matches!(build(&files, "k"), Err(Error::Limit { why, .. }) if why.contains("bytes")));
    let deep = format!("kind: A\nmetadata: {{name: a}}\nx: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    assert!(matches!(built(&[("k/a.yaml", &deep)], "k"), Err(Error::Syntax { .. })));
}

#[test]
fn json_patches_cannot_make_an_object_explode() {
    let mut patch = String::from("[{\"op\":\"add\",\"path\":\"/x\",\"value\":[\"yyyyyyyyyyyyyyyy\"]}");
    for _ in 0..64 {
        patch.push_str(",{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/x/-\"}");
    }
    patch.push(']');
    let text = format!("resources: [a.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  patch: '{patch}'\n");
    assert!(matches!(one(&text), Err(Error::Limit { .. })));
}

#[test]
fn what_is_copied_into_many_objects_ends() {
    let objects: Vec<String> =
        (0..1000).map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{n}}}\n")).collect();
    let long = "y".repeat(1 << 20);
    for field in [
        format!("commonAnnotations: {{a: {long}}}\n"),
        format!("namePrefix: {long}\n"),
        format!(
            "patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {{name: any}}\n    data: {{a: {long}}}\n"
        ),
        format!("patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n    - {{op: add, path: /data, value: {{a: {long}}}}}\n"),
        format!(
            "replacements:\n- sourceValue: {long}\n  targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [data.a], options: {{create: true}}}}]\n"
        ),
    ] {
        let text = format!("resources: [many.yaml]\n{field}");
        let error = built(&[("k/kustomization.yaml", &text), ("k/many.yaml", &objects.concat())], "k").unwrap_err();
        assert!(matches!(&error, Error::Limit { .. }), "{}", error.to_string().get(..200).unwrap_or_default());
    }
}

#[test]
fn what_is_made_ends_before_it_is_too_deep() {
    let long = |sign: &str, depth: usize| vec!["x"; depth].join(sign);
    let replacement = format!(
        "replacements:\n- sourceValue: v\n  targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [data.{}], options: {{create: true}}}}]\n",
        long(".", 100_000)
    );
    let object = "resources: [a.yaml]\n";
    let deeper = |error: Error| error.to_string().contains("deeper than 256");
    assert!(deeper(one(&format!("{object}{replacement}")).unwrap_err()));

    let configured = format!("{object}commonLabels: {{a: b}}\nconfigurations: [c.yaml]\n");
    let fields = format!("commonLabels: [{{path: {}, create: true}}]\n", long("/", 100_000));
    let plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let files = [("k/kustomization.yaml", configured.as_str()), ("k/a.yaml", plain), ("k/c.yaml", &fields)];
    assert!(deeper(built(&files, "k").unwrap_err()));

    // Each copy puts what is there already under a path of its own.
    let mut patch = String::from("[{\"op\":\"add\",\"path\":\"/x\",\"value\":{}}");
    for _ in 0..1000 {
        patch.push_str(",{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/y\"},{\"op\":\"add\",\"path\":\"/x\",\"value\":{}}");
        patch.push_str(",{\"op\":\"move\",\"from\":\"/y\",\"path\":\"/x/x\"}");
    }
    patch.push(']');
    let text = format!("{object}patches:\n- target: {{kind: ConfigMap}}\n  patch: '{patch}'\n");
    assert!(deeper(one(&text).unwrap_err()));
}

#[test]
fn what_is_written_into_texts_ends() {
    let long = "y".repeat(1 << 20);
    let yaml = format!("|\n    l:\n{}", "    - a\n".repeat(1000));
    let json = format!("'{{\"l\":[{}\"a\"]}}'\n", "\"a\",".repeat(1000));
    for held in [yaml, json] {
        let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  t: {held}");
        let text = format!(
            "resources: [a.yaml]\nreplacements:\n- sourceValue: {long}\n  targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [data.t.l.*]}}]\n"
        );
        let error = built(&[("k/kustomization.yaml", &text), ("k/a.yaml", &object)], "k").unwrap_err();
        assert!(matches!(&error, Error::Limit { .. }), "{}", error.to_string().chars().take(200).collect::<String>());
    }
}

#[test]
fn keys_whose_order_goes_round_in_circles_are_printed_all_the_same() {
    let tails = ["-a", "a0a", "", "a"];
    let key = |n: usize| format!("{:0w$}{}", n % 13, tails[n % 4], w = n % 5);
    let keys: std::collections::BTreeSet<String> = (0..400).map(key).collect();
    let lines: Vec<String> = keys.iter().map(|key| format!("  \"{key}\": v\n")).collect();
    let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{}", lines.concat());
    let printed = built(&[("k/a.yaml", &object)], "k").unwrap();
    assert_eq!(printed.lines().count(), object.lines().count() + 1);
}

#[test]
fn bytes_that_are_no_text_become_binary_data() {
    let mut files = Files::new();
    files.insert(
        "k/kustomization.yaml",
        "configMapGenerator:\n- name: g\n  files: [b.bin]\n  options: {disableNameSuffixHash: true}\n",
    );
    files.insert("k/b.bin", vec![0xff, 0xfe, 0x00]);
    let objects = build(&files, "k").unwrap();
    assert_eq!(objects[0].value["binaryData"], serde_json::json!({"b.bin": "//4A"}));
}

#[test]
fn a_value_knows_the_file_and_line_that_decide_it() {
    let files = [
        ("b/kustomization.yaml", "resources: [a.yaml]\nconfigMapGenerator:\n- name: g\n  literals:\n  - k=v\n"),
        ("b/a.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 1}\n"),
        ("o/kustomization.yaml", "resources: [../b]\nreplicas:\n- {name: a, count: 3}\n"),
    ];
    let files: Files = files.into_iter().collect();
    let (resources, sources) = traced(&files, "o").unwrap();
    let place = |kind: &str, path: &[&str]| {
        let from = resources.iter().find(|r| r.kind() == kind).unwrap().val.at(path).unwrap().from;
        format!("{}:{}", sources.file(from), sources.line(from))
    };
    assert_eq!(place("Deployment", &["spec", "replicas"]), "o/kustomization.yaml:3");
    assert_eq!(place("Deployment", &["kind"]), "b/a.yaml:2");
    assert_eq!(place("ConfigMap", &["data", "k"]), "b/kustomization.yaml:5");
}

mod flux {
    use super::*;
    use serde_json::json;

    const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: a, image: \"x:1\"}]}}}\n";

    fn with(files: &[(&str, &str)], spec: &Value) -> Result<Vec<Object>, Error> {
        build_with(&files.iter().copied().collect(), "app", &Overlay::new(spec))
    }

    #[test]
    fn what_a_flux_kustomization_says_is_merged_into_the_folder() {
        let files = [
            (
                "app/kustomization.yaml",
                "resources: [web.yaml]\nnamespace: here\nnamePrefix: p-\nimages: [{name: x, newName: z, digest: \"sha256:a\"}]\nfrob: passed over\n",
            ),
            ("app/web.yaml", WEB),
            (
                "app/more/kustomization.yaml",
                "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nresources: [c.yaml]\n",
            ),
            ("app/more/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
        ];
        let spec = json!({
            "targetNamespace": "there",
            "nameSuffix": "-s",
            "images": [{"name": "x", "newTag": "2"}, {"name": "none", "newTag": "3"}],
            "patches": [{"patch": "- op: add\n  path: /spec/paused\n  value: true", "target": {"kind": "Deployment"}}],
            "components": ["more", "gone"],
            "ignoreMissingComponents": true,
        });
        let objects = with(&files, &spec).unwrap();
        let keys: Vec<String> = objects.iter().map(Object::key).collect();
        assert_eq!(keys, ["there/Deployment/p-web-s", "there/ConfigMap/p-c-s"]);
        assert_eq!(objects[0].value.pointer("/spec/template/spec/containers/0/image"), Some(&json!("z:2")));
        assert_eq!(objects[0].value.pointer("/spec/paused"), Some(&json!(true)));
        let strict = json!({"components": ["gone"]});
        assert!(matches!(with(&files, &strict), Err(Error::Missing { .. })));
        assert!(matches!(with(&files, &json!({"components": ["../../x"]})), Err(Error::Outside { .. })));
    }

    #[test]
    fn a_folder_without_a_kustomization_gets_one() {
        let files = [
            ("app/web.yaml", WEB),
            ("app/readme.md", "x: ["),
            ("app/sub/kustomization.yaml", "namePrefix: s-\nresources: [c.yaml]\n"),
            ("app/sub/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
        ];
        let objects = with(&files, &json!({"targetNamespace": "there"})).unwrap();
        let keys: Vec<String> = objects.iter().map(Object::key).collect();
        assert_eq!(keys, ["there/ConfigMap/s-c", "there/Deployment/web"]);
        assert_eq!(objects[0].value["metadata"].get("annotations"), None);
        assert_eq!(with(&[("app/readme.md", "")], &json!({})), Ok(Vec::new()));
        let odd = [("app/values.yaml", "replicas: 3\n")];
        assert!(matches!(with(&odd, &json!({})), Err(Error::Meaning { file, .. }) if file == "app/values.yaml"));
    }

    #[test]
    fn common_metadata_and_the_owner_are_written_last() {
        let overlay = Overlay::new(&json!({"commonMetadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}}));
        let mut object = json!({"metadata": {"name": "x", "labels": {"team": "old"}}});
        overlay.mark(&mut object, ("ns", "app"));
        assert_eq!(
            object["metadata"],
            json!({
                "name": "x",
                "labels": {"team": "a", "kustomize.toolkit.fluxcd.io/name": "app", "kustomize.toolkit.fluxcd.io/namespace": "ns"},
                "annotations": {"note": "b"},
            })
        );
    }
}
