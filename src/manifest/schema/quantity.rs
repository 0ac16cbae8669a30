//! Resource quantities: `500m`, `1.5Gi`, `2e3`. This is the server's grammar alone, which takes figures of any size; what one
//! comes to is `domain::quantity`, which counts in thousandths and refuses what would not fit.

/// Tells whether a text is a quantity: a signed decimal number with a suffix or an exponent.
pub(super) fn is_quantity(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = body.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(body.len());
    let (number, suffix) = body.split_at(end);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    digits > 0 && number.matches('.').count() <= 1 && (UNITS.contains(&suffix) || exponent(suffix))
}

/// The suffixes.
const UNITS: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

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
    fn what_was_meant_is_offered_when_it_is_clear() {
        for (text, expect) in
            [("1GB", Some("1G")), ("512mb", Some("512M")), ("1 Gi", Some("1Gi")), ("64mi", Some("64Mi")), ("1x", None)]
        {
            assert_eq!(meant(text).as_deref(), expect, "{text}");
        }
    }
}
