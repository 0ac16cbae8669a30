//! `logs`: what containers write, of a Pod, of a workload's Pods together, or of a controller about one object.
#![expect(clippy::disallowed_methods, reason = "lines as Shown, and their colours in sequences of our own")]

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use domain::Trouble;
use domain::logs::{Batch, Containers, Follow, Hue, Line, TAIL, What};
use domain::query::{Answer, Query};
use domain::text::Shown;
use serde::Serialize;

use super::Format;
use super::targets::{One, any_kind};
use crate::launch::{self, Deck};
use crate::sieve::Sieve;

/// Prints logs.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Of a Flux object it prints what the object's controller says about it. Of a workload it prints the logs of all its Pods, \
    each line behind its Pod's name.\n\nExamples:\n  \
    quarterdeck logs pod/shop-web-6c4b-k8s2p -n shop-production -f\n  \
    quarterdeck logs deploy/shop-web -n shop-production --since 5m\n  \
    quarterdeck logs pod/shop-web-6c4b-k8s2p -n shop-production -c init --previous\n  \
    quarterdeck logs ks/shop-production -f\n\n\
    JSON: one object a line with time, pod, container, level, text; a line about the log itself has mark instead of level. \
    It ends with 0 when the log ended, with 3 where it may not be read, and with 4 when there is no such object, container or controller."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Logs {
    #[command(flatten)]
    which: One,
    /// The container; the Pod's default one when absent.
    #[arg(short, long, value_name = "NAME", conflicts_with = "all_containers")]
    container: Option<String>,
    /// All containers, init and ephemeral ones too.
    #[arg(long)]
    all_containers: bool,
    /// Goes on with what comes, over restarts and breaks, until it is interrupted or the Pod is gone.
    #[arg(short, long)]
    follow: bool,
    /// The containers' run before, as after a crash.
    #[arg(short, long, conflicts_with = "follow")]
    previous: bool,
    /// Only the last so long: 30s, 5m, 2h.
    #[arg(long, value_name = "DURATION", value_parser = span)]
    since: Option<u32>,
    /// How many lines from the end of each container to begin with.
    #[arg(long, value_name = "COUNT", default_value_t = TAIL)]
    tail: u32,
    /// Prints when each line was written.
    #[arg(short, long)]
    timestamps: bool,
    /// What the object's controller says about it, and nothing else; the rule for Flux's kinds.
    #[arg(long)]
    controller: bool,
}

/// One line, for programs.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    time: Option<String>,
    pod: Option<&'a str>,
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<&'static str>,
    text: String,
}

/// Says how lines are printed.
#[derive(Debug, Clone, Copy)]
struct Printer {
    format: Format,
    stamps: bool,
    colours: bool,
}

