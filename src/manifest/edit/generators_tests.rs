//! Keys of ConfigMaps and Secrets: where they are changed, byte for byte.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use proptest::prelude::*;

use super::*;
use crate::edit::apply;
use crate::edit::facts::facts;
use crate::files::Files;

const WORKLOAD: (&str, &str) = (
    "base/web.yaml",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: x:1\n        envFrom:\n        - configMapRef: {name: conf}\n        - secretRef: {name: login}\n",
);

fn set(name: &str, key: &str, value: &str) -> Edit {
    Edit::set(Field::Config(name.into(), key.into()), value)
}

fn remove(name: &str, key: &str) -> Edit {
    Edit::remove(Field::Config(name.into(), key.into()))
}

/// Applies an edit and compares the files that change; the same edit again changes nothing.
#[track_caller]
fn check(list: &[(&str, &str)], path: &str, edit: &Edit, expect: &[(&str, &str)]) {
    let mut files: Files = list.iter().copied().chain([WORKLOAD]).collect();
    let applied = apply(&files, path, None, std::slice::from_ref(edit)).unwrap();
    let told: Vec<(&str, &str)> = applied.files.iter().map(|f| (f.path.as_str(), f.after.as_deref().unwrap())).collect();
    assert_eq!(told, expect);
    for (path, after) in told {
        files.insert(path, after);
    }
    assert!(
        apply(&files, path, None, std::slice::from_ref(edit)).unwrap().files.is_empty(),
        "the same edit again changes nothing"
    );
}

/// Checks an edit of the one kustomization that there is.
#[track_caller]
fn own(before: &str, edit: &Edit, after: &str) {
    let before = format!("resources: [web.yaml]\n{before}");
    let expect = format!("resources: [web.yaml]\n{after}");
    check(&[("base/kustomization.yaml", &before)], "base", edit, &[("base/kustomization.yaml", &expect)]);
}

#[test]
fn literals_are_changed_where_they_stand_and_keep_their_quotes() {
    let head = "configMapGenerator:\n- name: conf\n  literals:\n";
    for (before, value, after) in [
        ("  - A=1 # one\n", "2", "  - A=2 # one\n"),
        ("  - A=1\n  - B=2\n", "x=y", "  - A=x=y\n  - B=2\n"),
        ("  - A=1\n", "a #b", "  - \"A=a #b\"\n"),
        ("  - A=1\n", "a b: c", "  - \"A=a b: c\"\n"),
        ("  - A=\"1\"\n", "2 3", "  - A=\"2 3\"\n"),
        ("  - A='1'\n", "it's", "  - A='it's'\n"),
        ("  - 'A=1'\n", "it's", "  - 'A=it''s'\n"),
        ("  - \"A=1\"\n", "say \"hi\"", "  - \"A=say \\\"hi\\\"\"\n"),
        ("  - A=1\n", "\"q\"", "  - A=\"\"q\"\"\n"),
        ("  - A=1\n", "\"", "  - A=\"\n"),
        ("  - A=1\n", "", "  - A=\n"),
        ("  - A=\n", "on", "  - A=on\n"),
        ("  - A=1\n", "值\n2", "  - \"A=值\\n2\"\n"),
        ("  - >-\n    A=1\n  - B=2\n", "2", "  - >-\n    A=2\n  - B=2\n"),
    ] {
        own(&format!("{head}{before}"), &set("conf", "A", value), &format!("{head}{after}"));
    }
    own(
        "configMapGenerator: [{name: conf, literals: [A=1, B=2]}]\n",
        &set("conf", "A", "x,y"),
        "configMapGenerator: [{name: conf, literals: [\"A=x,y\", B=2]}]\n",
    );
    let crlf = "configMapGenerator:\r\n- name: conf\r\n  literals: [A=1]\r\nnamePrefix: p-";
    own(crlf, &set("conf", "A", "2"), &crlf.replace("A=1", "A=2"));
    own(crlf, &set("p-conf", "A", "2"), &crlf.replace("A=1", "A=2"));
}

