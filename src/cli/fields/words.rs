//! Fields as they are written on the command line: `tag`, `env=LOG_LEVEL`, `probe=readiness.path`.

use domain::Trouble;
use domain::edit::{Bound, Edit, Field, Probe, ProbePart, Resource};

/// The fields without a name of their own, with their words.
const PLAIN: [(&str, Field); 12] = [
    ("image", Field::ImageName),
    ("tag", Field::ImageTag),
    ("digest", Field::ImageDigest),
    ("pull-policy", Field::PullPolicy),
    ("replicas", Field::Replicas),
    ("cpu-request", Field::Resource(Bound::Request, Resource::Cpu)),
    ("cpu-limit", Field::Resource(Bound::Limit, Resource::Cpu)),
    ("memory-request", Field::Resource(Bound::Request, Resource::Memory)),
    ("memory-limit", Field::Resource(Bound::Limit, Resource::Memory)),
    ("service-type", Field::ServiceType),
    ("ingress-host", Field::IngressHost),
    ("chart-version", Field::ChartVersion),
];

/// The options that name what they set: the option, how its argument is written, an example.
const NAMED: [(&str, &str, &str); 11] = [
    ("env", "NAME=VALUE to set it, NAME- to remove it", "LOG_LEVEL=debug"),
    ("env-from", "NAME=secret:OBJECT/KEY or NAME=configmap:OBJECT/KEY, NAME- to remove it", "TOKEN=secret:shop/token"),
    ("port", "NAME=NUMBER, NAME- to remove it", "http=8080"),
    ("probe", "PROBE.PART=VALUE, PROBE.PART- to remove it", "readiness.path=/healthz"),
    ("label", "KEY=VALUE, KEY- to remove it", "team=shop"),
    ("annotation", "KEY=VALUE, KEY- to remove it", "acme.example/owner=shop"),
    ("pod-label", "KEY=VALUE, KEY- to remove it", "team=shop"),
    ("pod-annotation", "KEY=VALUE, KEY- to remove it", "acme.example/owner=shop"),
    ("service-port", "NAME=NUMBER", "http=80"),
    ("value", "PATH=VALUE, PATH- to remove it", "ingress.enabled=true"),
    ("config", "GENERATOR/KEY=VALUE, GENERATOR/KEY- to remove it", "shop-config/LOG_LEVEL=debug"),
];

/// Reads what an option with a name was given: `NAME=VALUE` sets, `NAME-` removes.
pub(super) fn pair(option: &'static str, text: &str) -> Result<Edit, Trouble> {
    let (name, value) = match (text.split_once('='), text.strip_suffix('-')) {
        (Some((name, value)), _) => (name, Some(value)),
        (None, Some(name)) => (name, None),
        (None, None) => return Err(unread(option, text)),
    };
    let field = with_name(option, name).ok_or_else(|| unread(option, text))?;
    Ok(Edit { value: value.map(str::to_owned), ..Edit::remove(field) })
}

/// Reads a field as `--unset` names it.
pub(super) fn field(text: &str) -> Result<Field, Trouble> {
    let found = match text.split_once('=') {
        Some((option, name)) => with_name(option, name),
        None => PLAIN.iter().find(|(word, _)| *word == text).map(|(_, field)| field.clone()),
    };
    found.ok_or_else(|| {
        let plain = PLAIN.iter().skip(1).map(|(word, _)| (*word).to_owned());
        let named = NAMED.iter().map(|(option, ..)| format!("{option}=NAME"));
        Trouble::usage("That names no field", format!("\u{201c}{text}\u{201d}"))
            .next(format!("Name one of: {}.", plain.chain(named).collect::<Vec<_>>().join(", ")))
    })
}

fn with_name(option: &str, name: &str) -> Option<Field> {
    if name.is_empty() && !matches!(option, "env" | "env-from") {
        return None;
    }
    let own = name.to_owned();
    Some(match option {
        "env" => Field::Env(own),
        "env-from" => Field::EnvRef(own),
        "port" => Field::Port(own),
        "probe" => probe(name)?,
        "label" => Field::Label(own),
        "annotation" => Field::Annotation(own),
        "pod-label" => Field::PodLabel(own),
        "pod-annotation" => Field::PodAnnotation(own),
        "service-port" => Field::ServicePort(own),
        "value" => Field::Value(own),
        "config" => {
            let (generator, key) = name.split_once('/').filter(|(generator, _)| !generator.is_empty())?;
            Field::Config(generator.to_owned(), key.to_owned())
        }
        _ => return None,
    })
}

fn probe(name: &str) -> Option<Field> {
    let (probe, part) = name.split_once('.')?;
    let probe = Probe::ALL.into_iter().find(|p| p.word() == probe)?;
    let part = ProbePart::ALL.into_iter().find(|p| p.word() == part)?;
    Some(Field::Probe(probe, part))
}

