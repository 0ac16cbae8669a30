//! Resource quantities: `500m`, `1.5Gi`, `2e3`.

/// Tells whether a text is a quantity: a signed decimal number with a suffix or an exponent.
pub(super) fn is_quantity(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = body.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(body.len());
    let (number, suffix) = body.split_at(end);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    digits > 0 && number.matches('.').count() <= 1 && (unit(suffix) || exponent(suffix))
}

fn unit(suffix: &str) -> bool {
    suffix.is_empty() || UNITS.iter().any(|(unit, ..)| *unit == suffix)
}

/// The suffixes: base and power of each.
const UNITS: [(&str, f64, i32); 15] = [
    ("n", 10.0, -9),
    ("u", 10.0, -6),
    ("m", 10.0, -3),
    ("k", 10.0, 3),
    ("M", 10.0, 6),
    ("G", 10.0, 9),
    ("T", 10.0, 12),
    ("P", 10.0, 15),
    ("E", 10.0, 18),
    ("Ki", 2.0, 10),
    ("Mi", 2.0, 20),
    ("Gi", 2.0, 30),
    ("Ti", 2.0, 40),
    ("Pi", 2.0, 50),
    ("Ei", 2.0, 60),
];

/// Returns what a quantity comes to; nothing when it is none.
pub(super) fn amount(text: &str) -> Option<f64> {
    if !is_quantity(text) {
        return None;
    }
    let unit = UNITS.iter().find(|(unit, ..)| text.ends_with(unit));
    match unit {
        Some((unit, base, power)) => text.strip_suffix(unit)?.parse::<f64>().ok().map(|number| number * base.powi(*power)),
        None => text.parse().ok(),
    }
}

fn exponent(suffix: &str) -> bool {
    let Some(power) = suffix.strip_prefix(['e', 'E']) else { return false };
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    !power.is_empty() && power.bytes().all(|b| b.is_ascii_digit())
}

/// Returns the quantity that was probably meant.
pub(super) fn meant(text: &str) -> Option<String> {
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, suffix) = (text[..at].trim_end(), &text[at..]);
    let suffix = match suffix.to_ascii_lowercase().as_str() {
        "k" | "kb" => "k",
        "m" | "mb" => "M",
        "g" | "gb" => "G",
        "t" | "tb" => "T",
        "ki" | "kib" => "Ki",
        "mi" | "mib" => "Mi",
        "gi" | "gib" => "Gi",
        "ti" | "tib" => "Ti",
        _ => return None,
    };
    let meant = format!("{number}{suffix}");
    is_quantity(&meant).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_what_the_server_parses() {
        for good in [
            "1",
            "0.5",
            ".5",
            "1.",
            "+1",
            "-1",
            "100m",
            "1Gi",
            "1.5Gi",
            "2e3",
            "2E-3",
            "3E",
            "1k",
            "128974848",
            "12Ei",
            "5n",
            "7u",
        ] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "m", "1g", "1GB", "1 Gi", "1K", "1mi", "Gi", ".", "1.2.3", "1e", "one", "1Gi ", "0x1", "1_000"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn amounts_are_compared_by_what_they_come_to() {
        for (text, expect) in [("500m", 0.5), ("1Ki", 1024.0), ("1.5k", 1500.0), ("2e3", 2000.0), ("-1", -1.0), ("3E", 3e18)] {
            assert!(amount(text).is_some_and(|n| (n - expect).abs() < 1e-6), "{text}");
        }
        assert!(amount("1GB").is_none());
    }

    #[test]
    fn what_was_meant_is_offered_when_it_is_clear() {
        for (text, expect) in
            [("1GB", Some("1G")), ("512mb", Some("512M")), ("1 Gi", Some("1Gi")), ("64mi", Some("64Mi")), ("1x", None)]
        {
            assert_eq!(meant(text).as_deref(), expect, "{text}");
        }
    }
}
