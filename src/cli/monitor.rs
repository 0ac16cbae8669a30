//! `monitor`: how deliveries are doing, from the records and the world.

use clap::Args;
use domain::Trouble;
use domain::flux::{Health, KINDS};
use domain::monitor::{Figures, Monitor as Found, Span, Tally, monitor, tallies};
use domain::query::{Answer, Query};
use domain::toolkit::Controller;
use serde::Serialize;

use super::{Format, output};
use crate::launch::{self, Deck};

/// Prints how deliveries are doing.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  quarterdeck monitor\n  quarterdeck monitor --since 90d -o json\n\n\
    The span ends now. Success: of the deployments that ended, those that succeeded. Commit to healthy: from the commit on the \
    branch to ready workloads. Change frequency: successes per day. Lead time: from the wish to healthy workloads, the median. \
    Failure rate: of those that ended, those that failed or were taken back. Time to restore: from a failure to the next success \
    in the same environment, the median.\n\n\
    JSON: from, to, all and environments (environment, deployments, succeeded, failed, superseded, open, success_rate, sync_rate, \
    healthy_p50, healthy_p95, per_day, lead_time, failure_rate, restore_time, broken_since), parts (from, succeeded, failed, \
    other, healthy_p50, healthy_p95), objects (kind, total, ok, busy, warn, bad, off, unknown), components (name, namespace, \
    version, image, ready, wanted, restarts, queue, queue_unread, said), components_unread. Rates lie between 0 and 1, spans are \
    in milliseconds; what cannot be said is null.")]
pub(crate) struct Monitor {
    /// How long back: 24h, 7d, 30d, 12w.
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    since: String,
}

/// What is printed for scripts.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    found: Found,
    objects: Vec<Tally>,
    components: Vec<Controller>,
    components_unread: Option<String>,
}

pub(crate) async fn run(deck: &Deck, format: Format, asked: &Monitor) -> Result<(), Trouble> {
    let span = Span::last(milliseconds(&asked.since)?, launch::now());
    let (components, components_unread) = match deck.context() {
        Ok(context) => {
            // What was not heard in time is counted as far as it is known; that is said.
            let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            if let Err(trouble) = deck.listed(&context, &kinds).await {
                output::remark(&trouble);
            }
            match deck.ask(Query::Toolkit(context, None)).await {
                Ok(Answer::Toolkit(toolkit)) => (toolkit.controllers.clone(), None),
                Ok(_) => (Vec::new(), None),
                Err(trouble) => (Vec::new(), Some(trouble.to_string())),
            }
        }
        Err(trouble) => (Vec::new(), Some(trouble.to_string())),
    };
    let world = deck.world();
    let told = Told { found: monitor(world.deployments.iter(), &span), objects: tallies(&world), components, components_unread };
    let mut rows = vec![output::row([
        "ENVIRONMENT",
        "DEPLOYMENTS",
        "SUCCESS",
        "SYNC",
        "PER DAY",
        "LEAD TIME",
        "FAILURE RATE",
        "RESTORE",
        "P50",
        "P95",
    ])];
    rows.push(row("all", &told.found.all));
    rows.extend(
        told.found.environments.iter().map(|f| row(&f.environment.as_ref().map(ToString::to_string).unwrap_or_default(), f)),
    );
    output::show(format, &told, &rows)?;
    if matches!(format, Format::Table | Format::Wide) {
        around(&told);
    }
    Ok(())
}

/// Prints the objects and the controllers under the figures.
fn around(told: &Told) {
    let mut rows = vec![output::row(["KIND", "TOTAL", "READY", "FAILED", "DEGRADED", "AT WORK", "SUSPENDED", "UNKNOWN"])];
    rows.extend(told.objects.iter().map(|tally| {
        let counts = [Health::Ok, Health::Bad, Health::Warn, Health::Busy, Health::Off, Health::Unknown];
        let mut row = vec![tally.kind.clone(), tally.total.to_string()];
        row.extend(counts.map(|health| tally.of(health).to_string()));
        row
    }));
    output::line("");
    output::table(&rows);
    let mut rows = vec![output::row(["COMPONENT", "VERSION", "READY", "RESTARTS", "STATE"])];
    rows.extend(told.components.iter().map(|c| {
        let restarts = c.restarts.map_or_else(|| "-".to_owned(), |count| count.to_string());
        vec![c.name.clone(), c.version.clone(), format!("{}/{}", c.ready, c.wanted), restarts, c.said.clone()]
    }));
    output::line("");
    output::table(&rows);
    if let Some(why) = &told.components_unread {
        output::note(why);
    }
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.1}%", rate * 100.0));
    let span = |ms: Option<i64>| ms.map_or_else(|| "-".to_owned(), spelled);
    vec![
        name.to_owned(),
        figures.deployments.to_string(),
        rate(figures.success_rate),
        rate(figures.sync_rate),
        format!("{:.2}", figures.per_day),
        span(figures.lead_time),
        rate(figures.failure_rate),
        span(figures.restore_time),
        span(figures.healthy_p50),
        span(figures.healthy_p95),
    ]
}

/// Writes a span in its two largest units.
fn spelled(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        3600..172_800 => format!("{}h{}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Reads a span such as 24h, 30d, 12w.
fn milliseconds(text: &str) -> Result<i64, Trouble> {
    let wrong =
        || Trouble::usage("That is no span of time", format!("\u{201c}{text}\u{201d}")).next("Write it as 24h, 7d, 30d or 12w.");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let ms: i64 = match unit {
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 7 * 86_400_000,
        _ => return Err(wrong()),
    };
    let count: i64 =
        text.strip_suffix(unit).and_then(|n| n.parse().ok()).filter(|n| (1..=5_256_000).contains(n)).ok_or_else(wrong)?;
    Ok(count.saturating_mul(ms).min(3_653 * 86_400_000))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(milliseconds("24h").unwrap(), milliseconds("1d").unwrap());
        assert_eq!(milliseconds("2w").unwrap(), 14 * 86_400_000);
        for wrong in ["", "d", "0d", "-1d", "5", "1y", "1.5h", "é"] {
            assert!(milliseconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!([spelled(59_000), spelled(61_000), spelled(7_260_000), spelled(180_000_000)], ["59s", "1m1s", "2h1m", "2d2h"]);
    }
}
