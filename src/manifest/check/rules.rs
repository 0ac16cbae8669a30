//! The rules for rendered objects, as one table.

use domain::change::Severity;

use crate::build::split_image;
use crate::check::{Hit, Rule, Subject};
use crate::yaml::{Data, Val};

/// All rules for objects.
pub const RULES: &[Rule] = &[
    Rule {
        id: "image-latest",
        severity: Severity::Warning,
        about: "An image without a tag, or with the tag latest, is another image tomorrow.",
        look: image_latest,
    },
    Rule {
        id: "no-limits",
        severity: Severity::Warning,
        about: "A container without limits can take the whole node.",
        look: no_limits,
    },
    Rule {
        id: "replicas-zero",
        severity: Severity::Warning,
        about: "A workload with no replicas serves nobody.",
        look: replicas_zero,
    },
    Rule {
        id: "privileged",
        severity: Severity::Warning,
        about: "A privileged container is root on its node.",
        look: privileged,
    },
    Rule {
        id: "plain-secret",
        severity: Severity::Warning,
        about: "A secret in Git is known to everybody who reads it.",
        look: plain_secret,
    },
];

fn whose(subject: &Subject<'_>, container: &str) -> String {
    format!("container {container} of {} {}", subject.kind, subject.name)
}

fn image_latest(subject: &Subject<'_>, hits: &mut Vec<Hit>) {
    for (name, container) in subject.containers(true) {
        let Some(image) = container.get("image") else { continue };
        let (_, tag, digest) = split_image(image.as_text().unwrap_or_default());
        if !digest.is_empty() || !matches!(tag, "" | "latest") {
            continue;
        }
        let what = if tag.is_empty() { "has no tag" } else { "has the tag latest" };
        let place = image.image.as_ref().map_or(image.from, |trace| trace.tag.or(trace.name));
        hits.push(Hit { message: format!("the image of {} {what}", whose(subject, &name)), place });
    }
}

fn no_limits(subject: &Subject<'_>, hits: &mut Vec<Hit>) {
    for (name, container) in subject.containers(false) {
        let limits = container.at(&["resources", "limits"]);
        let missing: Vec<&str> =
            ["cpu", "memory"].into_iter().filter(|key| limits.and_then(|l| l.get(key)).is_none_or(Val::is_null)).collect();
        if !missing.is_empty() {
            let message = format!("{} has no limit for {}", whose(subject, &name), missing.join(" and "));
            hits.push(Hit { message, place: limits.or(Some(container)).and_then(|v| v.from) });
        }
    }
}

fn replicas_zero(subject: &Subject<'_>, hits: &mut Vec<Hit>) {
    let Some(replicas) = subject.val.at(&["spec", "replicas"]) else { return };
    if subject.pod().is_some() && replicas.scalar().as_deref() == Some("0") {
        hits.push(Hit { message: format!("{} {} has 0 replicas", subject.kind, subject.name), place: replicas.from });
    }
}

fn privileged(subject: &Subject<'_>, hits: &mut Vec<Hit>) {
    for (name, container) in subject.containers(true) {
        let Some(flag) = container.at(&["securityContext", "privileged"]).filter(|f| f.is_true()) else { continue };
        hits.push(Hit { message: format!("{} is privileged", whose(subject, &name)), place: flag.from });
    }
}

fn plain_secret(subject: &Subject<'_>, hits: &mut Vec<Hit>) {
    for (name, container) in subject.containers(true) {
        for variable in container.get("env").map(Val::items).unwrap_or_default() {
            let key = variable.get("name").and_then(Val::scalar).unwrap_or_default();
            let Some(value) = variable.get("value") else { continue };
            if looks_secret(&key, &value.scalar().unwrap_or_default()) {
                // The value itself is never repeated.
                let message =
                    format!("the variable {key} of {} looks like a secret and is written in the clear", whose(subject, &name));
                hits.push(Hit { message, place: value.from });
            }
        }
    }
    let encrypted = subject.val.get("sops").is_some();
    let filled = |field: &str| matches!(subject.val.get(field).map(|v| &v.data), Some(Data::Map(map)) if !map.is_empty());
    if subject.kind == "Secret" && !encrypted && (filled("data") || filled("stringData")) {
        let how =
            if subject.generated { "is generated from texts that are in Git in the clear" } else { "is in Git in the clear" };
        hits.push(Hit { message: format!("Secret {} {how}", subject.name), place: None });
    }
}

/// Tells whether a variable looks like a secret by its name or its value.
fn looks_secret(name: &str, value: &str) -> bool {
    if value.is_empty() || value.starts_with("$(") || value.starts_with('/') {
        return false;
    }
    if value.contains("-----BEGIN ") || password_in_url(value) {
        return true;
    }
    let name = name.to_ascii_uppercase();
    let words =
        ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL"];
    let about = ["_FILE", "_PATH", "_NAME", "_URL", "_TTL", "_ENABLED", "_EXPIRY", "_LENGTH", "_ID", "_TIMEOUT", "_TYPE"];
    let flag = matches!(value.to_ascii_lowercase().as_str(), "true" | "false") || value.bytes().all(|b| b.is_ascii_digit());
    words.iter().any(|w| name.contains(w)) && !about.iter().any(|a| name.ends_with(a)) && !flag
}

fn password_in_url(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .split_once('@')
        .and_then(|(user, _)| user.split_once(':'))
        .is_some_and(|(_, password)| !password.is_empty() && !password.starts_with("$("))
}
