//! Kubernetes resource quantities: kept as written, compared by value.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::trouble::Trouble;

/// Holds a quantity as written (`100m`, `512Mi`, `1e3`), with its value in thousandths.
///
/// The grammar is Kubernetes' own (apimachinery `resource.Quantity`): a decimal number and one of the suffixes
/// `n u m k M G T P E`, `Ki Mi Gi Ti Pi Ei`, or an exponent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity {
    text: String,
    millis: i128,
}

impl Quantity {
    /// Returns the text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the value in thousandths, rounded up as Kubernetes rounds.
    pub const fn millis(&self) -> i128 {
        self.millis
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.millis == other.millis
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.millis.cmp(&other.millis)
    }
}

impl std::hash::Hash for Quantity {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.millis.hash(state);
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Quantity {
    type Err = Trouble;
    fn from_str(text: &str) -> Result<Self, Trouble> {
        let millis = parse(text).map_err(|why| {
            Trouble::usage("That is not a quantity", format!("\u{201c}{text}\u{201d}"))
                .why(why)
                .next("Write CPU as 250m or 1.5, memory as 512Mi or 2Gi.")
        })?;
        Ok(Self { text: text.to_owned(), millis })
    }
}

impl TryFrom<String> for Quantity {
    type Error = Trouble;
    fn try_from(text: String) -> Result<Self, Trouble> {
        text.parse()
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.text
    }
}

fn parse(text: &str) -> Result<i128, String> {
    let number = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '+' || c == '-')).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(number);
    if digits.is_empty() {
        return Err("it does not start with a number".to_owned());
    }
    let (multiply, divide) = scale(suffix)?;
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let bad = || format!("\u{201c}{digits}\u{201d} is no number");
    let odd = !unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.') || fraction.contains('.');
    if odd || (whole.is_empty() && fraction.is_empty()) || whole.len() > 18 || fraction.len() > 12 {
        return Err(bad());
    }
    let joined: i128 = format!("{whole}{fraction}").parse().map_err(|_| bad())?;
    let places = u32::try_from(fraction.len()).map_err(|_| bad())?;
    let over = || "it is too large".to_owned();
    let top = joined.checked_mul(multiply).and_then(|v| v.checked_mul(1000)).ok_or_else(over)?;
    let bottom = 10i128.checked_pow(places).and_then(|v| v.checked_mul(divide)).ok_or_else(over)?;
    let value = top / bottom + i128::from(top % bottom != 0);
    Ok(if digits.starts_with('-') { -value } else { value })
}

fn scale(suffix: &str) -> Result<(i128, i128), String> {
    if let Some(power) = suffix.strip_prefix(['e', 'E']).filter(|p| !p.is_empty()) {
        let power: i32 = power.parse().map_err(|_| format!("\u{201c}{suffix}\u{201d} is no exponent"))?;
        if power.abs() > 18 {
            return Err("its exponent is too large".to_owned());
        }
        let ten = 10i128.pow(power.unsigned_abs());
        return Ok(if power < 0 { (1, ten) } else { (ten, 1) });
    }
    let value = match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1000),
        "k" => (1000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => return Err(format!("\u{201c}{suffix}\u{201d} is no unit")),
    };
    Ok(value)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for (text, millis) in
            [("1", 1000), ("100m", 100), ("0.5", 500), (".5", 500), ("1.5Gi", 1_610_612_736_000), ("1e3", 1_000_000), ("1n", 1)]
        {
            assert_eq!(text.parse::<Quantity>().unwrap().millis(), millis, "{text}");
        }
        for text in ["", "Mi", "1mb", "1.2.3", "--1", "1 Gi", "1e"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
        assert_eq!("1000m".parse::<Quantity>().unwrap(), "1".parse().unwrap());
    }
}