#[test]
fn literals_are_added_and_removed_and_the_bytes_are_the_old_ones_then() {
    let two =
        "configMapGenerator:\n- name: conf\n  literals:\n  - A=1\n  # more\n  - B=2 # two\nsecretGenerator: [{name: login}]\n";
    own(two, &set("conf", "C", "x y"), &two.replace("# two\n", "# two\n  - C=x y\n"));
    own(&two.replace("# two\n", "# two\n  - C=x y\n"), &remove("conf", "C"), two);
    own(two, &remove("conf", "B"), &two.replace("  - B=2 # two\n", ""));
    own(two, &set("login", "token", "t"), &two.replace("{name: login}", "{name: login, literals: [token=t]}"));
    let files = "configMapGenerator:\n- name: conf\n  files: [web.yaml]\n";
    own(files, &set("conf", "C", "1"), &format!("{files}  literals:\n  - C=1\n"));
    own(&format!("{files}  literals:\n  - C=1\n"), &remove("conf", "C"), files);
    own(files, &remove("conf", "web.yaml"), "configMapGenerator:\n- name: conf\n");
    let empty = "configMapGenerator:\n- name: conf\n  literals: []\n";
    own(empty, &set("conf", "C", "1"), "configMapGenerator:\n- name: conf\n  literals:\n  - C=1\n");
}

#[test]
fn env_files_are_edited_by_line() {
    let kustomization = "resources: [web.yaml]\nconfigMapGenerator:\n- name: conf\n  envs: [a.env]\n";
    for (before, key, value, after) in [
        ("# x\nA=1\n\nB=2\n", "A", Some("3"), "# x\nA=3\n\nB=2\n"),
        ("# x\nA=1\n\nB=2\n", "B", Some("a=b #c \"d\" "), "# x\nA=1\n\nB=a=b #c \"d\" \n"),
        ("A=1\nB=2", "B", Some("3"), "A=1\nB=3"),
        ("A=1\nB=2", "C", Some("3"), "A=1\nB=2\nC=3"),
        ("A=1\nB=2\n", "C", Some(""), "A=1\nB=2\nC=\n"),
        ("A=1\r\nB=2\r\n", "A", Some("3"), "A=3\r\nB=2\r\n"),
        ("A=1\r\nB=2\r\n", "C", Some("3"), "A=1\r\nB=2\r\nC=3\r\n"),
        ("\u{feff}A=1\nB=2\n", "A", Some("3"), "\u{feff}A=3\nB=2\n"),
        ("\u{feff}A=1\nB=2\n", "A", None, "\u{feff}B=2\n"),
        ("A=1\n  B=2\n# y\n", "B", None, "A=1\n# y\n"),
        ("A=1\r\nB=2", "B", None, "A=1"),
        ("  A\nB=2\n", "A", Some("x"), "  A=x\nB=2\n"),
        ("", "A", Some("x"), "A=x\n"),
    ] {
        let edit = Edit { value: value.map(str::to_owned), ..set("conf", key, "") };
        check(&[("base/kustomization.yaml", kustomization), ("base/a.env", before)], "base", &edit, &[("base/a.env", after)]);
        let old = kustomization.replace("envs: [a.env]", "env: a.env");
        check(&[("base/kustomization.yaml", &old), ("base/a.env", before)], "base", &edit, &[("base/a.env", after)]);
    }
}

#[test]
fn a_file_is_a_value_as_a_whole() {
    let list = [
        (
            "base/kustomization.yaml",
            "resources: [web.yaml]\nconfigMapGenerator:\n- name: conf\n  files: [in/app.conf, k=b.txt]\n",
        ),
        ("base/in/app.conf", "{not: [yaml\n"),
        ("base/b.txt", "b"),
    ];
    check(&list, "base", &set("conf", "app.conf", "a\nb: ]\n"), &[("base/in/app.conf", "a\nb: ]\n")]);
    check(&list, "base", &set("conf", "k", ""), &[("base/b.txt", "")]);
    let gone = list[0].1.replace(", k=b.txt", "");
    check(&list, "base", &remove("conf", "k"), &[("base/kustomization.yaml", &gone)]);
}

const BASE: &str = "resources: [web.yaml]\nconfigMapGenerator:\n- name: conf\n  literals: [A=1]\nsecretGenerator:\n- name: login\n  type: kubernetes.io/basic-auth\n  literals: [username=u, password=p]\n";

#[track_caller]
fn overlay(before: &str, edit: &Edit, after: &str) {
    let list = [("base/kustomization.yaml", BASE), ("o/dev/kustomization.yaml", before)];
    check(&list, "o/dev", edit, &[("o/dev/kustomization.yaml", after)]);
}

