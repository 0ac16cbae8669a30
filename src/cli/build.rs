//! `build`: what a local folder's manifests come to, in-process; what is not known here goes to the kustomize program.

use std::path::PathBuf;

use clap::Args;
use domain::Trouble;
use manifest::{Error, Object, build as rendered, render};
use serde_json::Value;

use super::{Format, output};
use crate::kustomize::{self, Bounds, Program};
use crate::launch;
use crate::local::Local;

/// Renders a local folder as kustomize build does.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck build k8s/overlays/production | kubectl diff -f -\n  \
    quarterdeck build k8s/overlays/production -o name\n\n\
    Objects come in the order and the bytes of kustomize build. A folder without a kustomization is taken as Flux takes it: \
    every manifest below it. What is not rendered in-process is named, and goes to kustomize or kubectl on the PATH with a copy \
    of the repository's files; nothing is fetched without --allow-remote.\n\n\
    JSON: a list of the objects.")]
pub(crate) struct Build {
    /// The folder: an overlay, a base, or any folder with manifests.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Never runs another program.
    #[arg(long, conflicts_with = "allow_remote")]
    in_process: bool,
    /// Lets the kustomize program fetch bases and charts from other hosts.
    #[arg(long)]
    allow_remote: bool,
    /// Where the repository begins; the nearest folder above with a .git when absent.
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

pub(crate) async fn run(format: Option<Format>, build: Build) -> Result<(), Trouble> {
    let mut local = Local::open(&build.folder, build.root.as_deref())?;
    let folder = local.folder().to_owned();
    let format = format.unwrap_or(Format::Yaml);
    match local.with(|files| rendered(files, &folder))? {
        Ok(objects) => show(format, &local, &objects),
        Err(error) if unsupported(&error) && !build.in_process => {
            let text = elsewhere(&build, &mut local, error).await?;
            if format == Format::Yaml {
                output::text(&text);
                return Ok(());
            }
            show(format, &local, &objects(&text)?)
        }
        Err(error) => Err(local.told(error)),
    }
}

/// Tells whether the kustomize program may know what is not known here.
const fn unsupported(error: &Error) -> bool {
    matches!(error, Error::UnknownField { .. } | Error::Remote { .. })
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
    output::note(&format!("{error}; {} renders it.", program.name));
    let export = local.export()?;
    let printed = program.render(&export, &folder, (&path, reach.helm), Bounds::default()).await.map_err(|trouble| {
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

/// Reads what a program printed.
fn objects(text: &str) -> Result<Vec<Object>, Trouble> {
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
