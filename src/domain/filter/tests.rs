//! What filters let through, as a table, and what is said of those that are none.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use super::*;
use crate::flux::{FluxObject, FluxSpec, FluxStatus, ObjectKey};
use crate::ident::ContextName;

fn now() -> Time {
    "2026-11-21T14:00:00Z".parse().unwrap()
}

fn object(kind: &str, namespace: &str, name: &str, ready: &str, hours: i64) -> FluxObject {
    let condition = crate::flux::Condition {
        kind: "Ready".into(),
        status: ready.into(),
        reason: "Because".into(),
        message: format!("Applied revision for {name}").into(),
        last_transition_time: None,
        observed_generation: None,
    };
    FluxObject {
        key: ObjectKey::new(&ContextName::from("prod"), kind, namespace, name),
        uid: String::new(),
        resource_version: String::new(),
        generation: 1,
        created: Time::from_second(now().as_second() - hours * 3600).ok(),
        deleting: false,
        requested_at: None,
        labels: vec![("team".into(), name.split('-').next().unwrap().into()), ("tier".into(), "web".into())],
        marks: Vec::new(),
        spec: FluxSpec { suspend: Some(name.ends_with("api")), path: Some("./Apps/Über".into()), ..FluxSpec::default() },
        status: FluxStatus { conditions: vec![condition], ..FluxStatus::default() },
    }
}

fn through(filter: &str) -> Vec<String> {
    let rows = [
        object("Kustomization", "flux-system", "shop-web", "True", 1),
        object("Kustomization", "apps", "shop-api", "True", 5),
        object("HelmRelease", "apps", "portal-生产", "False", 72),
        object("GitRepository", "flux-system", "billing", "Unknown", 1000),
    ];
    let filter = Filter::<FluxObject>::parse(filter).unwrap_or_else(|fault| unreachable!("{filter}: {fault}"));
    rows.iter().filter(|row| filter.matches(row, now())).map(|row| row.key.name.to_string()).collect()
}

#[test]
fn each_term_must_hold() {
    let all = &["shop-web", "shop-api", "portal-生产", "billing"][..];
    let table: &[(&str, &[&str])] = &[
        ("", all),
        ("  shop ", &["shop-web", "shop-api"]),
        ("SHOP", &["shop-web", "shop-api"]),
        ("shop !api", &["shop-web"]),
        ("生产", &["portal-生产"]),
        ("über", all),
        ("ÜBER", all),
        ("\"revision for bill\"", &["billing"]),
        ("~fxbil", &["billing"]),
        ("~appr", &["portal-生产"]),
        ("!~shop", &["portal-生产", "billing"]),
        ("/^shop-(web|api)$/", &["shop-web", "shop-api"]),
        ("/^SHOP-w/", &["shop-web"]),
        ("!/^shop/", &["portal-生产", "billing"]),
        ("/for p/", &["portal-生产"]),
        (r"/\.\/apps/", all),
        ("ready=false", &["portal-生产"]),
        ("ready=unknown", &["billing"]),
        ("ready!=true", &["portal-生产", "billing"]),
        ("!ready=true", &["portal-生产", "billing"]),
        ("age>2h", &["shop-api", "portal-生产", "billing"]),
        ("age<=1h", &["shop-web"]),
        ("age<1h30m", &["shop-web"]),
        ("age>2d age<2w", &["portal-生产"]),
        ("ns=flux-system", &["shop-web", "billing"]),
        ("namespace!=flux-system", &["shop-api", "portal-生产"]),
        ("ns=flux", &[]),
        ("ns=FLUX-*", &["shop-web", "billing"]),
        ("name=shop-*", &["shop-web", "shop-api"]),
        ("name=*-*p*", &["shop-api"]),
        ("name=billing,shop-web", &["shop-web", "billing"]),
        ("name=/^b/", &["billing"]),
        ("name=\"shop-web\"", &["shop-web"]),
        ("kind=ks", &["shop-web", "shop-api"]),
        ("kind=hr,git", &["portal-生产", "billing"]),
        ("kind=Helm*", &["portal-生产"]),
        ("suspended=true", &["shop-api"]),
        ("health=suspended", &["shop-api"]),
        ("-l team=shop", &["shop-web", "shop-api"]),
        ("-l team==shop web", &["shop-web"]),
        ("-l team!=shop", &["portal-生产", "billing"]),
        ("-l team in (shop, billing),tier", &["shop-web", "shop-api", "billing"]),
        ("-l team notin (shop)", &["portal-生产", "billing"]),
        ("-l !team", &[]),
        ("-l other", &[]),
        ("-l tier billing", &["billing"]),
    ];
    for (filter, want) in table {
        assert_eq!(through(filter), *want, "{filter}");
    }
}

