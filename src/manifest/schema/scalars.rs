//! Single values: what they are called, whether they have the form and the bounds that a shape wants.

use serde_json::Value;

use crate::schema::quantity;
use crate::schema::shape::{Format, Rules, Shape, types};
use crate::schema::walk::{Walk, same};
use crate::yaml::{Data, Plain, Val, resolve_plain};

/// Tells whether a text is filled in or decrypted later, so that nothing can be said of its content.
pub(super) fn filled_in(text: &str) -> bool {
    ["${", "$(", "{{"].iter().any(|mark| text.contains(mark)) || text.starts_with("ENC[")
}

/// Tells whether a text is a boolean to the readers of an older YAML.
pub(super) fn old_flag(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off" | "y" | "n")
}

/// Returns what a shape wants, in words.
pub(super) fn wanted(shape: &Shape) -> String {
    if shape.format == Format::Quantity {
        return "a quantity".to_owned();
    }
    let words = [
        (types::TEXT, "a string"),
        (types::WHOLE, "a whole number"),
        (types::NUMBER, "a number"),
        (types::FLAG, "true or false"),
        (types::MAP, "a mapping"),
        (types::LIST, "a list"),
    ];
    words.iter().filter(|(bit, _)| shape.types & bit != 0).map(|(_, word)| *word).collect::<Vec<_>>().join(" or ")
}

/// Returns what a value is, in words.
pub(super) fn given(val: &Val) -> String {
    match &val.data {
        Data::Null => "nothing".to_owned(),
        Data::Bool(flag) => format!("the boolean {flag}"),
        Data::Number(number) => format!("the number {number}"),
        Data::Text(text) => format!("the string {}", shown(text)),
        Data::List(_) => "a list".to_owned(),
        Data::Map(_) => "a mapping".to_owned(),
    }
}

/// Returns what sort of value it is, in words that do not repeat it.
pub(super) const fn sort(val: &Val) -> &'static str {
    match &val.data {
        Data::Null => "nothing",
        Data::Bool(_) => "true or false",
        Data::Number(_) => "a number",
        Data::Text(_) => "a string",
        Data::List(_) => "a list",
        Data::Map(_) => "a mapping",
    }
}

/// Returns a text in quotes, safe and short.
pub(super) fn shown(text: &str) -> String {
    let line = domain::text::one_line(text);
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("\u{201c}{}…\u{201d}", &line[..at]),
        None => format!("\u{201c}{line}\u{201d}"),
    }
}

/// Returns what to write instead of a value of a wrong type, as the end of a sentence.
pub(super) fn hint(shape: &Shape, val: &Val) -> String {
    match &val.data {
        Data::Bool(_) | Data::Number(_) if shape.types & types::TEXT != 0 => {
            format!("; write \"{}\"", val.scalar().unwrap_or_default())
        }
        Data::Text(text) if shape.types == types::FLAG && old_flag(text) => {
            let flag = matches!(text.to_ascii_lowercase().as_str(), "yes" | "on" | "y");
            format!("; write {flag}")
        }
        Data::Text(text) if shape.types == types::FLAG && matches!(text.as_str(), "true" | "false") => {
            format!("; write {text} without quotes")
        }
        Data::Text(text) if shape.types & (types::WHOLE | types::NUMBER) != 0 && matches!(resolve_plain(text), Plain::Int(_)) => {
            format!("; write {text} without quotes")
        }
        _ => String::new(),
    }
}

/// Checks the form of a scalar whose type is right.
pub(super) fn check(walk: &mut Walk<'_>, shape: &Shape, val: &Val) {
    match (shape.format, &val.data) {
        (Format::Quantity, Data::Text(text)) if !quantity::is_quantity(text) => {
            let meant = quantity::meant(text).map_or_else(String::new, |meant| format!("; write {meant}"));
            let message = format!("{} is no quantity: {}{meant}", walk.path(), shown(text));
            walk.wrong("schema-value", val, message);
        }
        (Format::Int32, Data::Number(number)) if number.as_f64().is_some_and(|n| n.abs() > f64::from(i32::MAX)) => {
            let message = format!("{} is too large: {number}", walk.path());
            walk.wrong("schema-value", val, message);
        }
        (Format::Byte, Data::Text(text)) if !base64(text) => {
            // The text may be a secret in the clear, so it is not repeated.
            let message = format!("{} is not base64", walk.path());
            walk.wrong("schema-value", val, message);
        }
        (Format::DateTime, Data::Text(text)) if !date_time(text) => {
            let message = format!("{} is no point in time like 2006-01-02T15:04:05Z: {}", walk.path(), shown(text));
            walk.wrong("schema-value", val, message);
        }
        _ => {}
    }
}

