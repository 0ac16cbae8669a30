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
