//! What Flux makes of `${…}`.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    let mut all = Variables::new();
    for (name, value) in pairs {
        all.insert(*name, value);
    }
    all
}

fn check(text: &str, expect: &str) {
    let all = variables(&[("a", "Hello World"), ("p", "/usr/local/lib"), ("n", "3"), ("empty", ""), ("f", "x.tar.gz")]);
    assert_eq!(expand(text, &all, true).as_deref(), Ok(expect), "{text}");
}

#[test]
fn every_form_does_what_it_does_in_flux() {
    for (text, expect) in [
        ("no variable: $a $ {a} }", "no variable: $a $ {a} }"),
        ("${a}", "Hello World"),
        ("<${a}|${n}>", "<Hello World|3>"),
        ("$${a} $$a $$", "${a} $a $"),
        ("$$${n}", "$3"),
        ("${empty}", ""),
        ("${gone:-x y}", "x y"),
        ("${empty:-x}", "x"),
        ("${n:-x}", "3"),
        ("${gone:=x}", "x"),
        ("${gone=x}", "x"),
        ("${gone:?x}", "x"),
        ("${gone:+x}", "x"),
        ("${n:+x}", "3"),
        ("${gone:-}", ""),
        ("${gone:-a${n}b}", "a3b"),
        ("${gone:-${other:-${n}}}", "3"),
        ("${gone:-$$x}", "$$x"),
        ("${a,}", "hello World"),
        ("${a,,}", "hello world"),
        ("${a^^}", "HELLO WORLD"),
        ("${f^}", "X.tar.gz"),
        ("${#a}", "11"),
        ("${a:6}", "World"),
        ("${a:0:5}", "Hello"),
        ("${a:6:99}", "World"),
        ("${a:99}", ""),
        ("${a:x}", "Hello World"),
        ("${a:0:n}", "Hello World"),
        ("${a:${n}}", "lo World"),
        ("${a/l/L}", "HeLlo World"),
        ("${a//l/L}", "HeLLo WorLd"),
        ("${a//l/}", "Heo Word"),
        ("${a/#Hello/Bye}", "Bye World"),
        ("${a/%World/All}", "Hello All"),
        (r"${p/\/usr/\/opt}", "/opt/local/lib"),
        (r"${p//\//-}", "-usr-local-lib"),
        ("${f#*.}", "tar.gz"),
        ("${f##*.}", "gz"),
        ("${f%.*}", "x.tar"),
        ("${f%%.*}", "x"),
        ("${f#[a-x]}", ".tar.gz"),
        ("${f#?}", ".tar.gz"),
        ("${f#nothing}", "x.tar.gz"),
    ] {
        check(text, expect);
    }
}

#[test]
fn what_is_not_set_or_not_closed_is_an_error() {
    let none = Variables::new();
    let unset = |name: &str| Err(SubstituteError::Unset(name.to_owned()));
    assert_eq!(expand("${gone}", &none, true), unset("gone"));
    assert_eq!(expand("${#gone}", &none, true), unset("gone"));
    assert_eq!(expand("${gone^^}", &none, true), unset("gone"));
    assert_eq!(expand("a${gone}b", &none, false).as_deref(), Ok("ab"));
    for text in ["${", "${}", "${a", "${a:-x", "${a-x}", "${a.b}", "${ a}", "${a/x}", "${a:}", "${a#}", "${#}"] {
        assert!(matches!(expand(text, &variables(&[("a", "1")]), true), Err(SubstituteError::Syntax(_))), "{text}");
    }
    let odd = variables(&[("a-b", "1")]);
    assert_eq!(substitute(&json!({"a": "${x:-1}"}), &odd, true), Err(SubstituteError::Name("a-b".into())));
}

#[test]
fn values_become_what_their_text_is_read_as() {
    let all = variables(&[("n", "3"), ("on", "yes"), ("list", "[a, b]"), ("lines", "a\nb")]);
    let object = json!({"metadata": {"name": "x"}, "n": "${n}", "q": "\"${n}\"", "on": "${on}", "l": "${list}", "t": "${lines}", "s": "a ${n}"});
    assert_eq!(
        substitute(&object, &all, true),
        Ok(json!({"metadata": {"name": "x"}, "n": 3, "q": "\"3\"", "on": true, "l": ["a", "b"], "t": "ab", "s": "a 3"}))
    );
    let broken = substitute(&json!({"a": "${v}"}), &variables(&[("v", "x: y: z")]), true);
    assert!(matches!(broken, Err(SubstituteError::Yaml(_))), "{broken:?}");
}

#[test]
fn an_object_may_refuse() {
    for part in ["labels", "annotations"] {
        let object = json!({"metadata": {part: {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}}, "a": "${gone}"});
        assert_eq!(substitute(&object, &Variables::new(), true).as_ref(), Ok(&object));
    }
}

#[test]
fn variables_come_from_config_maps_and_secrets_and_inline_ones_win() {
    let mut all = Variables::new();
    all.add_config_map(&json!({"data": {"a": "1", "b": "x\ny\n"}}));
    all.add_secret(&json!({"data": {"c": "c2VjcmV0Cg==", "bad": "%"}}));
    all.add_inline(&json!({"a": "2", "n": 5}));
    assert_eq!(expand("${a} ${b} ${c} ${n}", &all, true).as_deref(), Ok("2 xy secret 5"));
}

#[test]
fn values_that_make_a_text_explode_end() {
    let all = variables(&[("a", &"x".repeat(10_000)), ("b", &"y".repeat(10_000))]);
    assert_eq!(expand("${a//x/${b}}", &all, true), Err(SubstituteError::Limit));
    assert_eq!(expand(&"${a}".repeat(1_000), &all, true), Err(SubstituteError::Limit));
    // What comes to nothing costs as much on its way.
    let unused = format!("${{a:-{}}}", "${b}".repeat(1_000));
    assert_eq!(expand(&unused, &all, true), Err(SubstituteError::Limit));
    assert_eq!(expand("${a##*x*y}", &all, true), Err(SubstituteError::Pattern));
    let deep = "${a:-".repeat(100_000);
    assert!(matches!(expand(&deep, &all, true), Err(SubstituteError::Syntax(_))));
}

proptest! {
    #[test]
    fn any_text_ends_without_a_panic(text in r"[a${}:#%/\\,^*?\[\]\-=+0-9é ]{0,40}", value in ".{0,12}") {
        let all = variables(&[("a", &value)]);
        let _ = expand(&text, &all, false);
    }

    #[test]
    fn a_text_without_dollars_stays(text in "[^$]{0,60}") {
        prop_assert_eq!(expand(&text, &Variables::new(), true).unwrap(), text);
    }
}
