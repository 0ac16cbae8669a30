//! A live object as text to edit, and what an edited text would do: checked here, then by the server in a dry run.

use std::sync::Arc;

use cluster::act::edit::{dotted, editable, fields, forbidden, from_text, masks, merge_patch, merged, paths, to_text};
use domain::Trouble;
use domain::change::{Finding, Severity};
use domain::flux::ObjectKey;
use domain::live::{Edited, LiveReview, LiveText, MASK, Moved, Private};
use domain::orders::Apply;
use domain::query::Answer;
use manifest::schema::{Schemas, validate};
use serde_json::Value;

use crate::live;
use crate::queries::origin;
use crate::shared::Core;

pub(super) async fn edit(core: &Arc<Core>, key: ObjectKey) -> Result<Answer, Trouble> {
    let object = live::read(core, &key).await?;
    Ok(Answer::Edit(Arc::new(text_of(core, &key, &object).await)))
}

pub(super) async fn review(core: &Arc<Core>, edited: &Edited) -> Result<Answer, Trouble> {
    Ok(Answer::Review(Arc::new(judge(core, edited).await?)))
}

async fn text_of(core: &Core, key: &ObjectKey, object: &Value) -> LiveText {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (shown, masked) = editable(object, None);
    LiveText {
        key: key.clone(),
        uid: text("/metadata/uid"),
        version: text("/metadata/resourceVersion"),
        text: Private::new(to_text(&shown)),
        masked,
        origin: origin::of(core, key, object).await,
    }
}

/// Works out what an edit would do.
async fn judge(core: &Core, edited: &Edited) -> Result<LiveReview, Trouble> {
    let (key, base) = (&edited.base.key, &edited.base);
    let mut review = LiveReview {
        key: key.clone(),
        findings: findings(edited.text.text()),
        refused: None,
        before: "".into(),
        after: "".into(),
        moved: None,
        order: None,
    };
    if review.is_wrong() {
        return Ok(review);
    }
    let (old, new) = match (from_text(base.text.text()), from_text(edited.text.text())) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(why), _) | (_, Err(why)) => {
            review.findings.push(Finding::new(Severity::Error, "yaml-syntax", domain::text::one_line(&why)));
            return Ok(review);
        }
    };
    if let Some(why) = forbidden(&old, &new) {
        review.findings.push(Finding::new(Severity::Error, "identity", why));
        return Ok(review);
    }
    let Some(patch) = merge_patch(&old, &new) else { return Ok(review) };
    let live = live::read(core, key).await?;
    if live.pointer("/metadata/uid").and_then(Value::as_str) != Some(&*base.uid) {
        let trouble = Trouble::failed("It is another object now", key).why("it was deleted and created again meanwhile");
        review.refused = Some(trouble.next("Edit it anew."));
        return Ok(review);
    }
    let now = text_of(core, key, &live).await;
    let shown = editable(&live, None).0;
    review.moved = moved(&old, &shown, &patch, (base, &now));
    review.before = now.text.text().into();
    let clash = review.moved.as_ref().is_some_and(|moved| !moved.both.is_empty());
    // The server says what it would store, so that what is shown is what comes, defaults and webhooks included.
    match core.fleet.patch(key, &patch, &now.version, true).await {
        Ok(after) => {
            review.after = to_text(&editable(&after, Some(&live)).0).into();
            let wanted = fields(&patch);
            let order = Apply {
                key: key.clone(),
                version: now.version.clone(),
                seen: live::digest(&now.uid, now.text.text(), now.masked),
                patch: Private::new(patch.to_string()),
                fields: wanted,
                origin: now.origin.clone(),
            };
            review.order = (!clash && review.before != review.after).then_some(order);
        }
        Err(trouble) => review.refused = Some(trouble),
    }
    Ok(review)
}

/// Says what somebody else changed meanwhile; nothing when it is as it was, apart from its status.
fn moved(old: &Value, live: &Value, patch: &Value, (base, now): (&LiveText, &LiveText)) -> Option<Moved> {
    let change = merge_patch(old, live);
    let theirs = change.as_ref().map(paths).unwrap_or_default();
    let unseen = unseen(old, patch, (base, now));
    if theirs.is_empty() && unseen.is_empty() {
        return None;
    }
    let mut both = clashes(&theirs, patch, (&merged(old, patch), live));
    let mut theirs: Vec<String> = theirs.iter().map(|path| dotted(path)).collect();
    for field in unseen {
        for list in [&mut theirs, &mut both] {
            if !list.contains(&field) {
                list.push(field.clone());
            }
        }
    }
    let again = LiveText { text: Private::new(to_text(&merged(live, patch))), ..now.clone() };
    Some(Moved { theirs, both, again: Arc::new(again), newest: Arc::new(now.clone()) })
}

