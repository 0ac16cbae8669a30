//! The one clock of a simulated cluster: what time it is, and how long a wait of ordinary life takes here.
//!
//! Stamps come from the clock that was handed in; waits are divided by the scale. Nothing else in this crate measures time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::Time;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Holds the clock and the scale; clones share both.
#[derive(Clone)]
pub(crate) struct Pace {
    clock: Clock,
    scale: Arc<AtomicU64>,
}

impl Pace {
    /// Joins a clock and a scale; a scale that is not positive counts as 1.
    pub(crate) fn new(clock: Clock, scale: f64) -> Self {
        let pace = Self { clock, scale: Arc::default() };
        pace.set(scale);
        pace
    }

    /// Goes on at another scale; waits that have begun last as long as they were to.
    pub(crate) fn set(&self, scale: f64) {
        let scale = if scale.is_finite() && scale > 0.0 { scale } else { 1.0 };
        self.scale.store(scale.to_bits(), Ordering::Relaxed);
    }

    fn scale(&self) -> f64 {
        f64::from_bits(self.scale.load(Ordering::Relaxed))
    }

    /// Returns the moment.
    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }

    /// Returns the moment as `metav1.Time` writes it: whole seconds.
    pub(crate) fn stamp(&self) -> String {
        seconds(self.now())
    }

    /// Returns how long a wait of ordinary life takes here.
    pub(crate) fn real(&self, life: Duration) -> Duration {
        Duration::from_secs_f64((life.as_secs_f64() / self.scale()).min(1e9))
    }

    /// Returns what a wait here would have taken in ordinary life.
    pub(crate) fn life(&self, real: Duration) -> Duration {
        Duration::from_secs_f64((real.as_secs_f64() * self.scale()).min(1e9))
    }
}

/// Writes a moment in whole seconds.
pub(crate) fn seconds(time: Time) -> String {
    Time::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// Reads a duration in Go's notation: `1m30s`, `500ms`, `1.5h`.
pub(crate) fn parse_go(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let factor = match unit {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = tail;
    }
    Duration::try_from_secs_f64(total).ok()
}

/// Writes a duration as Go does: `1m0s`, `5.03s`, `21.087ms`.
pub(crate) fn write_go(duration: Duration) -> String {
    let trim = |value: f64, places: usize| {
        let text = format!("{value:.places$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    let total = duration.as_secs_f64();
    if duration.is_zero() {
        return "0s".to_owned();
    }
    if total < 0.001 {
        return format!("{}µs", trim(total * 1e6, 3));
    }
    if total < 1.0 {
        return format!("{}ms", trim(total * 1e3, 6));
    }
    let hours = duration.as_secs() / 3600;
    let minutes = duration.as_secs() / 60 % 60;
    let rest = Duration::new(duration.as_secs() % 60, duration.subsec_nanos());
    let seconds = format!("{}s", trim(rest.as_secs_f64(), 9));
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, m) => format!("{m}m{seconds}"),
        (h, m) => format!("{h}h{m}m{seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_go_does() {
        for (text, millis, out) in [
            ("1m", 60_000, "1m0s"),
            ("30s", 30_000, "30s"),
            ("1h30m", 5_400_000, "1h30m0s"),
            ("1.5s", 1500, "1.5s"),
            ("250ms", 250, "250ms"),
            ("10m0s", 600_000, "10m0s"),
        ] {
            let read = parse_go(text);
            assert_eq!(read, Some(Duration::from_millis(millis)), "{text}");
            assert_eq!(read.map(write_go).as_deref(), Some(out), "{text}");
        }
        for text in ["", "x", "5", "5 s", "s"] {
            assert_eq!(parse_go(text), None, "{text}");
        }
    }
}