#[test]
fn what_a_base_generates_is_overridden_by_a_generator_that_merges() {
    let bare = "resources:\n- ../../base\nnamePrefix: dev-\nnamespace: dev\n";
    let merge = format!("{bare}configMapGenerator:\n- name: conf\n  behavior: merge\n  literals:\n  - A=2\n");
    overlay(bare, &set("conf", "A", "2"), &merge);
    overlay(&merge, &set("conf", "A", "3"), &merge.replace("A=2", "A=3"));
    overlay(&merge, &set("conf", "B", "3"), &format!("{merge}  - B=3\n"));
    overlay(bare, &set("conf", "B", "a b"), &merge.replace("A=2", "B=a b"));
    overlay(
        bare,
        &set("login", "password", "q"),
        &format!(
            "{bare}secretGenerator:\n- name: login\n  behavior: merge\n  type: kubernetes.io/basic-auth\n  literals:\n  - password=q\n"
        ),
    );
    // A merge can replace a key but not take it away; a patch can.
    overlay(
        bare,
        &remove("conf", "A"),
        &format!(
            "{bare}patches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: conf\n    data:\n      A: null\n"
        ),
    );
    let chosen = Edit { choice: Some(Choice::Written), ..set("conf", "A", "2") };
    let list = [("base/kustomization.yaml", BASE), ("o/dev/kustomization.yaml", bare)];
    check(&list, "o/dev", &chosen, &[("base/kustomization.yaml", &BASE.replace("A=1", "A=2"))]);
}

#[test]
fn the_hash_of_the_name_stays_as_the_base_has_it() {
    let base = BASE.replace("literals: [A=1]", "literals: [A=1]\n  options: {disableNameSuffixHash: true}");
    let files: Files = [("base/kustomization.yaml", base.as_str()), ("o/kustomization.yaml", "resources: [../base]\n"), WORKLOAD]
        .into_iter()
        .collect();
    let applied = apply(&files, "o", None, &[set("conf", "A", "2")]).unwrap();
    let mut after = files;
    after.insert("o/kustomization.yaml", applied.files[0].after.as_deref().unwrap());
    let objects = crate::build(&after, "o").unwrap();
    let conf = objects.iter().find(|o| o.kind() == "ConfigMap").unwrap();
    assert_eq!((conf.name(), conf.value["data"]["A"].as_str()), ("conf", Some("2")));
}

#[test]
fn what_a_component_decides_is_overridden_by_a_patch() {
    let list = [
        ("base/kustomization.yaml", BASE),
        (
            "part/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nconfigMapGenerator:\n- name: conf\n  behavior: merge\n  literals: [A=c]\n",
        ),
        ("o/kustomization.yaml", "resources: [../base]\ncomponents: [../part]\n"),
    ];
    let patched = "resources: [../base]\ncomponents: [../part]\npatches:\n  - patch: |-\n      apiVersion: v1\n      kind: ConfigMap\n      metadata:\n        name: conf\n      data:\n        A: \"2\"\n";
    check(&list, "o", &set("conf", "A", "2"), &[("o/kustomization.yaml", patched)]);
}

const PLAIN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\ndata:\n  A: \"1\" # one\n  app.conf: |\n    x = 1\n    y = 2\n  N: 5\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {user: u}\ndata: {token: dA==}\n";

