//! Colours at each depth: as written, the nearest of 256, the nearest of sixteen.

use ratatui::style::Color;

use crate::capabilities::Depth;

const NAMED: [(&str, Color, (i32, i32, i32)); 16] = [
    ("black", Color::Black, (0, 0, 0)),
    ("red", Color::Red, (205, 0, 0)),
    ("green", Color::Green, (0, 205, 0)),
    ("yellow", Color::Yellow, (205, 205, 0)),
    ("blue", Color::Blue, (0, 0, 238)),
    ("magenta", Color::Magenta, (205, 0, 205)),
    ("cyan", Color::Cyan, (0, 205, 205)),
    ("white", Color::Gray, (229, 229, 229)),
    ("bright-black", Color::DarkGray, (127, 127, 127)),
    ("bright-red", Color::LightRed, (255, 0, 0)),
    ("bright-green", Color::LightGreen, (0, 255, 0)),
    ("bright-yellow", Color::LightYellow, (255, 255, 0)),
    ("bright-blue", Color::LightBlue, (92, 92, 255)),
    ("bright-magenta", Color::LightMagenta, (255, 0, 255)),
    ("bright-cyan", Color::LightCyan, (0, 255, 255)),
    ("bright-white", Color::White, (255, 255, 255)),
];

/// Returns the colour to use, or none where the terminal's own ground or ink is meant (`default`).
pub(super) fn resolve(full: &str, named: Option<&str>, depth: Depth) -> Result<Option<Color>, String> {
    if depth == Depth::None || full == "default" {
        return Ok(None);
    }
    if depth == Depth::Ansi16
        && let Some(name) = named
    {
        return if name == "default" { Ok(None) } else { by_name(name).map(Some) };
    }
    let Some(rgb) = hex(full) else {
        return by_name(full).map(Some);
    };
    Ok(Some(match depth {
        Depth::True => Color::Rgb(channel(rgb.0), channel(rgb.1), channel(rgb.2)),
        Depth::Ansi256 => Color::Indexed(nearest_256(rgb)),
        _ => nearest_16(rgb),
    }))
}

/// Returns which of sixteen inks is read best on one of sixteen grounds.
pub(super) fn upon(ground: Color) -> Color {
    let known = NAMED.iter().find(|(_, color, _)| *color == ground).map_or((0, 0, 0), |(.., known)| *known);
    // How bright the eye takes it to be.
    if 299 * known.0 + 587 * known.1 + 114 * known.2 > 110_000 { Color::Black } else { Color::White }
}

fn by_name(name: &str) -> Result<Color, String> {
    let found = NAMED.iter().find(|(n, ..)| *n == name);
    found.map(|(_, color, _)| *color).ok_or_else(|| "it is neither #rrggbb, nor in the palette, nor an ANSI name".to_owned())
}

fn hex(text: &str) -> Option<(i32, i32, i32)> {
    let digits = text.strip_prefix('#').filter(|d| d.len() == 6)?;
    let part = |at: usize| i32::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}

fn channel(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX)
}

const fn distance(a: (i32, i32, i32), b: (i32, i32, i32)) -> i32 {
    let (r, g, b) = (a.0 - b.0, a.1 - b.1, a.2 - b.2);
    2 * r * r + 4 * g * g + 3 * b * b
}

fn nearest_16(rgb: (i32, i32, i32)) -> Color {
    NAMED.iter().min_by_key(|(.., known)| distance(rgb, *known)).map_or(Color::Gray, |(_, color, _)| *color)
}

fn nearest_256(rgb: (i32, i32, i32)) -> u8 {
    const STEPS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let step = |v: i32| (0..6).min_by_key(|at| (STEPS[*at] - v).abs()).unwrap_or(0);
    let (r, g, b) = (step(rgb.0), step(rgb.1), step(rgb.2));
    let cube = (STEPS[r], STEPS[g], STEPS[b]);
    let gray = (((rgb.0 + rgb.1 + rgb.2) / 3 - 8 + 5) / 10).clamp(0, 23);
    let level = 8 + gray * 10;
    if distance(rgb, (level, level, level)) < distance(rgb, cube) {
        channel(232 + gray)
    } else {
        u8::try_from(16 + 36 * r + 6 * g + b).unwrap_or(u8::MAX)
    }
}
