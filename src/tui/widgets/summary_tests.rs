//! What conditions mean, by their kind.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use super::*;

#[test]
fn a_condition_is_judged_by_what_its_kind_means() {
    let health = |kind: &str, status: &str| {
        let condition = serde_json::json!({"type": kind, "status": status});
        judge(&serde_json::from_value(condition).unwrap())
    };
    let table = [
        ("Ready", Some(Health::Ok), Some(Health::Bad)),
        ("Released", Some(Health::Ok), Some(Health::Bad)),
        ("TestSuccess", Some(Health::Ok), Some(Health::Bad)),
        ("SourceVerified", Some(Health::Ok), Some(Health::Bad)),
        ("ArtifactInStorage", Some(Health::Ok), Some(Health::Bad)),
        ("PodScheduled", Some(Health::Ok), Some(Health::Bad)),
        ("ContainersReady", Some(Health::Ok), Some(Health::Busy)),
        ("FetchFailed", Some(Health::Bad), Some(Health::Ok)),
        ("BuildFailed", Some(Health::Bad), Some(Health::Ok)),
        ("Stalled", Some(Health::Bad), Some(Health::Ok)),
        ("Failed", Some(Health::Bad), Some(Health::Ok)),
        ("Reconciling", Some(Health::Busy), Some(Health::Ok)),
        ("ArtifactOutdated", Some(Health::Busy), Some(Health::Ok)),
        ("acme.example/Painted", None, None),
    ];
    for (kind, holds, lacks) in table {
        assert_eq!((health(kind, "True"), health(kind, "False")), (holds, lacks), "{kind}");
    }
    assert_eq!(health("Ready", "Unknown"), Some(Health::Busy));
}

#[test]
fn what_something_waits_for_is_said_in_one_language() {
    use crate::fixture::Bench;
    use crate::words::Language;

    let lead = |key: &'static str| words::clause(key).with("object", "GitRepository flux-system/failed");
    let said = |language, of: &Clause| clause(&Bench::new(80, 24, language).cx(), of);
    let failed = lead("waiting.source").with(STATE, Health::Bad.word()).with("why", "no such branch");
    assert_eq!(said(Language::English, &failed), "its source GitRepository flux-system/failed (failed): no such branch");
    assert_eq!(said(Language::Chinese, &failed), "其来源 GitRepository flux-system/failed（失败）：no such branch");
    let missing = lead("waiting.dependency-missing");
    assert_eq!(said(Language::Chinese, &missing), "所依赖的 GitRepository flux-system/failed，但它不存在");
}
