//! What simulated containers write: a few lines at their start, and a last word when they crash.

/// Returns the log of one run of a container: stamps and lines.
pub(crate) fn of(image: &str, started: &str, ended: bool) -> Vec<(String, String)> {
    let name = image.rsplit('/').next().unwrap_or(image);
    let (name, tag) = name.split_once([':', '@']).unwrap_or((name, "latest"));
    let mut lines = vec![format!("level=info msg=\"starting {name}\" version={tag}")];
    if ended {
        lines.push("level=info msg=\"reading configuration\" path=/etc/app/config.yaml".to_owned());
        lines.push(CRASH.to_owned());
    } else {
        lines.push("level=info msg=\"configuration read\"".to_owned());
        lines.push("level=info msg=\"listening\" address=0.0.0.0:8080".to_owned());
    }
    let stamp = started.trim_end_matches('Z');
    lines.into_iter().enumerate().map(|(nth, line)| (format!("{stamp}.{nth:09}Z"), line)).collect()
}

/// The last line of a container whose image says `crash`.
pub(crate) const CRASH: &str = "panic: cannot open configuration /etc/app/config.yaml: no such file";
