//! The fields of a workload as options: what `deploy` and `set` change, each in the same words.
//!
//! An option with a name sets it with `NAME=VALUE` and takes it out with `NAME-`; `--unset` takes out any field.

mod words;

use clap::Args;
use domain::Trouble;
use domain::edit::{Bound, Choice, Edit, Field, Resource};
use domain::image::Image;
use domain::quantity::Quantity;

pub(crate) use words::word;

/// The fields that can be changed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fields")]
pub(crate) struct Fields {
    /// The image: registry/path, registry/path:tag, with or without @digest.
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// The image's tag alone.
    #[arg(long, conflicts_with = "image")]
    tag: Option<String>,
    /// The image's digest alone, as sha256:HEX.
    #[arg(long, conflicts_with = "image")]
    digest: Option<String>,
    /// When the image is pulled: Always, IfNotPresent, Never.
    #[arg(long, value_name = "POLICY")]
    pull_policy: Option<String>,
    /// The number of replicas.
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    replicas: Option<String>,
    /// Sets an environment variable (NAME=VALUE) or removes it (NAME-).
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// Takes a variable from a Secret or ConfigMap: NAME=secret:OBJECT/KEY, NAME=configmap:OBJECT/KEY.
    #[arg(long, value_name = "NAME=SOURCE")]
    env_from: Vec<String>,
    /// Removes an environment variable.
    #[arg(long, value_name = "NAME")]
    unset_env: Vec<String>,
    /// CPU as REQUEST, REQUEST:LIMIT or :LIMIT, for example 100m:500m.
    #[arg(long, value_name = "QUANTITY", allow_negative_numbers = true)]
    cpu: Option<String>,
    /// Memory as REQUEST, REQUEST:LIMIT or :LIMIT, for example 64Mi:256Mi.
    #[arg(long, value_name = "QUANTITY", allow_negative_numbers = true)]
    memory: Option<String>,
    /// A container port, by its name (by its number when it has none), for example http=8080, dns=53/UDP.
    #[arg(long, value_name = "NAME=NUMBER")]
    port: Vec<String>,
    /// A part of a probe: liveness, readiness or startup; path, port, delay, period, timeout, failures or successes.
    #[arg(long, value_name = "PROBE.PART=VALUE")]
    probe: Vec<String>,
    /// A label of the workload itself (KEY=VALUE, KEY- removes it).
    #[arg(long, value_name = "KEY=VALUE")]
    label: Vec<String>,
    /// An annotation of the workload itself.
    #[arg(long, value_name = "KEY=VALUE")]
    annotation: Vec<String>,
    /// A label of the workload's Pods.
    #[arg(long, value_name = "KEY=VALUE")]
    pod_label: Vec<String>,
    /// An annotation of the workload's Pods.
    #[arg(long, value_name = "KEY=VALUE")]
    pod_annotation: Vec<String>,
    /// The type of the Service that selects the Pods: ClusterIP, NodePort, LoadBalancer, ExternalName.
    #[arg(long, value_name = "TYPE")]
    service_type: Option<String>,
    /// A port of that Service, by its name (by its number when it has none).
    #[arg(long, value_name = "NAME=NUMBER")]
    service_port: Vec<String>,
    /// The host of the Ingress that leads to that Service.
    #[arg(long, value_name = "HOST")]
    ingress_host: Option<String>,
    /// The version of a HelmRelease's chart.
    #[arg(long, value_name = "VERSION")]
    chart_version: Option<String>,
    /// A value of a HelmRelease, by its path with dots, for example ingress.enabled=true.
    #[arg(long, value_name = "PATH=VALUE")]
    value: Vec<String>,
    /// A key of a configMapGenerator or secretGenerator.
    #[arg(long, value_name = "GENERATOR/KEY=VALUE")]
    config: Vec<String>,
    /// Takes out a field, written as its option is: tag, cpu-limit, label=KEY, probe=readiness.path, …
    #[arg(long, value_name = "FIELD[=NAME]")]
    unset: Vec<String>,
    /// Which place is meant when there are several: overlay, written, own, or FILE:LINE of a candidate.
    #[arg(long, value_name = "PLACE")]
    at: Option<String>,
    /// The workload meant, as Kind/name; the only one when absent.
    #[arg(long, value_name = "WORKLOAD")]
    pub(crate) workload: Option<String>,
    /// The container meant, when there are several.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) container: Option<String>,
}

/// Turns fields into edits, each checked; at least one.
pub(crate) fn edits(fields: &Fields, command: &str) -> Result<Vec<Edit>, Trouble> {
    let edits = maybe(fields)?;
    if edits.is_empty() {
        return Err(Trouble::usage("Nothing to change", command)
            .next("Name a field: --image, --tag, --replicas, --env, --cpu, --memory; --help has them all."));
    }
    Ok(edits)
}

