//! Spans of the tree: every scalar's bytes are exactly its own.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use proptest::prelude::*;

use super::*;

fn written(text: &str) -> Vec<String> {
    let tree = Tree::parse(text).unwrap();
    tree.nodes()
        .filter(|(_, n)| matches!(n.kind, Kind::Scalar { .. } | Kind::Alias(_)))
        .map(|(_, n)| text[n.span.clone()].to_owned())
        .collect()
}

#[test]
fn spans_are_exact_in_every_style() {
    let table: &[(&str, &[&str])] = &[
        ("a: 1  # c\nb: 'q' # z\nc: \"d\\\"\" # e\n", &["a", "1", "b", "'q'", "c", "\"d\\\"\""]),
        ("k: |- # head\n  one\n  two\n\n# tail\nz: 1", &["k", "|- # head\n  one\n  two", "z", "1"]),
        (
            "\u{feff}k: &a !!str 值  # 注\r\nm: *a\r\nn: >\r\n  fo\r\n  ld\r\n\r\nz:\r\n",
            &["k", "值", "m", "*a", "n", ">\r\n  fo\r\n  ld", "z", ""],
        ),
        ("a: b c\n  d\n---\n# only\n---\nx:\n- 1\n- \n...\n---\nq", &["a", "b c\n  d", "", "x", "1", "", "q"]),
        ("a: {p: 1, q: [a, \"b\"], r, s: }\n", &["a", "p", "1", "q", "a", "\"b\"", "r", "", "s", ""]),
        ("? g\n: h\n? i\nj: k", &["g", "h", "i", "", "j", "k"]),
        ("a:\n  - - x\n    - y: 1\n  -\n    k: &e\n  - !t z\n", &["a", "x", "y", "1", "k", "", "z"]),
        ("k: |+\n  a\n\n\nz: 1\n", &["k", "|+\n  a\n\n", "z", "1"]),
        ("k: |\nz: 1\n", &["k", "|", "z", "1"]),
        (
            "r:\n  a: [\n    x, # 值\n    {\n    y: 'z\n    w'},\n  ]\n  b: {\n}\n  c: d\n",
            &["r", "a", "x", "y", "'z\n    w'", "b", "c", "d"],
        ),
        ("[a: b, 'c': d]", &["a", "b", "'c'", "d"]),
        ("&m\na: 1\n&k b: 2\n", &["a", "1", "b", "2"]),
        ("a: # c\n  b # d\ne: 'it''s'\nf: http://x:80/y#z\n", &["a", "b", "e", "'it''s'", "f", "http://x:80/y#z"]),
    ];
    for (text, expect) in table {
        assert_eq!(written(text), *expect, "{text:?}");
    }
}

#[test]
fn collections_end_with_their_last_child_or_bracket() {
    let text = "a:\n  b: 1\n  # foot\n\nc: { d: [1, 2, ], } # x\n";
    let tree = Tree::parse(text).unwrap();
    let root = tree.documents()[0].root;
    let part = |path: &[&str]| text[tree.node(tree.at(root, path).unwrap()).span.clone()].to_owned();
    assert_eq!(part(&["a"]), "b: 1");
    assert_eq!(part(&["c"]), "{ d: [1, 2, ], }");
    assert_eq!(part(&["c", "d"]), "[1, 2, ]");
    assert_eq!(tree.line_of(tree.at(root, &["c"]).unwrap()), 5);
}

#[test]
fn anchors_are_followed_and_shared_places_known() {
    let tree = Tree::parse("a: &x {b: 1}\nc: *x\nd: 2\n").unwrap();
    let root = tree.documents()[0].root;
    let inner = tree.at(root, &["c", "b"]).unwrap();
    assert_eq!(tree.scalar(inner), Some("1"));
    assert!(tree.shared(inner).is_some());
    assert!(tree.shared(tree.get(root, "d").unwrap()).is_none());
}

#[test]
fn what_passes_a_limit_is_refused_quickly() {
    let deep = "[".repeat(100_000);
    assert!(Tree::parse(&deep).is_err());
    let deep = (0..300).fold(String::new(), |text, n| text + &" ".repeat(n) + "a:\n");
    assert!(Tree::parse(&deep).is_err());
    assert!(Tree::parse("a: \0").is_err());
    assert!(Tree::parse(&"---\na\n".repeat(2000)).is_err());
}

#[test]
fn texts_made_to_take_long_do_not() {
    for part in [
        "[", "{", "? ", "- ", "a:\n", "a: b\n", "&a *a ", "!", "'", "\"", "#", "\n", "a", ": ", "|\n", "- |\n", "---\n", "\t",
        "{a: ", "[a, ", "&a ", "a: &a\n", "\u{feff}", "值", "- - a\n", "\\", "- &a b\n",
    ] {
        let text = part.repeat(200_000 / part.len());
        if let Ok(tree) = Tree::parse(&text) {
            assert!(!tree.documents().is_empty() || text.trim().is_empty() || part == "#" || part == "\u{feff}", "{part:?}");
        }
        assert_eq!(crate::yaml::highlight(&text).len(), text.lines().count(), "{part:?}");
    }
}

#[test]
fn faults_carry_line_and_column() {
    let fault = Tree::parse("a: 1\nb: [1,\nc: 2\n").unwrap_err();
    assert!(fault.line >= 2, "{fault:?}");
    let fault = Tree::parse("a: \"x\nb: 1\n").unwrap_err();
    assert!(fault.line >= 1 && fault.column >= 1 && !fault.why.is_empty(), "{fault:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn no_text_makes_it_panic(text in "[ \\t\\r\\na-c0'\"#:,&*!|>%@?\\[\\]{}\\-\u{feff}值\u{85}\u{2028}]{0,60}") {
        if let Ok(tree) = Tree::parse(&text) {
            for (_, node) in tree.nodes() {
                prop_assert!(text.get(node.span.clone()).is_some());
            }
        }
    }

    #[test]
    fn no_string_makes_it_panic(text in any::<String>()) {
        let _ = Tree::parse(&text);
    }
}
