//! `lint`: what the checks say about a local folder's manifests, one line each, in the form that editors jump to.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use cluster::Served;
use domain::Trouble;
use domain::change::{Finding, Severity};
use domain::text::one_line;
use manifest::files::is_yaml;
use manifest::schema::Schemas;

use super::units::units;
use super::{Format, output};
use crate::global::Global;
use crate::launch;
use crate::local::Local;

/// How long a cluster may take to say which kinds it serves.
const PATIENCE: Duration = Duration::from_mins(1);

/// Says what is wrong with the manifests of a local folder, with file, line and column.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck lint .\n  \
    quarterdeck lint k8s/overlays/production --strict\n\n\
    Every kustomization below the folder is rendered and checked, and every manifest against the schema of its kind: those of \
    Kubernetes, those that the folder defines itself and, with --context, those that the cluster serves. Prints \
    file:line:column: severity rule: message, notes only with -o wide. Ends with 1 when there is an error, with --strict also when there is a warning.\n\n\
    JSON: a list of severity, rule, message, file (from the repository's root), line, column, object.")]
pub(crate) struct Lint {
    /// The folder: a repository, an overlay, a base, or any folder with manifests.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Counts warnings as errors.
    #[arg(long)]
    strict: bool,
    /// Where the repository begins; the nearest folder above with a .git when absent.
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

pub(crate) async fn run(global: &Global, lint: &Lint) -> Result<(), Trouble> {
    let mut local = Local::open(&lint.folder, lint.root.as_deref())?;
    let folder = local.folder().to_owned();
    let units = units(local.files(), &folder);
    for unit in &units {
        local.complete(unit)?;
    }
    let mut schemas = Schemas::built_in();
    if let Some(context) = &global.context {
        served(global, context, &mut schemas).await?;
    }
    schemas.add_defined(local.files());
    let findings = manifest::lint(local.files(), &folder, &schemas);
    let texts = local.files().below(&folder).filter(|file| is_yaml(file)).count();
    let format = global.output.unwrap_or(Format::Table);
    show(format, &local, &findings)?;
    verdict(lint, format, (&local.shown(&folder), texts), &findings)
}

/// Adds the kinds that a cluster serves.
async fn served(global: &Global, context: &str, schemas: &mut Schemas) -> Result<(), Trouble> {
    let connection = launch::connect(global, context).await?;
    let answer = tokio::time::timeout(PATIENCE, cluster::schemas(&connection)).await.map_err(|_| {
        Trouble::timed_out("The cluster did not say which kinds it serves", context)
            .next("Check the connection, or leave --context out.")
    })?;
    let kinds: usize = match answer? {
        Served::Definitions(all) => all.iter().map(|crd| schemas.add_crd(crd)).sum(),
        Served::Documents(all) => all.iter().map(|document| schemas.add_openapi(document)).sum(),
    };
    tracing::debug!(context, kinds, "the cluster's own kinds are known");
    Ok(())
}

fn show(format: Format, local: &Local, findings: &[Finding]) -> Result<(), Trouble> {
    let place = |finding: &Finding| {
        let file = local.shown(finding.file.as_deref().unwrap_or(local.folder()));
        format!("{file}:{}:{}", finding.line.unwrap_or(1), finding.column.unwrap_or(1))
    };
    match format {
        Format::Table | Format::Wide => {
            let said = |finding: &&Finding| format == Format::Wide || finding.severity > Severity::Info;
            for finding in findings.iter().filter(said) {
                let said = format!("{} {}: {}", word(finding.severity), finding.rule, finding.message);
                output::line(&one_line(&format!("{}: {said}", place(finding))));
            }
            Ok(())
        }
        Format::Name => {
            for finding in findings {
                output::line(&place(finding));
            }
            Ok(())
        }
        Format::Json | Format::Yaml => output::show(format, &findings, &[]),
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Says how many there are, and fails where they are grave enough.
fn verdict(lint: &Lint, format: Format, (folder, files): (&str, usize), findings: &[Finding]) -> Result<(), Trouble> {
    let count = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, notes) = (count(Severity::Error), count(Severity::Warning), count(Severity::Info));
    let some = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let all = [some(errors, "error"), some(warnings, "warning"), some(notes, "note")].join(", ");
    let more = if notes > 0 && format == Format::Table { " (-o wide shows the notes)" } else { "" };
    let said = format!("{all} in {}{more}", some(files, "file"));
    if errors == 0 && (warnings == 0 || !lint.strict) {
        output::note(&format!("{said}."));
        return Ok(());
    }
    let what = if errors > 0 { "The manifests have errors" } else { "The manifests have warnings" };
    Err(Trouble::failed(what, folder).why(said))
}