fn base64(text: &str) -> bool {
    use base64::Engine as _;
    let bare: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    base64::engine::general_purpose::STANDARD.decode(bare).is_ok()
}

fn date_time(text: &str) -> bool {
    let form = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let head: String = text.chars().take(19).map(form).collect();
    let rest = text.get(19..).unwrap_or_default();
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset: String = zone.chars().map(|c| if c == '-' { '+' } else { form(c) }).collect();
    head == "0000-00-00T00:00:00" && matches!(offset.as_str(), "Z" | "+00:00")
}

/// Checks the bounds that a schema sets.
pub(super) fn bounds(walk: &mut Walk<'_>, rules: &Rules, val: &Val) {
    if !rules.values.is_empty() && !rules.values.iter().any(|value| same(val, value)) {
        let list = rules
            .values
            .iter()
            .filter(|v| v.as_str() != Some(""))
            .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
            .collect::<Vec<_>>();
        let list = if list.len() > 12 { format!("one of {} values", list.len()) } else { list.join(", ") };
        let near = val.as_text().and_then(|t| super::names::nearest(t, rules.values.iter().filter_map(Value::as_str)));
        let meant = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let message = format!("{} cannot be {}; it may be {list}{meant}", walk.path(), bare(val));
        walk.wrong("schema-value", val, message);
        return;
    }
    match &val.data {
        Data::Text(text) => {
            if let Some(pattern) = rules.pattern.as_ref().filter(|p| !p.fits(text)) {
                let message = format!("{} does not match the pattern {}: {}", walk.path(), pattern.text, shown(text));
                walk.wrong("schema-value", val, message);
            }
            count(walk, val, (text.chars().count(), rules.length[0], "characters"));
        }
        Data::Number(number) => within(walk, rules, val, number.as_f64().unwrap_or_default()),
        Data::List(items) => count(walk, val, (items.len(), rules.length[1], "items")),
        Data::Map(map) => count(walk, val, (map.len(), rules.length[2], "entries")),
        _ => {}
    }
}

fn bare(val: &Val) -> String {
    match &val.data {
        Data::Text(text) => shown(text),
        _ => val.scalar().unwrap_or_else(|| given(val)),
    }
}

fn within(walk: &mut Walk<'_>, rules: &Rules, val: &Val, number: f64) {
    let low = rules.least.filter(|(least, open)| number < *least || (*open && number <= *least));
    let high = rules.most.filter(|(most, open)| number > *most || (*open && number >= *most));
    let written = val.scalar().unwrap_or_default();
    let message = match (low, high, rules.multiple) {
        (Some((least, open)), ..) => {
            format!("{written} is too small; it has to be {} {least}", if open { "above" } else { "at least" })
        }
        (_, Some((most, open)), _) => {
            format!("{written} is too large; it has to be {} {most}", if open { "below" } else { "at most" })
        }
        (.., Some(step)) if (number / step).fract().abs() > 1e-9 => format!("{written} is no multiple of {step}"),
        _ => return,
    };
    let message = format!("{}: {message}", walk.path());
    walk.wrong("schema-value", val, message);
}

fn count(walk: &mut Walk<'_>, val: &Val, (length, (least, most), what): (usize, (Option<u64>, Option<u64>), &str)) {
    let length = length as u64;
    // In a patch and in a base there may be fewer than in the whole.
    let whole = walk.extent.complete() || what == "characters";
    let message = if let Some(least) = least.filter(|least| length < *least && whole) {
        format!("{} has {length} {what}; it has to have at least {least}", walk.path())
    } else if let Some(most) = most.filter(|most| length > *most) {
        format!("{} has {length} {what}; it may have at most {most}", walk.path())
    } else {
        return;
    };
    walk.wrong("schema-value", val, message);
}