/// Turns fields into edits, each checked; none when none was named.
pub(crate) fn maybe(fields: &Fields) -> Result<Vec<Edit>, Trouble> {
    let mut edits = image(fields)?;
    let plain = [
        (Field::PullPolicy, &fields.pull_policy),
        (Field::Replicas, &fields.replicas),
        (Field::ServiceType, &fields.service_type),
        (Field::IngressHost, &fields.ingress_host),
        (Field::ChartVersion, &fields.chart_version),
    ];
    edits.extend(plain.into_iter().filter_map(|(field, value)| Some(Edit::set(field, value.as_ref()?))));
    for (option, texts) in named(fields) {
        for text in texts {
            edits.push(words::pair(option, text)?);
        }
    }
    for name in &fields.unset_env {
        edits.push(Edit::remove(Field::Env(name.clone())));
    }
    edits.extend(resources(fields)?);
    for text in &fields.unset {
        edits.push(Edit::remove(words::field(text)?));
    }
    let choice = fields.at.as_deref().map(choice).transpose()?;
    for edit in &mut edits {
        if edit.field.is_of_container() {
            edit.container.clone_from(&fields.container);
        }
        edit.choice.clone_from(&choice);
        if let Some(why) = edit.fault() {
            return Err(words::wrong(edit, why));
        }
    }
    let twice = edits.iter().enumerate().find(|(at, edit)| edits[..*at].iter().any(|e| e.field == edit.field));
    if let Some((_, edit)) = twice {
        return Err(Trouble::usage("A field is given twice", word(&edit.field)).next("Give it once."));
    }
    Ok(edits)
}

fn image(fields: &Fields) -> Result<Vec<Edit>, Trouble> {
    let mut edits = Vec::new();
    if let Some(text) = &fields.image {
        let image: Image = text.parse()?;
        edits.push(Edit::set(Field::ImageName, image.name));
        if let Some(tag) = &image.tag {
            edits.push(Edit::set(Field::ImageTag, tag.as_str()));
        }
        match &image.digest {
            Some(digest) => edits.push(Edit::set(Field::ImageDigest, digest.as_str())),
            None if image.tag.is_some() => edits.push(Edit::remove(Field::ImageDigest)),
            None => {}
        }
    }
    if let Some(tag) = &fields.tag {
        edits.push(Edit::set(Field::ImageTag, tag.as_str()));
    }
    if let Some(digest) = &fields.digest {
        edits.push(Edit::set(Field::ImageDigest, digest.as_str()));
    }
    Ok(edits)
}

/// Returns the options that name what they set, with what was given.
fn named(fields: &Fields) -> [(&'static str, &[String]); 11] {
    [
        ("env", &fields.env),
        ("env-from", &fields.env_from),
        ("port", &fields.port),
        ("probe", &fields.probe),
        ("label", &fields.label),
        ("annotation", &fields.annotation),
        ("pod-label", &fields.pod_label),
        ("pod-annotation", &fields.pod_annotation),
        ("service-port", &fields.service_port),
        ("value", &fields.value),
        ("config", &fields.config),
    ]
}

fn resources(fields: &Fields) -> Result<Vec<Edit>, Trouble> {
    let mut edits = Vec::new();
    for (resource, text) in [(Resource::Cpu, &fields.cpu), (Resource::Memory, &fields.memory)] {
        let Some(text) = text else { continue };
        let (request, limit) = text.split_once(':').unwrap_or((text, ""));
        below(resource, request, limit)?;
        for (bound, value) in [(Bound::Request, request), (Bound::Limit, limit)] {
            if !value.is_empty() {
                edits.push(Edit::set(Field::Resource(bound, resource), value));
            }
        }
    }
    Ok(edits)
}

/// Refuses a request above its own limit, which no Pod could have.
fn below(resource: Resource, request: &str, limit: &str) -> Result<(), Trouble> {
    let (Ok(low), Ok(high)) = (request.parse::<Quantity>(), limit.parse::<Quantity>()) else { return Ok(()) };
    if low.millis() <= high.millis() {
        return Ok(());
    }
    Err(Trouble::usage(
        format!("The {} request is above its limit", resource.key()),
        format!("\u{201c}{request}:{limit}\u{201d}"),
    )
    .next("Write it as REQUEST:LIMIT, the smaller one first."))
}

fn choice(text: &str) -> Result<Choice, Trouble> {
    let place = || {
        let (file, line) = text.rsplit_once(':')?;
        Some(Choice::At { file: file.to_owned(), line: line.parse().ok().filter(|line| *line > 0)? })
    };
    match text {
        "overlay" => Ok(Choice::Overlay),
        "written" => Ok(Choice::Written),
        "own" => Ok(Choice::Own),
        _ => place().ok_or_else(|| {
            Trouble::usage("That names no place", format!("\u{201c}{text}\u{201d}"))
                .next("Write overlay, written, own, or FILE:LINE of a candidate.")
        }),
    }
}

/// Returns how a choice is written as `--at`.
pub(crate) fn at(choice: &Choice) -> String {
    match choice {
        Choice::Overlay => "overlay".to_owned(),
        Choice::Written => "written".to_owned(),
        Choice::Own => "own".to_owned(),
        Choice::At { file, line } => format!("{file}:{line}"),
    }
}
