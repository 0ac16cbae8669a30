//! Names that are nearly each other: a slip of the hand, not another member of a series.

/// How many letters a word may have to be compared.
const LONGEST: usize = 253;

/// Returns the name that was most likely meant, when one is near enough.
pub(crate) fn meant<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let near = known.filter(|other| *other != name).filter_map(|other| Some((slips(name, other)?, other)));
    near.min_by_key(|(slips, other)| (*slips, *other)).map(|(_, other)| other)
}

/// Returns how many slips lie between two names; nothing when they are too many, or when only numbers differ.
fn slips(a: &str, b: &str) -> Option<usize> {
    let bare = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    if bare(a) == bare(b) {
        return None;
    }
    let joined = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if joined(a) == joined(b) {
        return Some(0);
    }
    let most = match a.chars().count().min(b.chars().count()) {
        0..=4 => return None,
        5..=9 => 1,
        _ => 2,
    };
    Some(distance(a, b, most)).filter(|slips| *slips <= most)
}

/// Returns how many letters have to be added, removed, replaced or swapped with their neighbour; far more than `most` when
/// the lengths alone say that it is more, or the words are very long.
pub(crate) fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most || a.len().max(b.len()) > LONGEST {
        return usize::MAX;
    }
    let mut older: Vec<usize> = Vec::new();
    let mut old: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (old[j] + usize::from(x != y)).min(old[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(older[j - 1] + 1);
            }
            row.push(best);
        }
        older = std::mem::replace(&mut old, row);
    }
    old[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognized_and_series_are_not() {
        for (name, other, expect) in [
            ("web-config", "web-confg", true),
            ("web-config", "web-cofnig", true),
            ("web_config", "web-config", true),
            ("webconfig", "web-config", true),
            ("redis-0", "redis-1", false),
            ("app-v1", "app-v12", false),
            ("api", "app", false),
            ("web-config", "app-config", false),
            ("shop", "shop-secret", false),
        ] {
            assert_eq!(meant(name, [other].into_iter()).is_some(), expect, "{name} {other}");
        }
    }
}