pub(crate) async fn run(deck: &Deck, format: Format, logs: Logs) -> Result<(), Trouble> {
    let wanted = wanted(deck, &logs).await?;
    let colours = std::io::stdout().is_terminal()
        && launch::variable("NO_COLOR").is_none()
        && launch::variable("TERM").is_none_or(|term| term != "dumb");
    let printer = Printer { format, stamps: logs.timestamps, colours };
    let failed = AtomicU64::new(0);
    let print = |batch: &Batch| {
        if printer.batch(batch).is_err() {
            failed.store(1, Ordering::Relaxed);
        }
    };
    let more = |answer| {
        if let Answer::Lines(batch) = answer {
            print(&batch);
        }
    };
    // A reader that is gone ends it, as it ends any other program in a pipe.
    let gone = async {
        while failed.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    let answer = tokio::select! {
        answer = deck.ask_with(Query::Follow(wanted), &more) => answer?,
        () = gone => return Ok(()),
    };
    if let Answer::Lines(batch) = answer {
        print(&batch);
    }
    Ok(())
}

async fn wanted(deck: &Deck, logs: &Logs) -> Result<Follow, Trouble> {
    let key = logs.which.key(deck, any_kind).await?;
    let flux = key.flux_kind().is_some();
    if logs.controller && !flux {
        return Err(Trouble::usage("Only Flux's kinds have a controller whose log is searched", &key.kind)
            .next("Leave --controller out, or name the Flux object that applied it."));
    }
    if flux && (logs.container.is_some() || logs.all_containers || logs.previous) {
        return Err(Trouble::usage("Of a Flux object its controller's log is read", &key)
            .next("Leave --container, --all-containers and --previous out."));
    }
    let containers = match (&logs.container, logs.all_containers) {
        (Some(name), _) => Containers::Named(name.clone()),
        (None, true) => Containers::All,
        (None, false) => Containers::Main,
    };
    Ok(Follow { key, containers, previous: logs.previous, since: logs.since, tail: logs.tail, follow: logs.follow })
}

impl Printer {
    fn batch(self, batch: &Batch) -> std::io::Result<()> {
        let mut out = Sieve::new(std::io::stdout().lock());
        for line in &batch.lines {
            match self.format {
                Format::Table | Format::Wide | Format::Name => {
                    writeln!(out, "{}", self.line(line, batch.reading.len() > 1))?;
                }
                Format::Json | Format::Yaml => writeln!(out, "{}", serde_json::to_string(&shown(line)).unwrap_or_default())?,
            }
        }
        out.flush()
    }

    fn line(self, line: &Line, several: bool) -> String {
        let mut text = String::new();
        if let Some(time) = line.time.filter(|_| self.stamps) {
            text.push_str(&time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ ").to_string());
        }
        if let Some(from) = line.from.as_ref().filter(|_| several) {
            text.extend([Shown::line(&from.pod).as_str(), "/", Shown::line(&from.container).as_str(), " "]);
        }
        match &line.what {
            What::Mark(mark) => text.extend(["-- ", &mark.to_string(), " --"]),
            What::Said(painted, _) if !self.colours => text.push_str(Shown::line(&painted.text).as_str()),
            What::Said(painted, _) => {
                for (part, hue) in painted.pieces() {
                    let part = Shown::line(part);
                    match hue {
                        Some(hue) => text.extend(["\u{1b}[", &code(hue).to_string(), "m", part.as_str(), "\u{1b}[m"]),
                        None => text.push_str(part.as_str()),
                    }
                }
            }
        }
        text
    }
}

const fn code(hue: Hue) -> u8 {
    match hue {
        Hue::Red => 31,
        Hue::Green => 32,
        Hue::Yellow => 33,
        Hue::Blue => 34,
        Hue::Magenta => 35,
        Hue::Cyan => 36,
        Hue::Grey => 90,
        Hue::Bold => 1,
    }
}

fn shown(line: &Line) -> Printed<'_> {
    let (level, mark) = match &line.what {
        What::Said(_, level) => (level.map(domain::logs::Level::word), None),
        What::Mark(mark) => (None, Some(mark.word())),
    };
    let from = line.from.as_ref();
    Printed {
        time: line.time.map(|t| t.to_string()),
        pod: from.map(|f| f.pod.as_str()),
        container: from.map(|f| f.container.as_str()),
        level,
        mark,
        text: line.text(),
    }
}

/// Reads a span of time and returns its seconds.
fn span(text: &str) -> Result<u32, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("write it as 30s, 5m, 2h or 1d".to_owned()),
    };
    let seconds = number.parse::<u32>().ok().and_then(|n| n.checked_mul(factor));
    seconds.filter(|s| *s > 0).ok_or_else(|| "write it as 30s, 5m, 2h or 1d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read() {
        for (text, want) in [("30s", Some(30)), ("5m", Some(300)), ("2h", Some(7200)), ("1d", Some(86_400)), ("90", Some(90))] {
            assert_eq!(span(text).ok(), want, "{text}");
        }
        for text in ["", "m", "5 m", "1w", "0s", "99999999999s", "-1m", "5mé"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
