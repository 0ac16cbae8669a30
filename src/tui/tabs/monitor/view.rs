//! How the Monitor tab looks: totals, charts, the figures of delivery, objects and controllers, and what each figure means.

use domain::flux::Health;
use domain::monitor::{DAYS, Figures, Monitor as Found, Tally};

use super::{Asked, Monitor};
use crate::cx::{Cx, fine};
use crate::theme::Role;
use crate::widgets::chart::{self, Bar};
use crate::widgets::put::{Piece, cut_middle, piece, width, width_of};
use crate::widgets::sheet::Row;

/// How many rows a chart has.
const HIGH: usize = 4;
/// How wide the figures at the left of a chart are.
const SCALE: usize = 8;
/// From which width on two charts stand beside each other.
const WIDE: usize = 96;
/// From which width on two lists do.
const BESIDE: usize = 110;
/// The figures that are explained, in order.
const MEANINGS: [&str; 7] = ["success", "sync", "healthy", "frequency", "lead", "failures", "restore"];

type Pieces = Vec<Piece<'static>>;

impl Monitor {
    /// Returns the line at the top: which spans there are, which is shown, and from when to when it is.
    pub(super) fn head(&self, cx: &Cx) -> (Pieces, String) {
        let mut left = vec![piece(format!("{}  ", cx.t("monitor.title")), Role::Accent)];
        for (at, days) in DAYS.iter().enumerate() {
            let said = if *days == 1 { "24h".to_owned() } else { format!("{days}d") };
            // The brackets say it where there is no colour.
            let (text, role) =
                if at == self.span { (format!("[{said}] "), Role::Text) } else { (format!(" {said}  "), Role::Muted) };
            left.push(piece(text, role));
        }
        let minute = |time| cx.moment(time).get(..16).unwrap_or_default().to_owned();
        let right = self.found.as_ref().map(|found| format!("{} – {}", minute(found.from), minute(found.to)));
        (left, right.unwrap_or_default())
    }

    pub(super) fn rows(&self, cx: &Cx, wide: usize) -> Vec<Row> {
        let Some(found) = &self.found else {
            if let Some(trouble) = &self.trouble {
                return vec![Row::text("✗ ", Role::Bad, cx.trouble(trouble), Role::Bad)];
            }
            return vec![Row::text(cx.spinner(), Role::Busy, format!(" {}", cx.t("monitor.counting")), Role::Muted)];
        };
        let mut rows = totals(cx, &found.all, wide);
        if found.all.deployments == 0 {
            rows.push(Row::text("", Role::Text, cx.t("monitor.none"), Role::Muted));
        } else {
            rows.push(Row::Blank);
            charts(cx, found, wide, &mut rows);
            rows.push(Row::Blank);
            delivery(cx, found, wide, &mut rows);
        }
        rows.push(Row::Blank);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        objects(cx, &self.tallies, if wide < BESIDE { wide } else { wide * 5 / 8 }, &mut left);
        components(cx, &self.components, &mut right);
        side_by_side(left, right, wide, &mut rows);
        rows.extend([Row::Blank, Row::heading(cx.t("monitor.meaning"))]);
        for key in MEANINGS {
            let name = cx.words.get(&format!("monitor.{key}")).to_owned();
            let said = cx.words.get(&format!("monitor.{key}-means")).to_owned();
            rows.push(Row::text(format!("{name}  "), Role::Text, said, Role::Muted));
        }
        rows
    }
}

/// How many deployments there were and how they ended, and the rates of all; on as many lines as they need.
fn totals(cx: &Cx, all: &Figures, wide: usize) -> Vec<Row> {
    let count = |n: usize| n.to_string();
    let part = |sign: &str, n: usize, key: &'static str, role| {
        piece(format!("{sign} {}   ", cx.tf(key, &[("count", &count(n))])), if n == 0 { Role::Faint } else { role })
    };
    let mut first =
        vec![piece(format!("{}   ", cx.tf("monitor.deployments", &[("count", &count(all.deployments))])), Role::Text)];
    first.push(part("✓", all.succeeded, "monitor.succeeded", Role::Ok));
    first.push(part("✗", all.failed, "monitor.failed", Role::Bad));
    first.push(part("·", all.superseded, "monitor.superseded", Role::Muted));
    first.push(part("○", all.open, "monitor.open", Role::Busy));
    let said = |key: &str, value: String| piece(format!("{} {value}   ", cx.words.get(&format!("monitor.{key}"))), Role::Muted);
    let second = vec![
        said("success", rate(all.success_rate)),
        said("sync", rate(all.sync_rate)),
        said("healthy", format!("p50 {}  p95 {}", span(all.healthy_p50), span(all.healthy_p95))),
    ];
    let mut rows = flowing(first, wide);
    if all.deployments > 0 {
        rows.extend(flowing(second, wide));
    }
    rows
}

