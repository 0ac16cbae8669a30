//! What became of a rendered object, in short: `image 1.8.4 → 1.8.5`, `replicas 3 → 6`.
//!
//! Reads the objects' YAML as `manifest` writes it: block style, one key per line.

use domain::image::Image;
use manifest::diff::{Line, diff};

use crate::widgets::diff_view::pairs;
use crate::widgets::format::version;

/// Returns what differs between two versions of an object, one short text per value.
pub(crate) fn changes(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut out = Vec::new();
    for pair in diff(before, after).iter().flat_map(pairs) {
        let was = pair.old.as_ref().and_then(|l| place(l.old_no, &old));
        let is = pair.new.as_ref().and_then(|l| place(l.new_no, &new));
        if unchanged(pair.old.as_ref(), pair.new.as_ref()) {
            continue;
        }
        match (was, is) {
            (Some((label, was)), Some((same, is))) if label == same => out.extend(changed(&label, &was, &is)),
            (was, is) => {
                out.extend(was.filter(|(_, v)| !v.is_empty()).map(|(label, value)| format!("− {label} {value}")));
                out.extend(is.filter(|(_, v)| !v.is_empty()).map(|(label, value)| format!("+ {label} {value}")));
            }
        }
    }
    out
}

fn unchanged(old: Option<&Line>, new: Option<&Line>) -> bool {
    matches!((old, new), (Some(a), Some(b)) if a.kind == b.kind)
}

fn changed(label: &str, was: &str, is: &str) -> Option<String> {
    if was == is {
        return None;
    }
    if let (Ok(a), Ok(b)) = (was.parse::<Image>(), is.parse::<Image>())
        && label == "image"
        && a.name == b.name
    {
        return Some(format!("image {} → {}", version(was), version(is)));
    }
    Some(format!("{label} {was} → {is}"))
}

/// Returns what the line of this number is called, and its value.
fn place(number: Option<usize>, lines: &[&str]) -> Option<(String, String)> {
    let at = number?.checked_sub(1)?;
    let (key, value) = entry(lines.get(at)?)?;
    let label = match key {
        "value" => above(lines, at, |k, v| (k == "name").then(|| v.to_owned())).unwrap_or_else(|| key.to_owned()),
        "cpu" | "memory" => match parent(lines, at) {
            Some("requests") => format!("{key} request"),
            Some("limits") => format!("{key} limit"),
            _ => key.to_owned(),
        },
        _ => key.to_owned(),
    };
    Some((label, value.to_owned()))
}

fn entry(line: &str) -> Option<(&str, &str)> {
    let body = line.trim_start_matches(['-', ' ']);
    let (key, value) = body.split_once(": ").or_else(|| body.strip_suffix(':').map(|key| (key, "")))?;
    Some((key, value.trim().trim_matches(['"', '\''])))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(['-', ' ']).len()
}

fn above(lines: &[&str], at: usize, wanted: impl Fn(&str, &str) -> Option<String>) -> Option<String> {
    let deep = indent(lines.get(at)?);
    let same = lines[..at].iter().rev().take_while(|l| indent(l) >= deep).filter(|l| indent(l) == deep);
    same.filter_map(|l| entry(l)).find_map(|(key, value)| wanted(key, value))
}

fn parent<'l>(lines: &[&'l str], at: usize) -> Option<&'l str> {
    let deep = indent(lines.get(at)?);
    lines[..at].iter().rev().find(|l| indent(l) < deep).and_then(|l| entry(l)).map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "kind: Deployment\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n      - name: web\n        image: ghcr.io/acme/shop:1.8.4\n        env:\n        - name: LOG_LEVEL\n          value: info\n        resources:\n          limits:\n            cpu: 500m\n          requests:\n            cpu: 100m\n";

    #[test]
    fn what_changed_is_said_in_a_few_words() {
        let table: [(&str, &str, &[&str]); 5] = [
            ("shop:1.8.4", "shop:1.8.5", &["image 1.8.4 → 1.8.5"]),
            ("replicas: 3", "replicas: 6", &["replicas 3 → 6"]),
            ("value: info", "value: debug", &["LOG_LEVEL info → debug"]),
            ("cpu: 100m", "cpu: 200m", &["cpu request 100m → 200m"]),
            ("          limits:\n            cpu: 500m\n", "", &["− cpu limit 500m"]),
        ];
        for (from, to, want) in table {
            assert_eq!(changes(BEFORE, &BEFORE.replace(from, to)), want, "{from}");
        }
        assert!(changes(BEFORE, BEFORE).is_empty());
    }
}
