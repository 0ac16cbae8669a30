//! A terminal's screen as SVG: grounds as boxes, runs of one look as text that is stretched to its cells.

use std::fmt::Write;

use vt100::{Cell, Color};

/// How wide and high a cell is, and where its letters stand.
const WIDE: f32 = 8.4;
const HIGH: f32 = 18.0;
const BASE: f32 = 13.5;

/// What a terminal shows that was told no colour, and its sixteen.
const INK: &str = "#d7dae0";
const GROUND: &str = "#14181f";
const SIXTEEN: [&str; 16] = [
    "#1c1f26", "#d05c5c", "#6fb07f", "#cfa85a", "#5a8fd0", "#a57fd6", "#5fb3b3", "#c8ccd4", "#6b7484", "#ff7b7b", "#8fd6a0",
    "#f0cf7a", "#82b6ff", "#c9a6ff", "#86dede", "#ffffff",
];

/// How a cell looks.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are what SVG has as attributes, each on its own")]
struct Look {
    ink: String,
    ground: String,
    bold: bool,
    faint: bool,
    italic: bool,
    underlined: bool,
}

fn colour(color: Color, plain: &str) -> String {
    match color {
        Color::Default => plain.to_owned(),
        Color::Idx(n) => SIXTEEN.get(usize::from(n)).map_or_else(|| plain.to_owned(), |c| (*c).to_owned()),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

fn look(cell: &Cell) -> Look {
    let (mut ink, mut ground) = (colour(cell.fgcolor(), INK), colour(cell.bgcolor(), GROUND));
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut ground);
    }
    Look { ink, ground, bold: cell.bold(), faint: cell.dim(), italic: cell.italic(), underlined: cell.underline() }
}

/// A run of cells that look alike: the first column, how many, the text.
struct Run {
    at: u16,
    wide: u16,
    text: String,
    look: Look,
}

fn runs(screen: &vt100::Screen, row: u16, columns: u16) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else { continue };
        let look = look(cell);
        let wide = if cell.is_wide() { 2 } else { 1 };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        match out.last_mut() {
            // Wide characters are stretched by themselves: fonts do not agree how wide they are beside narrow ones.
            Some(run) if run.look == look && (run.wide == run.text.chars().count().try_into().unwrap_or(0)) == (wide == 1) => {
                run.wide += wide;
                run.text.push_str(text);
            }
            _ => out.push(Run { at: column, wide, text: text.to_owned(), look }),
        }
    }
    out
}

/// Draws a screen.
pub(crate) fn picture(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (wide, high) = (f32::from(columns) * WIDE, f32::from(rows) * HIGH);
    let ground = screen.cell(rows - 1, columns - 1).map_or_else(|| GROUND.to_owned(), |cell| look(cell).ground);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.1} {:.1}\" font-family=\"'DejaVu Sans Mono', Menlo, Consolas, \
         'Noto Sans Mono CJK SC', 'WenQuanYi Micro Hei Mono', monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" \
         rx=\"6\" fill=\"{}\"/>\n<g transform=\"translate(8 8)\" xml:space=\"preserve\">\n",
        wide + 16.0,
        high + 16.0,
        ground
    );
    for row in 0..rows {
        let top = f32::from(row) * HIGH;
        let runs = runs(screen, row, columns);
        for run in runs.iter().filter(|run| run.look.ground != ground) {
            let (x, wide) = (f32::from(run.at) * WIDE, f32::from(run.wide) * WIDE);
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                wide + 0.3,
                HIGH + 0.3,
                run.look.ground
            );
        }
        for run in runs.iter().filter(|run| run.look.underlined || !run.text.trim().is_empty()) {
            text(&mut out, run, top + BASE);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn text(out: &mut String, run: &Run, y: f32) {
    let shown = run.text.trim_end();
    let wide = f32::from(run.wide) * WIDE - {
        let blanks = u16::try_from(run.text.chars().count() - shown.chars().count()).unwrap_or(0);
        f32::from(blanks) * WIDE
    };
    let mut style = String::new();
    for (on, words) in [
        (run.look.bold, " font-weight=\"bold\""),
        (run.look.faint, " opacity=\"0.6\""),
        (run.look.italic, " font-style=\"italic\""),
        (run.look.underlined, " text-decoration=\"underline\""),
    ] {
        if on {
            style.push_str(words);
        }
    }
    let shown = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{y:.1}\" textLength=\"{wide:.1}\" fill=\"{}\"{style}>{shown}</text>",
        f32::from(run.at) * WIDE,
        run.look.ink
    );
}