#[test]
fn plain_objects_are_edited_in_their_data() {
    let kustomization = ("base/kustomization.yaml", "resources: [web.yaml, conf.yaml]\n");
    for (edit, after) in [
        (set("conf", "A", "2"), PLAIN.replace("\"1\"", "\"2\"")),
        (set("conf", "A", "two"), PLAIN.replace("\"1\"", "\"two\"")),
        (set("conf", "N", "5"), PLAIN.replace("N: 5", "N: \"5\"")),
        (set("conf", "B", "on"), PLAIN.replace("N: 5\n", "N: 5\n  B: \"on\"\n")),
        (set("conf", "B", "x\ny\n"), PLAIN.replace("N: 5\n", "N: 5\n  B: |\n    x\n    y\n")),
        (set("conf", "app.conf", "x = 1\ny = 3\n"), PLAIN.replace("y = 2", "y = 3")),
        (remove("conf", "app.conf"), PLAIN.replace("  app.conf: |\n    x = 1\n    y = 2\n", "")),
        (set("login", "user", "w"), PLAIN.replace("{user: u}", "{user: w}")),
        (set("login", "host", "h"), PLAIN.replace("{user: u}", "{user: u, host: h}")),
    ] {
        check(&[kustomization, ("base/conf.yaml", PLAIN)], "base", &edit, &[("base/conf.yaml", &after)]);
    }
    let bare = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\n";
    let list = [kustomization, ("base/conf.yaml", bare)];
    check(&list, "base", &set("conf", "A", "1"), &[("base/conf.yaml", &format!("{bare}data:\n  A: \"1\"\n"))]);
    let patch = "resources:\n- ../base\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: conf\n    data:\n      A: \"2\"\n";
    let list = [kustomization, ("base/conf.yaml", PLAIN), ("o/kustomization.yaml", "resources:\n- ../base\n")];
    check(&list, "o", &set("conf", "A", "2"), &[("o/kustomization.yaml", patch)]);
    let list = [kustomization, ("base/conf.yaml", PLAIN), ("o/kustomization.yaml", patch)];
    check(&list, "o", &set("conf", "A", "3"), &[("o/kustomization.yaml", &patch.replace("\"2\"", "\"3\""))]);
    check(&list, "o", &set("conf", "B", "3"), &[("o/kustomization.yaml", &format!("{patch}      B: \"3\"\n"))]);
    check(
        &list,
        "o",
        &remove("conf", "A"),
        &[("o/kustomization.yaml", &patch.replace("data:\n      A: \"2\"", "data:\n      A: null"))],
    );
}

#[test]
fn values_of_several_lines_are_written_as_blocks() {
    let two = "configMapGenerator:\n- name: conf\n  literals:\n  - A=1\n";
    own(two, &set("conf", "B", "x: 1\n\ny: 2\n"), &format!("{two}  - |\n    B=x: 1\n\n    y: 2\n"));
    own(two, &set("conf", "B", "x\ny"), &format!("{two}  - |-\n    B=x\n    y\n"));
    own(two, &set("conf", "B", "x\ny\n\n"), &format!("{two}  - |+\n    B=x\n    y\n\n"));
    let block = format!("{two}  - |\n    B=x\n    y\n  - C=3\n");
    own(&block, &set("conf", "B", "x\nz\n"), &block.replace("    y\n", "    z\n"));
    own(&block, &set("conf", "B", "x"), &block.replace("|\n    B=x\n    y\n", "|-\n    B=x\n"));
    own(&block, &remove("conf", "B"), &block.replace("  - |\n    B=x\n    y\n", ""));
    let crlf = format!("resources: [web.yaml]\n{two}").replace('\n', "\r\n");
    let after = format!("{crlf}  - |\r\n    B=x\r\n    y\r\n");
    let list = [("base/kustomization.yaml", crlf.as_str())];
    check(&list, "base", &set("conf", "B", "x\ny\n"), &[("base/kustomization.yaml", &after)]);
    // Without a final line break, the last line of a block would lose its own.
    for (value, tail) in
        [("x\ny", "|-\n    B=x\n    y"), ("x\ny\n", "|\n    B=x\n    y\n"), ("x\ny\n\n", "|+\n    B=x\n    y\n\n")]
    {
        own(two.trim_end(), &set("conf", "B", value), &format!("{two}  - {tail}"));
    }
    let bare = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata:\n  A: a";
    let list = [("base/kustomization.yaml", "resources: [web.yaml, conf.yaml]\n"), ("base/conf.yaml", bare)];
    check(
        &list,
        "base",
        &set("conf", "B", "x\ny\n"),
        &[("base/conf.yaml", &bare.replace("  A: a", "  B: |\n    x\n    y\n  A: a"))],
    );
}

