//! Random values, styles and bytes.

use proptest::prelude::*;

use super::*;

/// Environment values that can stand in any style.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "[a-z:#\\-{},'\" 值\n]{0,10}",
        "[0-9eExX._:+-]{1,6}",
        Just("on".to_owned()),
        Just("null".to_owned())
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_value_reads_back_as_it_was_meant_and_nothing_else_changes(
        value in words(),
        style in 0..5_usize,
        crlf in any::<bool>(),
    ) {
        let written = ["old", "'old'", "\"old\"", "|-\n            old\n            lines", ">-\n            old\n            lines"][style];
        let before = deployment(&format!("      - name: a # 一\n        image: x:1\n        env:\n        - name: A\n          value: {written} # tail\n        - name: B # other\n          value: b\n"));
        let before = if style > 2 { before.replace(" # tail", "") } else { before };
        let before = if crlf { before.replace('\n', "\r\n") } else { before };
        let files = files(&[("k/w.yaml", &before)]);
        let applied = apply(&files, "k", None, &[env("A", &value)]).unwrap();
        let after = applied.files.first().map_or(before.as_str(), |f| f.after.as_deref().unwrap());
        let read: serde_yaml::Value = serde_yaml::from_str(after).unwrap();
        let env = &read["spec"]["template"]["spec"]["containers"][0]["env"];
        prop_assert_eq!(env[0]["value"].as_str(), Some(value.as_str()));
        prop_assert_eq!(env[1]["value"].as_str(), Some("b"));
        let head = before.find("value: ").unwrap() + "value: ".len();
        prop_assert_eq!(&after[..head], &before[..head]);
        let tail = &before[before.find("- name: B").unwrap()..];
        prop_assert!(after.ends_with(tail));
    }

    #[test]
    fn an_edit_and_its_inverse_give_the_original_bytes(
        new in "[a-z][a-z0-9]{0,6}",
        style in 0..3_usize,
        count in 0..50_u32,
        crlf in any::<bool>(),
    ) {
        let written = ["x:v1", "'x:v1'", "\"x:v1\""][style];
        let before = deployment(&format!("      - name: a\n        image: {written} # tail\n        resources:\n          limits:\n            cpu: 100m\n"));
        let before = if crlf { before.replace('\n', "\r\n") } else { before };
        let edits = [tag(&new), Edit::set(Field::Replicas, count.to_string()), env("X", &new), cpu("7")];
        let inverse = [tag("v1"), Edit::set(Field::Replicas, "1"), Edit::remove(Field::Env("X".into())), cpu("100m")];
        let applied = apply(&files(&[("k/w.yaml", &before)]), "k", None, &edits).unwrap();
        let changed = files(&[("k/w.yaml", applied.files[0].after.as_deref().unwrap())]);
        let back = apply(&changed, "k", None, &inverse).unwrap();
        prop_assert_eq!(back.files[0].after.as_deref(), Some(before.as_str()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..400_usize, noise in "[ \\n:\\-#{}\\[\\]'\"&*|>a]{0,6}") {
        let mut set = Files::new();
        set.insert("k/a.yaml", bytes);
        let _ = facts(&set, "k", None);
        let mut text = deployment("      - name: a\n        image: x:1\n        env:\n        - {name: A, value: |\n");
        let at = text.floor_char_boundary(cut.min(text.len()));
        text.insert_str(at, &noise);
        let set = files(&[("k/a.yaml", &text)]);
        let _ = apply(&set, "k", None, &[tag("2"), env("A", "b"), cpu("1"), Edit::set(Field::Replicas, "2")]);
        let set = files(&[("k/kustomization.yaml", &text)]);
        let _ = crate::build::build(&set, "k");
    }
}