#[test]
fn what_is_no_filter_says_where_and_why() {
    let table = [
        ("shop !", "6: something must follow !"),
        ("~", "1: something must follow ~"),
        ("ns=", "4: something must follow ns="),
        ("shop /ab", "9: / at the end is missing"),
        ("\"ab", "4: \" at the end is missing"),
        ("a /(/", "3: no regular expression: unclosed group"),
        ("age=2h", "4: age takes > or <"),
        ("age>2x", "5: “2x” is no time such as 30s, 5m, 2h, 1h30m, 3d, 2w"),
        ("age>2", "5: “2” is no time such as 30s, 5m, 2h, 1h30m, 3d, 2w"),
        ("ready=maybe", "7: “maybe” is no true, false or unknown"),
        ("ns>a", "3: ns takes = or !="),
        ("tags>x", "6: “x” is no number"),
        ("-l ", "4: labels are selected by key=value, key!=value, key in (a,b), key notin (a,b), key or !key"),
        ("-l a in (b", "11: ) at the end is missing"),
    ];
    for (filter, want) in table {
        assert_eq!(Filter::<FluxObject>::parse(filter).unwrap_err().to_string(), want, "{filter}");
    }
    let unknown = Filter::<FluxObject>::parse("x colour=red").unwrap_err();
    assert_eq!(unknown.column, 3);
    assert!(unknown.to_string().contains("“colour” is nothing"), "{unknown}");
}

#[test]
fn what_is_typed_holds_up_to_its_fault() {
    let (filter, fault) = Filter::<FluxObject>::typed("shop age>");
    assert_eq!(fault.unwrap().column, 10);
    assert!(filter.matches(&object("Kustomization", "a", "shop", "True", 1), now()));
    assert!(!filter.matches(&object("Kustomization", "a", "portal", "True", 1), now()));
}

#[test]
fn a_row_comes_of_age_at_a_known_moment() {
    let row = object("Kustomization", "apps", "shop", "True", 1);
    let filter = Filter::parse("age>2h").unwrap();
    let at = filter.turns(&row, now()).unwrap();
    assert!(filter.timed() && !filter.matches(&row, now()));
    assert!(filter.matches(&row, at));
    assert!(!filter.matches(&row, Time::from_millisecond(at.as_millisecond() - 1).unwrap()));
    assert_eq!(filter.turns(&row, at), None);
    assert!(!Filter::<FluxObject>::parse("shop").unwrap().timed());
    let ages = Filter::parse("age>9000000000000000000s").unwrap();
    assert_eq!((ages.matches(&row, now()), ages.turns(&row, now())), (false, None), "an age that no clock reaches");
}

#[test]
fn labels_alone_are_labels_alone() {
    for (text, want) in [
        (" team in (a,b), !tier ", Ok(())),
        ("team=shop other", Err("11")),
        ("team=shop -l x", Err("11")),
        ("", Err("1")),
        ("team=shop,", Err("11")),
        ("\"x\"=", Ok(())),
    ] {
        let read = Filter::<FluxObject>::labels(text).map(drop).map_err(|fault| fault.column.to_string());
        assert_eq!(read, want.map_err(str::to_owned), "{text}");
    }
}

proptest::proptest! {
    /// No text makes reading fail in any other way than by a fault within it.
    #[test]
    fn any_text_is_a_filter_or_has_a_fault(text in "[ -~“生]{0,24}") {
        match Filter::<FluxObject>::parse(&text) {
            Ok(filter) => { filter.matches(&object("Kustomization", "a", "b", "True", 1), now()); }
            Err(fault) => proptest::prop_assert!(fault.column <= text.chars().count() + 1),
        }
    }

    /// Looking for a text finds what comparing in lower case finds.
    #[test]
    fn looking_finds_what_is_there(text in "[a-cA-CüÜ生 -]{0,12}", part in "[a-cA-CüÜ生-]{1,3}") {
        let want = text.to_lowercase().contains(&part.to_lowercase());
        proptest::prop_assert_eq!(Needle::new(&part).within(&text), want);
    }
}

#[test]
fn one_aspect_alone_may_deny_a_row() {
    let admits = |filter: &str, aspect: &str, text: &str| {
        Filter::<FluxObject>::parse(filter).unwrap().admits(aspect, &Value::text(text.to_owned()), now())
    };
    for (filter, denied) in [("ns=apps", true), ("ns!=other", true), ("!ns=other", true), ("ns=apps shop", true), ("shop", false)]
    {
        assert!(admits(filter, "namespace", "apps"), "{filter}");
        assert_eq!(admits(filter, "namespace", "other"), !denied, "{filter}");
        assert!(admits(filter, "name", "other"), "{filter}: what compares something else denies nothing");
    }
}