/// Returns which of their changes meet one of ours: on the same field, above it or below it. What both made the same is none.
fn clashes(theirs: &[Vec<&str>], patch: &Value, (mine, live): (&Value, &Value)) -> Vec<String> {
    let ours = paths(patch);
    let meets = |t: &Vec<&str>| ours.iter().any(|o| o.starts_with(t) || t.starts_with(o));
    let differs = |t: &Vec<&str>| at(mine, t) != at(live, t);
    theirs.iter().filter(|t| meets(t) && differs(t)).map(|t| dotted(t)).collect()
}

/// Returns the masked values that an edit changes while somebody changed the object: whether it was these, no mask tells.
fn unseen(old: &Value, patch: &Value, (base, now): (&LiveText, &LiveText)) -> Vec<String> {
    if base.version == now.version || base.masked + now.masked == 0 {
        return Vec::new();
    }
    let masked = |path: &&Vec<&str>| at(old, path).is_some_and(masks);
    paths(patch).iter().filter(masked).map(|path| dotted(path)).collect()
}

/// Returns the value under a path of keys.
fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

/// Checks a text: its syntax, and its fields against the schema of its kind.
fn findings(text: &str) -> Vec<Finding> {
    if let Some(fault) = manifest::syntax(None, text) {
        return vec![fault];
    }
    // A masked value is some base64 to the schema; the lines stay what they are.
    let found = validate("object.yaml", &text.replace(MASK, "Kioq"), &Schemas::built_in());
    found.into_iter().filter(|f| f.severity > Severity::Info).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use serde_json::json;

    fn now() -> LiveText {
        let key = ObjectKey::new(&"c".into(), "ConfigMap", "a", "b");
        LiveText { key, uid: String::new(), version: "9".into(), text: Private::new(""), masked: 0, origin: None }
    }

    #[test]
    fn two_hands_on_one_field_clash_and_on_two_do_not() {
        let old = json!({ "data": { "a": "1", "b": "1" }, "spec": { "replicas": 1 } });
        let mine = json!({ "data": { "a": "2" } });
        let meet = |live: &Value| moved(&old, live, &mine, (&now(), &now()));
        assert_eq!(meet(&old), None);
        let other = meet(&json!({ "data": { "a": "1", "b": "2" }, "spec": { "replicas": 1 } })).unwrap();
        assert_eq!((other.theirs.join(","), other.both.len()), ("data.b".to_owned(), 0));
        let same = meet(&json!({ "data": { "a": "3", "b": "1" }, "spec": { "replicas": 1 } })).unwrap();
        assert_eq!(same.both, ["data.a"]);
        assert!(same.again.text.text().contains("a: '2'"), "{}", same.again.text.text());
        let agreed = meet(&json!({ "data": { "a": "2", "b": "1" }, "spec": { "replicas": 1 } })).unwrap();
        assert!(agreed.both.is_empty(), "both made the same of it");
        let gone = meet(&json!({ "spec": { "replicas": 1 } })).unwrap();
        assert_eq!(gone.both, ["data"], "they removed what this edit changes");
    }

    #[test]
    fn keys_with_dots_and_slashes_clash_as_others_do() {
        let old = json!({ "data": { "app.yaml": "1", "a/b": "1", "app": "x" } });
        let mine = json!({ "data": { "app.yaml": "2", "a/b": "2" } });
        let meet = |live: &Value| moved(&old, live, &mine, (&now(), &now())).unwrap();
        let live = json!({ "data": { "app.yaml": "3", "a/b": "3", "app": "x" } });
        assert_eq!(meet(&live).both, ["data.app.yaml", "data.a/b"]);
        let beside = meet(&json!({ "data": { "app.yaml": "1", "a/b": "1", "app": "y" } }));
        assert_eq!((beside.theirs.join(","), beside.both.len()), ("data.app".to_owned(), 0), "another key is no clash");
    }

    #[test]
    fn a_masked_value_that_somebody_may_have_changed_too_is_looked_at_again() {
        let old = json!({ "kind": "Secret", "data": { "password": MASK, "user": MASK } });
        let mine = json!({ "data": { "password": "bmV3", "added": "eA==" } });
        let read = LiveText { masked: 2, ..now() };
        let newer = LiveText { version: "10".into(), ..read.clone() };
        assert_eq!(moved(&old, &old, &mine, (&read, &read)), None);
        let met = moved(&old, &old, &mine, (&read, &newer)).unwrap();
        assert_eq!((met.theirs.join(","), met.both.join(",")), ("data.password".to_owned(), "data.password".to_owned()));
        let label = json!({ "metadata": { "labels": { "a": "b" } } });
        assert_eq!(moved(&old, &old, &label, (&read, &newer)), None, "no masked value is changed");
    }

    #[test]
    fn a_text_is_checked_before_the_server_is_asked() {
        let broken = findings("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n");
        assert!(broken[0].message.contains("line"), "{broken:?}");
        let typo = findings("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replcas: 2\n");
        assert!(typo.iter().any(|f| f.line == Some(5) && f.message.contains("replcas")), "{typo:?}");
        assert_eq!(findings("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {b: •••}\n"), []);
    }
}