/// Puts pieces on as many lines as they need, none of them cut.
fn flowing(pieces: Pieces, wide: usize) -> Vec<Row> {
    let mut lines: Vec<Pieces> = vec![Vec::new()];
    for one in pieces {
        let fits = |line: &Pieces| line.is_empty() || width_of(line) + width(one.text.trim_end()) <= wide;
        match lines.last_mut() {
            Some(line) if fits(line) => line.push(one),
            _ => lines.push(vec![one]),
        }
    }
    for last in lines.iter_mut().filter_map(|line| line.last_mut()) {
        last.text = last.text.trim_end().to_owned().into();
    }
    lines.into_iter().map(Row::Line).collect()
}

fn charts(cx: &Cx, found: &Found, wide: usize, rows: &mut Vec<Row>) {
    let two = wide >= WIDE;
    let room = if two { wide / 2 - 2 } else { wide };
    let cell = (room.saturating_sub(SCALE) / found.parts.len().max(1)).clamp(1, 4);
    let (left, right) = (deployed(cx, found, cell), healthy(cx, found, cell));
    if two {
        for (left, right) in left.into_iter().zip(right.into_iter().chain(std::iter::repeat(Pieces::new()))) {
            let blanks = (room + 2).saturating_sub(width_of(&left));
            let gap = piece(" ".repeat(blanks), Role::Text);
            rows.push(Row::Line(left.into_iter().chain([gap]).chain(right).collect()));
        }
    } else {
        rows.extend(left.into_iter().map(Row::Line));
        rows.push(Row::Blank);
        rows.extend(right.into_iter().map(Row::Line));
    }
}

/// How many deployments there were in each part; under them how many failed.
fn deployed(cx: &Cx, found: &Found, cell: usize) -> Vec<Pieces> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let bars = found.parts.iter().map(|p| Bar { solid: count(p.succeeded + p.failed + p.other), dotted: 0 }).collect::<Vec<_>>();
    let most = bars.iter().map(|bar| bar.solid).max().unwrap_or(0);
    let mut out = chart(cx, "monitor.chart-deployed", &bars, (cell, Role::Accent), &most.to_string());
    let failed = found.parts.iter().map(|p| {
        let text = match p.failed {
            0 => "·".to_owned(),
            n @ 1..=9 => n.to_string(),
            _ => "+".to_owned(),
        };
        let role = if p.failed == 0 { Role::Faint } else { Role::Bad };
        piece(format!("{text}{}", " ".repeat(cell - 1)), role)
    });
    out.push(std::iter::once(scale(cx.t("monitor.chart-failed"))).chain(failed).collect());
    out
}

/// How long it took from commit to healthy in each part: the median, and above it what 95 of 100 stay within.
fn healthy(cx: &Cx, found: &Found, cell: usize) -> Vec<Pieces> {
    let bar = |p: &domain::monitor::Part| Bar { solid: p.healthy_p50.unwrap_or(0), dotted: p.healthy_p95.unwrap_or(0) };
    let bars: Vec<Bar> = found.parts.iter().map(bar).collect();
    let most = bars.iter().map(|bar| bar.dotted).max().unwrap_or(0);
    let mut out = chart(cx, "monitor.chart-healthy", &bars, (cell, Role::Accent), &fine(most));
    // Beside the title: under the columns the signs would look like their feet.
    let (solid, dotted) = if cx.capabilities.utf8 { ("█", "░") } else { ("#", ":") };
    if let Some(title) = out.first_mut() {
        title.extend([piece(format!("   {solid} p50"), Role::Accent), piece(format!("  {dotted} p95"), Role::Muted)]);
    }
    out
}

