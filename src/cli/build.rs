//! `build`: what a local folder's manifests come to, in-process; what is not known here goes to the kustomize program.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use domain::{Trouble, TroubleKind};
use manifest::files::Files;
use manifest::substitute::{Variables, substitute};
use manifest::{Error, Object, build as rendered, render};
use serde_json::Value;

use super::{Format, output};
use crate::helm::Helm;
use crate::kustomize::{self, Program};
use crate::launch;
use crate::local::Local;
use crate::program::{self, Bounds, Way};

/// Renders a local folder as kustomize build does.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck build k8s/overlays/production | kubectl diff -f -\n  \
    quarterdeck build k8s/overlays/production -o name\n  \
    quarterdeck build apps/shop --substitute REGION=eu --substitute-file clusters/eu/settings.yaml\n\n\
    Objects come in the order and the bytes of kustomize build. A folder without a kustomization is taken as Flux takes it: \
    every manifest below it. What is not rendered in-process is named, and goes to kustomize or kubectl on the PATH with a copy \
    of the repository's files; nothing is fetched without --allow-remote. Charts in the repository are rendered with --helm by helm \
    on the PATH, without a cluster.\n\n\
    JSON: a list of the objects.")]
pub(crate) struct Build {
    /// The folder: an overlay, a base, or any folder with manifests.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Replaces a variable (\${NAME}) as Flux does after a build; one that is not given and has no default is then an error.
    #[arg(long, value_name = "NAME=VALUE")]
    substitute: Vec<String>,
    /// Takes variables from a file: a ConfigMap or Secret as YAML, or lines of NAME=VALUE.
    #[arg(long, value_name = "FILE")]
    substitute_file: Vec<PathBuf>,
    /// Never runs another program.
    #[arg(long, conflicts_with = "allow_remote")]
    in_process: bool,
    /// Renders the chart of every HelmRelease too, with the helm program: what it makes of each follows the HelmRelease.
    #[arg(long, conflicts_with = "in_process")]
    helm: bool,
    /// Lets the kustomize and helm programs fetch bases and charts from other hosts.
    #[arg(long)]
    allow_remote: bool,
    /// Where the repository begins; the nearest folder above with a .git when absent.
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

pub(crate) async fn run(format: Option<Format>, build: Build) -> Result<(), Trouble> {
    let variables = variables(&build)?;
    let mut local = Local::open(&build.folder, build.root.as_deref())?;
    let folder = local.folder().to_owned();
    let format = format.unwrap_or(Format::Yaml);
    let objects = match local.with(|files| rendered(files, &folder))? {
        Ok(objects) => objects,
        Err(error) if unsupported(&error) && !build.in_process => {
            let text = elsewhere(&build, &mut local, error).await?;
            if format == Format::Yaml && variables.is_empty() && !build.helm {
                output::text(&text);
                return Ok(());
            }
            printed(&text)?
        }
        Err(error) => return Err(local.told(error)),
    };
    let objects = if variables.is_empty() { objects } else { replaced(objects, &variables)? };
    let objects = if build.helm { inflated(&build, &mut local, objects).await? } else { objects };
    show(format, &local, &objects)
}

/// Puts what the chart of each HelmRelease renders to behind it. What cannot be had is an error that names it.
async fn inflated(build: &Build, local: &mut Local, objects: Vec<Object>) -> Result<Vec<Object>, Trouble> {
    // Values and sources are looked for in what was rendered, variables replaced.
    let files: Files = [("rendered.yaml", render(&objects))].into_iter().collect();
    let releases = manifest::releases(&files, "")?;
    if releases.is_empty() {
        return Ok(objects);
    }
    let path = launch::search_path();
    let helm = Helm::find(&path).ok_or_else(|| {
        let names = releases.iter().map(|release| release.key.as_str()).collect::<Vec<_>>().join(", ");
        Trouble::refused("Charts are rendered by helm, which is not on the PATH", names)
            .next("Put helm on the PATH, or leave --helm out.")
    })?;
    let export = local.export()?;
    let proxies = proxies(build);
    let way = Way { path: &path, proxies: &proxies };
    let mut out = Vec::with_capacity(objects.len());
    for object in objects {
        let release = releases.iter().find(|release| release.key == object.key() && object.kind() == "HelmRelease");
        out.push(object);
        let Some(release) = release else { continue };
        for unknown in &release.unknown {
            output::note(&format!("{}: without {unknown}.", release.key));
        }
        let defaults = local.with(|files| release.defaults(files))?.map_err(|e| local.told(e))?;
        let printed = helm.render((&export, way), (release, defaults.as_deref()), build.allow_remote, Bounds::default()).await;
        let printed = printed.map_err(|trouble| match trouble.kind {
            TroubleKind::Refused => trouble.next("Allow it with --allow-remote, when its repository is among the manifests."),
            _ => trouble,
        })?;
        for line in printed.remarks.lines() {
            output::note(line);
        }
        out.extend(release.objects(&printed.text)?);
    }
    Ok(out)
}

/// Collects the variables: those of files first, so that what is written out wins, as Flux has it.
fn variables(build: &Build) -> Result<Variables, Trouble> {
    let mut variables = Variables::new();
    for file in &build.substitute_file {
        let unread = |why: &dyn std::fmt::Display| {
            Trouble::failed("The variables could not be read", file.display())
                .why(why)
                .next("Name a ConfigMap or Secret as YAML, or lines of NAME=VALUE.")
        };
        let text = fs::read_to_string(file).map_err(|e| unread(&e))?;
        let documents = printed(&text).unwrap_or_default();
        let holders: Vec<&Object> = documents.iter().filter(|o| matches!(o.kind(), "ConfigMap" | "Secret")).collect();
        if !holders.is_empty() {
            for holder in holders {
                match holder.kind() {
                    "Secret" => variables.add_secret(&holder.value),
                    _ => variables.add_config_map(&holder.value),
                }
            }
            continue;
        }
        for (at, line) in
            text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        {
            let (name, value) = line.split_once('=').ok_or_else(|| unread(&format!("line {} has no =", at + 1)))?;
            variables.insert(name.trim(), value);
        }
    }
    for text in &build.substitute {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Trouble::usage("That sets no variable", format!("\u{201c}{text}\u{201d}"))
                .next("Write NAME=VALUE, for example REGION=eu.")
        })?;
        variables.insert(name, value);
    }
    Ok(variables)
}