#[test]
fn blocks_do_not_stand_at_the_end_of_a_patch_where_they_would_lose_their_last_line_break() {
    let kustomization = ("base/kustomization.yaml", "resources: [web.yaml, conf.yaml]\n");
    let patch = "resources:\n- ../base\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    data:\n      B: |\n        x\n        y\n    metadata:\n      name: conf";
    for (bare, end) in [("resources:\n- ../base\n", "\n"), ("resources:\n- ../base", "")] {
        let list = [kustomization, ("base/conf.yaml", PLAIN), ("o/kustomization.yaml", bare)];
        check(&list, "o", &set("conf", "B", "x\ny\n"), &[("o/kustomization.yaml", &format!("{patch}{end}"))]);
    }
    let list = [kustomization, ("base/conf.yaml", PLAIN), ("o/kustomization.yaml", patch)];
    let after = patch.replace("        y\n", "        y\n      A: \"2\"\n");
    check(&list, "o", &set("conf", "A", "2"), &[("o/kustomization.yaml", &after)]);
    for header in ["|-", "|"] {
        let other = format!(
            "resources:\n- ../base\npatches:\n- patch: {header}\n    apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: conf\n    data:\n      A: \"2\" # two\n"
        );
        let after = other.replace("      A: ", "      B: |\n        x\n        y\n      A: ");
        let list = [kustomization, ("base/conf.yaml", PLAIN), ("o/kustomization.yaml", &other)];
        check(&list, "o", &set("conf", "B", "x\ny\n"), &[("o/kustomization.yaml", &after)]);
    }
    // As the tools read it: a text without a final line break gives none to its last block.
    let open = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata:\n  A: |\n    x";
    let list = [kustomization, ("base/conf.yaml", open)];
    check(&list, "base", &set("conf", "A", "x\n"), &[("base/conf.yaml", &format!("{open}\n"))]);
}

#[test]
fn what_is_shared_through_an_anchor_is_asked_about() {
    let two = "configMapGenerator:\n- name: conf\n  literals:\n  - &l A=1\n- name: other\n  literals:\n  - *l\n";
    let kustomization = format!("resources: [web.yaml]\n{two}");
    let list = [("base/kustomization.yaml", kustomization.as_str())];
    let files: Files = list.into_iter().chain([WORKLOAD]).collect();
    let Error::Choose(ask) = apply(&files, "base", None, &[set("other", "A", "2")]).unwrap_err() else { panic!("no question") };
    let told: Vec<String> = ask.offers.iter().map(|o| format!("{}:{} {}", o.file, o.line, o.what)).collect();
    assert_eq!(told, ["base/kustomization.yaml:5 changes base/kustomization.yaml:8 too"]);
    let edit = Edit { choice: Some(ask.offers[0].choice.clone()), ..set("other", "A", "2") };
    own(two, &edit, &two.replace("A=1", "A=2"));
}

#[test]
fn what_cannot_be_changed_is_said() {
    let kustomization =
        ("base/kustomization.yaml", "resources: [web.yaml, conf.yaml]\nsecretGenerator:\n- name: sops\n  envs: [e.env]\n");
    let list = [
        kustomization,
        ("base/conf.yaml", PLAIN),
        ("base/e.env", "A=ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops_version=3\n"),
    ];
    let files: Files = list.into_iter().chain([WORKLOAD]).collect();
    let fault = |edit: &Edit| apply(&files, "base", None, std::slice::from_ref(edit)).unwrap_err().to_string();
    assert_eq!(fault(&set("login", "token", "t")), "config login token at base/conf.yaml:16 is kept in base64 in a Secret");
    assert_eq!(fault(&set("sops", "A", "t")), "config sops A at base/kustomization.yaml:4 is encrypted with SOPS");
    assert_eq!(
        fault(&set("none", "A", "t")),
        "config none A cannot be changed in base: no generator, ConfigMap or Secret is called none; there are conf, login, sops"
    );
    assert!(fault(&set("conf", "a b", "t")).contains("letters"));
    let lines = ("base/kustomization.yaml", "resources: [web.yaml]\nconfigMapGenerator: [{name: conf, envs: [e.env]}]\n");
    let files: Files = [lines, ("base/e.env", "A=1\n"), WORKLOAD].into_iter().collect();
    let error = apply(&files, "base", None, &[set("conf", "A", "1\n2")]).unwrap_err();
    assert!(error.to_string().contains("one line"), "{error}");
}

