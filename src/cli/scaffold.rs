//! `scaffold`: a base and an overlay for each environment, for a project that has no manifests.

use std::path::PathBuf;

use clap::Args;
use domain::Trouble;
use domain::change::FileChange;
use manifest::scaffold::Overlay;
use manifest::{Scaffold as Request, scaffold};

use super::{Format, output};
use crate::local::Local;

/// Makes manifests for a project that has none: prints them as a diff, --write writes.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck scaffold k8s --name shop --image ghcr.io/acme/shop:1.0.0 --port 8080 -e development -e production\n  \
    quarterdeck scaffold k8s --name shop --image ghcr.io/acme/shop:1.0.0 --port 8080 -e production=shop \
    --host production=shop.acme.example --write\n\n\
    Makes DIR/base and DIR/overlays/ENVIRONMENT. What is there already is never touched: when one of the files exists, \
    nothing is made.\n\n\
    JSON: written and files (path, before, after).")]
pub(crate) struct Scaffold {
    /// The folder that base and overlays go to; it is made when it is not there.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The application's name.
    #[arg(long)]
    name: String,
    /// The image with its tag or digest.
    #[arg(long)]
    image: String,
    /// The port that the container listens on.
    #[arg(long)]
    port: Option<u16>,
    /// How many Pods each environment starts with.
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    replicas: u32,
    /// An environment, and its namespace when that is not NAME-ENVIRONMENT.
    #[arg(short, long = "environment", value_name = "ENVIRONMENT[=NAMESPACE]", required = true)]
    environments: Vec<String>,
    /// The host of an environment's Ingress; none is made without.
    #[arg(long = "host", value_name = "ENVIRONMENT=HOST")]
    hosts: Vec<String>,
    /// Makes no Service; without it --port is needed.
    #[arg(long)]
    no_service: bool,
    /// Writes the files; without it the diff is only printed.
    #[arg(long)]
    write: bool,
    /// Where the repository begins; the nearest folder above with a .git when absent.
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

/// What `scaffold -o json` prints.
#[derive(Debug, serde::Serialize)]
struct Done {
    written: bool,
    files: Vec<FileChange>,
}

pub(crate) fn run(format: Format, arguments: &Scaffold) -> Result<(), Trouble> {
    let local = Local::around(&arguments.folder, arguments.root.as_deref())?;
    let made = scaffold(local.files(), &request(arguments, local.folder())?);
    let files = made.map_err(|error| local.told(error))?;
    if arguments.write {
        local.write(&files)?;
    }
    let names: Vec<String> = files.iter().map(|file| local.shown(&file.path)).collect();
    match format {
        Format::Table | Format::Wide => output::changed(&files),
        Format::Name => names.iter().for_each(|name| output::line(name)),
        Format::Json | Format::Yaml => output::show(format, &Done { written: arguments.write, files }, &[])?,
    }
    if arguments.write {
        output::note(&format!("Written: {}.", names.join(", ")));
        let folder = local.folder();
        let overlays = if folder.is_empty() { "overlays".to_owned() } else { format!("{folder}/overlays") };
        output::note(&format!("Commit and push them; the path of an environment is then {overlays}/ENVIRONMENT."));
    } else {
        output::note(output::UNWRITTEN);
    }
    Ok(())
}

fn request(arguments: &Scaffold, folder: &str) -> Result<Request, Trouble> {
    let below = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    if arguments.port.is_none() && !arguments.no_service {
        return Err(Trouble::usage("A Service needs the port that the container listens on", &arguments.name)
            .next("Name it with --port, or leave the Service out with --no-service."));
    }
    let mut request = Request::new(&arguments.name, &arguments.image);
    request.base = below("base");
    request.port = arguments.port;
    request.replicas = arguments.replicas;
    request.service = !arguments.no_service;
    for text in &arguments.environments {
        let (name, namespace) = match text.split_once('=') {
            Some((name, namespace)) => (name, namespace.to_owned()),
            None => (text.as_str(), format!("{}-{text}", arguments.name)),
        };
        if let Some(why) = domain::ident::label_fault(name) {
            return Err(Trouble::usage("That names no environment", format!("\u{201c}{name}\u{201d}"))
                .why(why)
                .next("Write it as development or development=NAMESPACE."));
        }
        let path = below(&format!("overlays/{name}"));
        request.environments.push(Overlay { name: name.to_owned(), path, namespace, host: None });
    }
    for text in &arguments.hosts {
        let unknown = || {
            Trouble::usage("That is no host of an environment", format!("\u{201c}{text}\u{201d}"))
                .next("Write it as ENVIRONMENT=HOST, with an environment that --environment names.")
        };
        let (name, host) = text.split_once('=').ok_or_else(unknown)?;
        let overlay = request.environments.iter_mut().find(|overlay| overlay.name == name).ok_or_else(unknown)?;
        overlay.host = Some(host.to_owned());
    }
    Ok(request)
}