fn unread(option: &str, text: &str) -> Trouble {
    let (how, example) = NAMED.iter().find(|(word, ..)| *word == option).map_or(("", ""), |(_, how, example)| (*how, *example));
    let what = match option {
        "env" => "That sets no environment variable".to_owned(),
        option => format!("That is nothing for --{option}"),
    };
    Trouble::usage(what, format!("\u{201c}{text}\u{201d}")).next(format!("Write {how}, for example {example}."))
}

/// Returns a field as it is written on the command line.
pub(crate) fn word(field: &Field) -> String {
    if let Some((word, _)) = PLAIN.iter().find(|(_, plain)| plain == field) {
        return (*word).to_owned();
    }
    match field {
        Field::Env(name) => format!("env={name}"),
        Field::EnvRef(name) => format!("env-from={name}"),
        Field::Port(name) => format!("port={name}"),
        Field::Probe(probe, part) => format!("probe={}.{}", probe.word(), part.word()),
        Field::Label(key) => format!("label={key}"),
        Field::Annotation(key) => format!("annotation={key}"),
        Field::PodLabel(key) => format!("pod-label={key}"),
        Field::PodAnnotation(key) => format!("pod-annotation={key}"),
        Field::ServicePort(name) => format!("service-port={name}"),
        Field::Value(path) => format!("value={path}"),
        Field::Config(generator, key) => format!("config={generator}/{key}"),
        plain => plain.to_string(),
    }
}

/// Says what is wrong with a value, with an example of one that would do.
pub(super) fn wrong(edit: &Edit, why: String) -> Trouble {
    let quoted = |text: &str| format!("\u{201c}{text}\u{201d}");
    let value = quoted(edit.value.as_deref().unwrap_or_default());
    let that = |what: &dyn std::fmt::Display| format!("That cannot be the {what}");
    let (what, object, next) = match &edit.field {
        Field::Env(name) | Field::EnvRef(name) if domain::edit::env_name_fault(name).is_some() => (
            "That cannot name an environment variable".to_owned(),
            quoted(name),
            "Write NAME=VALUE, for example LOG_LEVEL=debug.",
        ),
        Field::Replicas => (that(&"number of replicas"), value, "Write a whole number from 0 to 10000."),
        Field::Resource(_, Resource::Cpu) => (that(&edit.field), value, "Write it as 250m or 2."),
        Field::Resource(_, Resource::Memory) => (that(&edit.field), value, "Write it as 128Mi or 2Gi."),
        Field::ImageTag => (that(&edit.field), value, "Letters, digits, dots, hyphens and underscores, for example 1.9.0."),
        Field::ImageDigest => (that(&edit.field), value, "Write it as sha256: and 64 hexadecimal digits."),
        Field::IngressHost => (that(&edit.field), value, "Write it as shop.acme.example."),
        _ => (that(&edit.field), value, ""),
    };
    Trouble::usage(what, object).why(why).next(next)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn every_field_is_written_as_it_is_read() {
        let named = [
            "env=LOG_LEVEL",
            "env-from=TOKEN",
            "port=http",
            "probe=readiness.path",
            "probe=startup.failures",
            "label=app.kubernetes.io/part-of",
            "annotation=a/b",
            "pod-label=x",
            "pod-annotation=y",
            "service-port=http",
            "value=ingress.enabled",
            "config=shop-config/LOG_LEVEL",
        ];
        for text in PLAIN.iter().map(|(word, _)| *word).chain(named) {
            assert_eq!(word(&field(text).unwrap()), text);
        }
        for text in ["", "none", "env", "tag=x", "probe=readiness", "probe=ready.path", "config=x", "config=/x", "label="] {
            assert!(field(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_with_a_value_sets_and_one_with_a_hyphen_removes() {
        for (option, text, field, value) in [
            ("env", "A=b=c", Field::Env("A".into()), Some("b=c")),
            ("env", "A=", Field::Env("A".into()), Some("")),
            ("env", "A-", Field::Env("A".into()), None),
            ("env", "A=-", Field::Env("A".into()), Some("-")),
            ("probe", "liveness.delay=3", Field::Probe(Probe::Liveness, ProbePart::Delay), Some("3")),
            ("config", "g/k-", Field::Config("g".into(), "k".into()), None),
        ] {
            assert_eq!(pair(option, text).unwrap(), Edit { value: value.map(str::to_owned), ..Edit::remove(field) }, "{text}");
        }
        for (option, text) in [("env", "A"), ("probe", "path=/x"), ("label", "=x"), ("config", "k=v")] {
            let trouble = pair(option, text).unwrap_err();
            assert!(trouble.next.contains("for example"), "{trouble}");
        }
    }
}
