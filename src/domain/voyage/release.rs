//! HelmReleases in the fourth stage: installed or upgraded by helm-controller, tried again, remediated.
//!
//! A release that was rolled back or uninstalled is no success, although what runs then is well: it is not what was deployed.

use super::ReleaseSeen;
use crate::trouble::Trouble;
use crate::why;

/// Reasons of Ready=False with which a remediation went well.
const REMEDIATED: [&str; 2] = ["RollbackSucceeded", "UninstallSucceeded"];
/// Reasons of Ready=False of one that waits for something else.
const WAITING: [&str; 3] = ["DependencyNotReady", "SourceNotReady", "HelmChartNotReady"];

/// Tells whether helm-controller is done with the present spec, well or badly, and tries nothing more.
fn rests(release: &ReleaseSeen) -> bool {
    release.current && (release.stalled.is_some() || release.working.is_none())
}

fn reason(release: &ReleaseSeen) -> &str {
    release.ready.as_ref().filter(|c| c.status == "False").map_or("", |c| c.reason.as_str())
}

/// Returns why the first of those failed that will not be tried again.
pub(super) fn failed(releases: &[ReleaseSeen]) -> Option<Trouble> {
    let over = |release: &&ReleaseSeen| {
        let remediated = REMEDIATED.contains(&reason(release));
        rests(release) && !release.suspended && (release.stalled.is_some() || remediated)
    };
    releases.iter().find(over).map(trouble)
}

fn trouble(release: &ReleaseSeen) -> Trouble {
    let ready = release.ready.as_ref().filter(|c| c.status == "False");
    let released = release.released.as_ref().filter(|c| c.status == "False");
    let cause = released.or(ready).map(|condition| why::of_condition(&release.key, condition));
    let what = match reason(release) {
        "RollbackSucceeded" => "The release was rolled back: what was deployed does not run".to_owned(),
        "UninstallSucceeded" => "The release was uninstalled again: nothing of it runs".to_owned(),
        _ => cause.as_ref().map_or_else(|| "The release failed".to_owned(), why::Cause::what),
    };
    let said = [released, ready].into_iter().flatten().map(|c| format!("{}: {}", c.reason, c.message));
    let mut why: Vec<String> = said.chain(release.stalled.clone()).collect();
    why.dedup();
    let next = cause.map_or_else(|| "Look at its conditions and Pods.".to_owned(), |cause| cause.next());
    Trouble::failed(what, &release.key).why(why.join("\n")).next(next)
}

/// Returns the first that is not ready yet.
pub(super) fn open(releases: &[ReleaseSeen]) -> Option<&ReleaseSeen> {
    releases.iter().find(|release| !(release.current && release.ready.as_ref().is_some_and(|c| c.status == "True")))
}

/// Says what one that is not ready is doing.
pub(super) fn told(release: &ReleaseSeen) -> String {
    let name = format!("HelmRelease {}", release.key.name);
    let message = release.ready.as_ref().map_or("", |c| c.message.as_str());
    match reason(release) {
        _ if release.suspended => format!("{name} is suspended; resume it"),
        _ if !release.current => format!("{name}: waits for its controller"),
        reason if WAITING.contains(&reason) => format!("{name} waits: {message}"),
        "" => format!("{name}: {}", release.working.as_deref().unwrap_or("waits for its controller")),
        reason if REMEDIATED.contains(&reason) => format!("{name} tries again after a remediation: {message}"),
        _ => format!("{name} tries again: {message}"),
    }
}
