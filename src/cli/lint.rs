//! `lint`: what the checks say about a local folder's manifests, one line each, in the form that editors jump to.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use clap::Args;
use domain::Trouble;
use domain::change::{Finding, Severity};
use domain::text::one_line;
use manifest::files::{self, Files, is_yaml, parent};
use manifest::{check, check_text};
use serde_yaml::Value;

use super::{Format, output};
use crate::global::Global;
use crate::local::Local;

/// The names that a kustomization file may have.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Says what is wrong with the manifests of a local folder, with file, line and column.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck lint .\n  \
    quarterdeck lint k8s/overlays/production --strict\n\n\
    Every kustomization below the folder is rendered and checked, and every other manifest by itself. Prints \
    file:line:column: severity rule: message. Ends with 1 when there is an error, with --strict also when there is a warning.\n\n\
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
    let mut findings = Vec::new();
    for unit in units(local.files(), &folder) {
        local.complete(&unit)?;
        findings.extend(check(local.files(), &unit));
    }
    let texts: Vec<&str> = local.files().below(&folder).filter(|file| is_yaml(file)).collect();
    for file in &texts {
        match local.files().text(file, None) {
            Ok(text) => findings.extend(check_text(Some(file), text)),
            // It was said where it is used; a file that nobody uses may be anything.
            Err(_) => {}
        }
    }
    let findings = sorted(findings);
    show(global.output.unwrap_or(Format::Table), &local, &findings)?;
    verdict(lint, (&local.shown(&folder), texts.len()), &findings)
}

/// Returns the folders to render: those with a kustomization that no other one takes in; the folder itself when there are none.
fn units(files: &Files, folder: &str) -> Vec<String> {
    let name = |path: &str| path.rsplit('/').next().is_some_and(|name| NAMES.contains(&name));
    let mut taken = BTreeSet::new();
    let mut found = BTreeSet::new();
    for file in files.paths().filter(|path| name(path)) {
        let value = files.text(file, None).ok().and_then(|text| serde_yaml::from_str::<Value>(text).ok()).unwrap_or_default();
        let here = parent(file);
        for field in ["resources", "bases", "components"] {
            let items = value.get(field).and_then(Value::as_sequence).into_iter().flatten().filter_map(Value::as_str);
            taken.extend(items.filter_map(|item| files.resolve(&files::join(here, item, file).ok()?).ok()));
        }
        let component = value.get("kind").and_then(Value::as_str) == Some("Component");
        if files::within(file, folder) && !component {
            found.insert(here.to_owned());
        }
    }
    let mut units: Vec<String> = found.iter().filter(|unit| *unit == folder || !taken.contains(*unit)).cloned().collect();
    if units.is_empty() {
        units.push(folder.to_owned());
    }
    units
}

/// Sorts findings by their place; what two kustomizations say alike is said once.
fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| {
        let place = |f: &Finding| (f.file.clone(), f.line, f.column);
        place(a).cmp(&place(b)).then(b.severity.cmp(&a.severity)).then_with(|| (&a.rule, &a.message).cmp(&(&b.rule, &b.message)))
    });
    let mut seen = HashSet::new();
    findings.retain(|finding| seen.insert(finding.clone()));
    findings
}

fn show(format: Format, local: &Local, findings: &[Finding]) -> Result<(), Trouble> {
    let place = |finding: &Finding| {
        let file = local.shown(finding.file.as_deref().unwrap_or(local.folder()));
        format!("{file}:{}:{}", finding.line.unwrap_or(1), finding.column.unwrap_or(1))
    };
    match format {
        Format::Table | Format::Wide => {
            for finding in findings {
                let said = format!("{} {}: {}", word(finding.severity), finding.rule, finding.message);
                output::line(&one_line(&format!("{}: {said}", place(finding))));
            }
            Ok(())
        }
        Format::Name => {
            findings.iter().for_each(|finding| output::line(&place(finding)));
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
fn verdict(lint: &Lint, (folder, files): (&str, usize), findings: &[Finding]) -> Result<(), Trouble> {
    let count = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let some = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let all = [some(errors, "error"), some(warnings, "warning"), some(count(Severity::Info), "note")].join(", ");
    let said = format!("{all} in {}", some(files, "file"));
    if errors == 0 && (warnings == 0 || !lint.strict) {
        output::note(&format!("{said}."));
        return Ok(());
    }
    let what = if errors > 0 { "The manifests have errors" } else { "The manifests have warnings" };
    Err(Trouble::failed(what, folder).why(said))
}
