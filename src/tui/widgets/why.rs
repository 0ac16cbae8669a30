//! Causes, as every screen shows them: what it is, what was said, what to do.
//!
//! ```text
//! ✗ The registry has no image ghcr.io/acme/shop:9
//!   Pod/shop/web-7d9  container web ImagePullBackOff
//!   Back-off pulling image "ghcr.io/acme/shop:9": …
//!   → Check that the tag exists in the registry, then deploy another tag or roll back.
//! ```

use domain::flux::ObjectKey;
use domain::why::{Cause, Explanation, Origin, Quote};
use domain::workload::Pod;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format::short_digests;
use crate::widgets::put::piece;
use crate::widgets::sheet::Row;

/// How many lines of one quotation are shown.
const LINES: usize = 12;

fn values(cause: &Cause) -> Vec<(&str, &str)> {
    cause.values.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Says what a cause is, in the operator's language.
pub fn what(cx: &Cx, cause: &Cause) -> String {
    short_digests(&cx.tf(&format!("why.what.{}", cause.id), &values(cause)))
}

/// Says what to do about a cause, in the operator's language.
pub fn next(cx: &Cx, cause: &Cause) -> String {
    cx.tf(&format!("why.next.{}", cause.id), &values(cause))
}

/// Says what keeps a Pod from running, in one line, if something does: the reason in Kubernetes' word and what it means.
pub fn of_pod(cx: &Cx, pod: &Pod) -> Option<(String, String)> {
    let fault = pod.fault()?;
    let cause = domain::why::of_fault(&pod.key, &fault, None);
    let said = if cause.vague() { cx.said(&domain::text::one_line(&fault.message)) } else { what(cx, &cause) };
    Some((fault.reason, said))
}

/// Returns the root cause of what is wrong with an object in two rows: what it is and what to do; none when nothing is wrong.
pub fn brief(cx: &Cx, key: &ObjectKey) -> Vec<Row> {
    let causes = cx.causes(key);
    let Some(root) = causes.iter().find(|cause| !cause.vague()) else { return Vec::new() };
    let mut rows = vec![Row::text("✗ ", Role::Bad, what(cx, root), Role::Bad)];
    if root.object != *key {
        rows.push(Row::Line(vec![piece(format!("  {}", root.object), Role::Muted)]));
    }
    rows.push(Row::text("  → ", Role::Accent, next(cx, root), Role::Text));
    rows
}

/// Returns all that is known of why an object is broken: from the world at once, and from what was read as soon as it is there.
pub fn sheet(cx: &Cx, key: &ObjectKey, read: Option<&Explanation>, failed: Option<&str>) -> Vec<Row> {
    let mut out = match read {
        Some(explained) => rows(cx, &explained.causes),
        None => rows(cx, &cx.causes(key)),
    };
    if out.is_empty() && read.is_some() {
        out.push(Row::text("✓ ", Role::Ok, cx.t("cause.none").to_owned(), Role::Text));
    }
    let unread = read.map_or(&[][..], |explained| &explained.unread);
    let unseen = unread.iter().map(String::as_str).chain(failed);
    for (at, words) in unseen.enumerate() {
        if at == 0 {
            out.push(Row::Blank);
        }
        out.push(Row::text("! ", Role::Warn, cx.tf("cause.unread", &[("why", words)]), Role::Muted));
    }
    if read.is_none() && failed.is_none() {
        out.push(Row::Blank);
        out.push(Row::Line(vec![piece(format!("{} {}", cx.spinner(), cx.t("cause.looking")), Role::Muted)]));
    }
    out
}

/// Returns the rows of causes, the root first, with all that was said.
pub fn rows(cx: &Cx, causes: &[Cause]) -> Vec<Row> {
    let mut rows = Vec::new();
    for cause in causes {
        if !rows.is_empty() {
            rows.push(Row::Blank);
        }
        let perhaps = if cause.inferred { format!(" ({})", cx.t("cause.concluded")) } else { String::new() };
        rows.push(Row::text("✗ ", Role::Bad, format!("{}{perhaps}", what(cx, cause)), Role::Bad));
        let mut object = None;
        for quote in &cause.evidence {
            rows.extend(quoted(cx, quote, object != Some(&quote.object) || quote.object != cause.object));
            object = Some(&quote.object);
        }
        rows.push(Row::text("  → ", Role::Accent, next(cx, cause), Role::Text));
    }
    rows
}

fn quoted(cx: &Cx, quote: &Quote, named: bool) -> Vec<Row> {
    let mut head = Vec::new();
    if named {
        head.push(piece(format!("  {}", quote.object), Role::Text));
    }
    head.push(piece(format!("  {}", origin(cx, &quote.origin)), Role::Faint));
    let mut rows = vec![Row::Line(head)];
    let lead = if matches!(quote.origin, Origin::Log { .. }) { "  │ " } else { "  " };
    let text = short_digests(&quote.text);
    rows.extend(
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .take(LINES)
            .map(|line| Row::text(lead, Role::Line, line, Role::Muted)),
    );
    rows
}

/// Says where a quotation comes from.
fn origin(cx: &Cx, origin: &Origin) -> String {
    match origin {
        Origin::Event { reason, count } => {
            let said = cx.tf("cause.event", &[("reason", reason)]);
            if *count > 1 { format!("{said} ×{count}") } else { said }
        }
        Origin::Container { name, reason } if !name.is_empty() => cx.tf("cause.container", &[("name", name), ("reason", reason)]),
        Origin::Log { container } => cx.tf("cause.log", &[("container", container)]),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use domain::why::causes;

    use crate::words::{Language, Words};

    #[test]
    fn every_cause_is_said_in_the_language_files_as_it_is_in_english() {
        let words = Words::load(Language::English);
        for rule in causes() {
            assert_eq!(words.find(&format!("why.what.{}", rule.id)), Some(rule.what), "{}", rule.id);
            assert_eq!(words.find(&format!("why.next.{}", rule.id)), Some(rule.next), "{}", rule.id);
        }
        let said = words.keys().into_iter().filter(|key| key.starts_with("why.what.")).count();
        assert_eq!(said, causes().count(), "no cause that nobody has");
    }

    #[test]
    fn a_translation_keeps_every_place() {
        let places = |text: &str| {
            let mut names: Vec<String> = text.split('{').skip(1).filter_map(|p| p.split('}').next()).map(str::to_owned).collect();
            names.sort();
            names.dedup();
            names
        };
        let (english, chinese) = (Words::load(Language::English), Words::load(Language::Chinese));
        for rule in causes() {
            for part in ["what", "next"] {
                let key = format!("why.{part}.{}", rule.id);
                assert_eq!(places(english.get(&key)), places(chinese.get(&key)), "{key}");
            }
        }
    }
}