/// Replaces the variables in all objects.
fn replaced(objects: Vec<Object>, variables: &Variables) -> Result<Vec<Object>, Trouble> {
    let mut out = Vec::with_capacity(objects.len());
    for object in objects {
        let value = substitute(&object.value, variables, true).map_err(|e| {
            Trouble::failed("The variables could not be replaced", object.key())
                .why(e)
                .next("Give each with --substitute NAME=VALUE.")
        })?;
        if !value.is_null() {
            out.push(Object { value, ..object });
        }
    }
    Ok(out)
}

/// Tells whether the kustomize program may know what is not known here.
const fn unsupported(error: &Error) -> bool {
    matches!(error, Error::Unsupported { .. } | Error::UnknownField { .. } | Error::Remote { .. })
}

/// Renders with the kustomize program.
async fn elsewhere(build: &Build, local: &mut Local, error: Error) -> Result<String, Trouble> {
    let folder = local.folder().to_owned();
    let path = launch::search_path();
    let Some(program) = Program::find(&path) else {
        let trouble = Trouble::from(error);
        let next = format!("Put kustomize or kubectl on the PATH. {}", trouble.next);
        return Err(trouble.next(next));
    };
    let reach = local.with(|files| kustomize::reach(files, &folder))?.map_err(|e| local.told(e))?;
    if let (Some((file, line, what)), false) = (reach.remote.first(), build.allow_remote) {
        return Err(Trouble::refused("Nothing is fetched from other hosts", format!("{file}:{line}"))
            .why(format!("it names {what}"))
            .next("Allow it with --allow-remote, or copy it into the repository."));
    }
    if let Error::Unsupported { file, line, field: what, .. }
    | Error::UnknownField { file, line, field: what }
    | Error::Remote { file, line, url: what } = &error
    {
        output::note(&format!("{}:{line}: {what} is not rendered here; {} does it.", local.shown(file), program.name));
    }
    let export = local.export()?;
    let proxies = proxies(build);
    let way = Way { path: &path, proxies: &proxies };
    let printed = program.render(&export, &folder, (way, reach.helm), Bounds::default()).await.map_err(|trouble| {
        let left = export.left_out.join(" ");
        if left.is_empty() {
            trouble
        } else {
            trouble.next(format!("Left out of its copy, as too large or leading out of the repository: {left}"))
        }
    })?;
    for line in printed.remarks.lines() {
        output::note(line);
    }
    Ok(printed.text)
}

/// Returns the proxies that a program is told of: those of the environment, when it may reach other hosts.
fn proxies(build: &Build) -> Vec<(&'static str, String)> {
    if build.allow_remote { program::proxies(|name| std::env::var(name).ok()) } else { Vec::new() }
}

/// Reads what a program printed.
fn printed(text: &str) -> Result<Vec<Object>, Trouble> {
    use serde::Deserialize;
    let unread = |e: serde_yaml::Error| Trouble::failed("What the program printed is no YAML", "kustomize").why(e);
    let documents = serde_yaml::Deserializer::from_str(text).map(Value::deserialize);
    let values = documents.collect::<Result<Vec<Value>, _>>().map_err(unread)?;
    let object = |value| Object { value, written_name: String::new(), file: String::new(), line: 0 };
    Ok(values.into_iter().filter(|value| !value.is_null()).map(object).collect())
}

fn show(format: Format, local: &Local, objects: &[Object]) -> Result<(), Trouble> {
    if format == Format::Yaml {
        output::text(&render(objects));
        return Ok(());
    }
    let values: Vec<&Value> = objects.iter().map(|object| &object.value).collect();
    let mut rows = vec![output::row(["OBJECT", "APIVERSION", "PLACE"])];
    rows.extend(objects.iter().map(|object| {
        let place =
            if object.file.is_empty() { "-".to_owned() } else { format!("{}:{}", local.shown(&object.file), object.line) };
        vec![object.key(), object.api_version().to_owned(), place]
    }));
    output::show(format, &values, &rows)
}