#[test]
fn two_objects_of_one_name_are_asked_about() {
    let list = [(
        "base/kustomization.yaml",
        "resources: [web.yaml]\nconfigMapGenerator:\n- name: conf\n  literals: [A=1]\nsecretGenerator:\n- name: conf\n  literals: [A=1]\n",
    )];
    let files: Files = list.into_iter().chain([WORKLOAD]).collect();
    let Error::Choose(ask) = apply(&files, "base", None, &[set("conf", "A", "2")]).unwrap_err() else { panic!("no question") };
    let told: Vec<String> = ask.offers.iter().map(|o| format!("{}:{} {}", o.file, o.line, o.what)).collect();
    assert_eq!(told, ["base/kustomization.yaml:3 changes ConfigMap conf", "base/kustomization.yaml:6 changes Secret conf"]);
    let edit = Edit { choice: Some(ask.offers[1].choice.clone()), ..set("conf", "A", "2") };
    let after = "resources: [web.yaml]\nconfigMapGenerator:\n- name: conf\n  literals: [A=1]\nsecretGenerator:\n- name: conf\n  literals: [A=2]\n";
    check(&list, "base", &edit, &[("base/kustomization.yaml", after)]);
}

#[test]
fn facts_name_the_line_that_has_the_key_and_never_a_secret() {
    let files: Files = [
        ("base/kustomization.yaml", BASE),
        (
            "o/kustomization.yaml",
            "resources: [../base]\nconfigMapGenerator:\n- name: conf\n  behavior: merge\n  envs: [a.env]\n  files: [c.txt]\n- name: other\n  envs: [a.env]\n",
        ),
        ("o/a.env", "# x\nM=dev\n"),
        ("o/c.txt", "text"),
        WORKLOAD,
    ]
    .into_iter()
    .collect();
    let found = facts(&files, "o", None).unwrap().found;
    let told: Vec<String> = found
        .iter()
        .filter(|f| matches!(f.field, Field::Config(..)))
        .map(|f| format!("{} = {} @ {}:{} ({})", f.field, f.value, f.file, f.line, f.why))
        .collect();
    assert_eq!(
        told,
        [
            "config conf A = 1 @ base/kustomization.yaml:4 (literal of configMapGenerator conf of the base base)",
            "config conf M = dev @ o/a.env:2 (line of an env file of configMapGenerator conf of the overlay, which other reads too)",
            "config conf c.txt = text @ o/c.txt:1 (file of configMapGenerator conf of the overlay)",
            "config other M = dev @ o/a.env:2 (line of an env file of configMapGenerator other of the overlay, which conf reads too)",
            "config login password =  @ base/kustomization.yaml:8 (literal of secretGenerator login of the base base; it stands in the clear in Git)",
            "config login username =  @ base/kustomization.yaml:8 (literal of secretGenerator login of the base base; it stands in the clear in Git)",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_value_reads_back_as_it_was_meant(value in "[ -~]{0,10}|[a-z:#=\\-{},'\" 值]{0,8}", style in 0..5_usize) {
        let literal = ["A=1", "A='1'", "\"A=1\"", "'A=1'", "A=\"1\""][style];
        let env = "# c\r\nX=1\r\nE=old\r\n";
        let text = format!("resources: [web.yaml]\nconfigMapGenerator:\n- name: conf\n  literals:\n  - {literal} # tail\n  - B=2\n  envs: [a.env]\n");
        let mut files: Files = [("base/kustomization.yaml", text.as_str()), ("base/a.env", env), WORKLOAD].into_iter().collect();
        let applied = apply(&files, "base", None, &[set("conf", "A", &value), set("conf", "E", &value)]).unwrap();
        for change in applied.files {
            prop_assert!(change.path == "base/a.env" || change.after.as_deref().unwrap().ends_with("  - B=2\n  envs: [a.env]\n"));
            files.insert(change.path, change.after.unwrap());
        }
        let objects = crate::build(&files, "base").unwrap();
        let conf = objects.iter().find(|o| o.kind() == "ConfigMap").unwrap();
        for (key, expect) in [("A", value.as_str()), ("E", &value), ("B", "2"), ("X", "1")] {
            prop_assert_eq!(conf.value["data"][key].as_str(), Some(expect));
        }
        let back = apply(&files, "base", None, &[set("conf", "A", "1"), set("conf", "E", "old")]).unwrap();
        for change in back.files {
            files.insert(change.path, change.after.unwrap());
        }
        prop_assert_eq!(files.text("base/a.env", None).unwrap(), env);
    }
}