fn chart(cx: &Cx, key: &'static str, bars: &[Bar], (cell, role): (usize, Role), most: &str) -> Vec<Pieces> {
    let mut out = vec![vec![piece(cx.words.get(key).to_owned(), Role::Accent)]];
    for (at, line) in chart::rows(cx, bars, (HIGH, cell), role).into_iter().enumerate() {
        let mark = match at {
            0 => most,
            _ if at == HIGH - 1 => "0",
            _ => "",
        };
        out.push(std::iter::once(scale(mark)).chain(line).collect());
    }
    out
}

fn scale(text: &str) -> Piece<'static> {
    let text = cut_middle(text, SCALE - 1).into_owned();
    piece(format!("{}{text} ", " ".repeat((SCALE - 1).saturating_sub(width(&text)))), Role::Muted)
}

/// The figures of each environment; what room is too short for leaves first what the charts show.
fn delivery(cx: &Cx, found: &Found, wide: usize, rows: &mut Vec<Row>) {
    type Said = fn(&Figures) -> String;
    let all: [(&str, Said); 8] = [
        ("deployed", |f| f.deployments.to_string()),
        ("success", |f| rate(f.success_rate)),
        ("frequency", |f| format!("{:.2}", f.per_day)),
        ("lead", |f| span(f.lead_time)),
        ("failures", |f| rate(f.failure_rate)),
        ("restore", |f| span(f.restore_time)),
        ("p50", |f| span(f.healthy_p50)),
        ("p95", |f| span(f.healthy_p95)),
    ];
    let lines: Vec<(String, &Figures)> = std::iter::once((cx.t("monitor.all").to_owned(), &found.all))
        .chain(found.environments.iter().map(|f| (f.environment.as_ref().map(ToString::to_string).unwrap_or_default(), f)))
        .collect();
    let name = lines.iter().map(|(name, _)| width(name)).max().unwrap_or(0).clamp(12, 30);
    let mut taken = name;
    let columns: Vec<(&str, Said, usize)> = all
        .into_iter()
        .map(|(key, said)| {
            let title = width(cx.words.get(&format!("column.monitor.{key}")));
            (key, said, lines.iter().map(|(_, f)| width(&said(f))).max().unwrap_or(0).max(title))
        })
        .take_while(|(.., column)| {
            let fits = taken + column + 2 <= wide;
            taken += if fits { column + 2 } else { 0 };
            fits
        })
        .collect();
    let mut head = vec![left(cx.t("monitor.delivery"), name, Role::Accent)];
    head.extend(
        columns.iter().map(|(key, _, column)| right(cx.words.get(&format!("column.monitor.{key}")), *column, Role::Muted)),
    );
    rows.push(Row::Line(head));
    for (at, (of, figures)) in lines.iter().enumerate() {
        let mut line = vec![left(of, name, if at == 0 { Role::Muted } else { Role::Text })];
        line.extend(columns.iter().map(|(key, said, column)| right(&said(figures), *column, role(key, figures))));
        if let Some(since) = figures.broken_since {
            let age = cx.age(since);
            let whole = format!("  ✗ {}", cx.tf("monitor.broken", &[("age", &age)]));
            // In a narrow place the age alone says it; the sign at least is never cut.
            let said = [whole, format!("  ✗ {age}"), " ✗".to_owned()].into_iter().find(|text| taken + width(text) <= wide);
            line.extend(said.map(|text| piece(text, Role::Bad)));
        }
        rows.push(Row::Line(line));
    }
}

fn role(key: &str, figures: &Figures) -> Role {
    match key {
        "failures" if figures.failure_rate.is_some_and(|rate| rate > 0.0) => Role::Warn,
        "success" if figures.success_rate.is_some_and(|rate| rate < 0.5) => Role::Bad,
        _ => Role::Text,
    }
}

