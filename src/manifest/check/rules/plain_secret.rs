//! Secrets that stand in Git as anybody can read them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::change::Severity;

use crate::check::hits::Hits;
use crate::check::secrets;
use crate::check::subject::Subject;
use crate::yaml::Val;

/// How many keys are named at most.
const MOST: usize = 4;

/// Holds one value of a Secret that is in the clear.
struct Clear<'s> {
    key: &'s str,
    val: &'s Val,
    /// What it says.
    text: String,
}

/// Finds Secrets with values in the clear; those that hold nothing secret by their names are good to know of.
pub(super) fn plain_secret<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    if subject.kind != "Secret" || !subject.group.is_empty() {
        return;
    }
    let encrypted = subject.val.get("sops").is_some();
    let mut clear = values(subject, "data");
    clear.extend(values(subject, "stringData"));
    // What sops is told to leave alone is left alone on purpose, unless its name speaks against it.
    clear.retain(|value| !encrypted || secrets::named(value.key, &value.text));
    let Some(first) = clear.first() else { return };
    let mut keys = clear.iter().take(MOST).map(|value| value.key).collect::<Vec<_>>().join(", ");
    if clear.len() > MOST {
        keys.push_str(", \u{2026}");
    }
    let how = match (encrypted, subject.generated) {
        (true, _) => "is encrypted, but not all of it; in the clear",
        (false, true) => "is generated from texts that are in Git in the clear",
        (false, false) => "is in Git in the clear",
    };
    let hit = hits.at(subject, first.val, format!("{} {how}: {keys}", subject.told()));
    if clear.iter().all(|value| secrets::harmless(value.key) || secrets::settings(value.key, &value.text)) {
        hit.as_grave_as(Severity::Info);
    }
}

/// Returns what of a field is neither empty nor encrypted nor filled in later.
fn values<'s>(subject: &'s Subject, field: &str) -> Vec<Clear<'s>> {
    let entries = subject.at(&[field]).and_then(Val::as_map).into_iter().flatten();
    let clear = |val: &Val| {
        let written = val.scalar().unwrap_or_default();
        let text = if field == "data" && !written.contains(['$', '{', '[', '<']) { decoded(&written) } else { written };
        (!secrets::stand_in(&text)).then_some(text)
    };
    entries.filter_map(|(key, val)| Some(Clear { key, val, text: clear(val)? })).collect()
}

/// Returns what base64 says; bytes that are no text are shown as such.
fn decoded(written: &str) -> String {
    let joined: String = written.split_whitespace().collect();
    STANDARD.decode(&joined).map_or(joined, |bytes| String::from_utf8_lossy(&bytes).into_owned())
}
