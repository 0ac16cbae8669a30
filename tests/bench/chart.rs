//! Curves as a picture: panels side by side, both axes logarithmic, so that what grows in proportion to its size is a straight line
//! of one slope and what does not grow lies flat. Grey words that can be read on light and dark ground.

use std::fmt::Write as _;

/// Holds one curve.
pub(crate) struct Curve {
    /// Whose it is.
    pub(crate) name: &'static str,
    /// Size and milliseconds, by size.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Holds one panel.
pub(crate) struct Panel {
    /// What was measured.
    pub(crate) title: String,
    /// What the sizes count.
    pub(crate) of: &'static str,
    /// The curves, ours first.
    pub(crate) curves: Vec<Curve>,
}

const WIDE: f64 = 320.0;
const HIGH: f64 = 220.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 42.0;
const COLUMNS: usize = 3;
/// Ours, theirs, and whoever comes then.
const COLOURS: [&str; 3] = ["#2f81f7", "#d29922", "#8250df"];

/// Writes the picture.
pub(crate) fn picture(panels: &[Panel]) -> String {
    let columns = panels.len().clamp(1, COLUMNS);
    let rows = panels.len().div_ceil(columns);
    let (wide, high) = (WIDE * count(columns), HIGH * count(rows));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" \
         font-family=\"ui-sans-serif, system-ui, sans-serif\" font-size=\"11\" fill=\"#768390\">\n"
    );
    for (at, panel) in panels.iter().enumerate() {
        let (x, y) = (WIDE * count(at % columns), HIGH * count(at / columns));
        writeln!(out, "<g transform=\"translate({x} {y})\">").expect("a text grows");
        draw(&mut out, panel);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Holds where values of one axis come to lie.
struct Axis {
    /// The powers of ten of its ends.
    from: f64,
    to: f64,
    /// The places of its ends.
    begins: f64,
    ends: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, begins: f64, ends: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).max(1e-3);
        let most = values.fold(least, f64::max);
        let (from, to) = (least.log10().floor(), most.log10().ceil());
        Self { from, to: if to > from { to } else { from + 1.0 }, begins, ends }
    }

    fn at(&self, value: f64) -> f64 {
        let part = (value.max(1e-3).log10() - self.from) / (self.to - self.from);
        self.begins + part * (self.ends - self.begins)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (mut power, to) = (self.from, self.to);
        std::iter::from_fn(move || {
            let tick = (power <= to).then(|| 10_f64.powf(power));
            power += 1.0;
            tick
        })
    }
}

fn draw(out: &mut String, panel: &Panel) {
    let points = || panel.curves.iter().flat_map(|curve| curve.points.iter().copied());
    let across = Axis::over(points().map(|(x, _)| x), LEFT, WIDE - RIGHT);
    let up = Axis::over(points().map(|(_, y)| y), HIGH - BOTTOM, TOP);
    let mut line = |text: String| out.extend([text.as_str(), "\n"]);
    line(format!("<text x=\"{LEFT}\" y=\"16\" font-weight=\"600\" font-size=\"12\">{}</text>", panel.title));
    for tick in across.ticks() {
        let x = across.at(tick);
        line(format!("<path d=\"M{x:.1} {TOP}V{:.1}\" stroke=\"#768390\" stroke-opacity=\".2\"/>", HIGH - BOTTOM));
        line(format!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>", HIGH - BOTTOM + 14.0, short(tick)));
    }
    for tick in up.ticks() {
        let y = up.at(tick);
        line(format!("<path d=\"M{LEFT} {y:.1}H{:.1}\" stroke=\"#768390\" stroke-opacity=\".2\"/>", WIDE - RIGHT));
        line(format!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", LEFT - 6.0, y + 4.0, milliseconds(tick)));
    }
    let mut x = LEFT;
    for (curve, colour) in panel.curves.iter().zip(COLOURS) {
        let places: Vec<(f64, f64)> = curve.points.iter().map(|(x, y)| (across.at(*x), up.at(*y))).collect();
        let path = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect::<Vec<_>>().join("L");
        line(format!("<path d=\"M{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"));
        for (x, y) in places {
            line(format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{colour}\"/>"));
        }
        line(format!("<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>", HIGH - 10.0, curve.name));
        x += 9.0 + 6.0 * count(curve.name.len());
    }
    line(format!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", WIDE - RIGHT, HIGH - 10.0, panel.of));
}

/// Writes a power of ten as few letters: `100`, `10k`, `1M`.
fn short(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{}M", v / 1e6),
        v if v >= 1e3 => format!("{}k", v / 1e3),
        v => format!("{v}"),
    }
}

fn milliseconds(value: f64) -> String {
    match value {
        v if v >= 1e3 => format!("{} s", v / 1e3),
        v if v >= 1.0 => format!("{v} ms"),
        v => format!("{:.0} \u{b5}s", v * 1e3),
    }
}