fn objects(cx: &Cx, tallies: &[Tally], wide: usize, rows: &mut Vec<Row>) {
    rows.push(Row::heading(cx.t("monitor.objects")));
    if tallies.is_empty() {
        rows.push(Row::text("", Role::Text, cx.t("monitor.no-objects"), Role::Muted));
    }
    let name = tallies.iter().map(|t| t.kind.len()).max().unwrap_or(0);
    let said = |tally: &Tally, health: Health| match tally.of(health) {
        0 => String::new(),
        // A count is no work under way: its sign stands still.
        count => format!("{} {count} {}", if health == Health::Busy { "◐" } else { cx.glyph(health) }, cx.health(health)),
    };
    let states = [Health::Ok, Health::Bad, Health::Warn, Health::Busy, Health::Off, Health::Unknown];
    // Like stands under like where there is room for that.
    let columns = states.map(|health| tallies.iter().map(|tally| width(&said(tally, health))).max().unwrap_or(0));
    let aligned = name + 8 + columns.iter().map(|column| column + 3).sum::<usize>() <= wide;
    for tally in tallies {
        let mut line =
            vec![left(&tally.kind, name, Role::Text), right(&tally.total.to_string(), 5, Role::Text), piece("   ", Role::Text)];
        for (health, column) in states.into_iter().zip(columns) {
            let text = said(tally, health);
            if aligned && column > 0 {
                line.push(left(&text, column + 3, health.into()));
            } else if !text.is_empty() {
                line.push(piece(format!("{text}   "), health.into()));
            }
        }
        rows.push(Row::Line(line));
    }
}

fn components(cx: &Cx, asked: &[Asked], rows: &mut Vec<Row>) {
    rows.push(Row::heading(cx.t("monitor.components")));
    for one in asked {
        // Where their namespace is not watched they were so when they were asked for, and that is said.
        let when =
            one.when.map(|when| format!("  {}", cx.tf("settings.asked", &[("time", &cx.clock(when))]))).unwrap_or_default();
        rows.push(Row::Line(vec![piece(one.context.to_string(), Role::Muted), piece(when, Role::Faint)]));
        if let Some(trouble) = &one.trouble {
            rows.push(Row::text("? ", Role::Unknown, cx.trouble(trouble), Role::Text));
        } else if let Some(found) = one.found.as_ref().map(|found| domain::controllers::now(found, cx.world)) {
            let name = found.controllers.iter().map(|c| width(&c.name)).max().unwrap_or(0);
            rows.extend(found.controllers.iter().map(|c| {
                let glyph = if c.health == Health::Busy { "◐" } else { cx.glyph(c.health) };
                Row::Line(vec![
                    piece(format!("{glyph} "), c.health.into()),
                    left(&c.name, name, Role::Text),
                    piece(format!("  {}/{}  ", c.ready, c.wanted), c.health.into()),
                    piece(c.version.clone(), Role::Muted),
                    // That all of it is ready was said by the numbers.
                    piece(if c.health == Health::Ok { String::new() } else { format!("  {}", cx.said(&c.said)) }, Role::Muted),
                ])
            }));
            if found.controllers.is_empty() {
                rows.push(Row::text("", Role::Text, cx.t("monitor.no-components"), Role::Muted));
            }
        } else {
            rows.push(Row::Line(vec![piece(format!("{} {}", cx.spinner(), cx.t("monitor.asking")), Role::Muted)]));
        }
    }
}

/// Puts two lists beside each other where both have room, else one under the other.
fn side_by_side(left: Vec<Row>, right: Vec<Row>, wide: usize, rows: &mut Vec<Row>) {
    let room = wide * 5 / 8;
    let fits = |rows: &[Row], room: usize| rows.iter().all(|row| matches!(row, Row::Line(line) if width_of(line) <= room));
    if wide < BESIDE || !fits(&left, room) || !fits(&right, wide - room - 2) {
        rows.extend(left);
        rows.push(Row::Blank);
        return rows.extend(right);
    }
    let pieces = |row: Option<Row>| if let Some(Row::Line(line)) = row { line } else { Pieces::new() };
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    for _ in 0..left.len().max(right.len()) {
        let mut line = pieces(left.next());
        line.push(piece(" ".repeat((room + 2).saturating_sub(width_of(&line))), Role::Text));
        line.extend(pieces(right.next()));
        rows.push(Row::Line(line));
    }
}

fn left(text: &str, wide: usize, role: Role) -> Piece<'static> {
    let text = cut_middle(text, wide).into_owned();
    piece(format!("{text}{}", " ".repeat(wide.saturating_sub(width(&text)))), role)
}

fn right(text: &str, wide: usize, role: Role) -> Piece<'static> {
    piece(format!("  {}{text}", " ".repeat(wide.saturating_sub(width(text)))), role)
}

fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.1}%", rate * 100.0))
}

fn span(ms: Option<i64>) -> String {
    ms.map_or_else(|| "–".to_owned(), |ms| fine(ms / 1000 * 1000))
}
