//! Sentences with places in them, found in what a controller wrote.
//!
//! `{name}` takes what stands between the texts beside it, within one line; at the end of a pattern it takes one word, and
//! `{name*}` the rest of the line. A pattern that begins with a place takes from the beginning of its line.

/// Names a place and what stood in it.
pub type Values = Vec<(&'static str, String)>;

/// Finds a pattern anywhere in a text and returns what stands in its places.
pub fn find(pattern: &'static str, text: &str) -> Option<Values> {
    let mut from = 0;
    let (lead, rest) = pattern.split_once('{').map_or((pattern, ""), |(lead, _)| (lead, &pattern[lead.len()..]));
    if lead.is_empty() {
        return text.lines().find_map(|line| places(rest, line));
    }
    while let Some(at) = text.get(from..)?.find(lead) {
        let after = from + at + lead.len();
        if let Some(values) = places(rest, &text[after..]) {
            return Some(values);
        }
        from = after;
    }
    None
}

/// Fills the places of a pattern whose text before the first place has been read.
fn places(pattern: &'static str, text: &str) -> Option<Values> {
    let mut values = Values::new();
    let (mut pattern, mut text) = (pattern, text);
    while let Some(inner) = pattern.strip_prefix('{') {
        let (name, tail) = inner.split_once('}')?;
        let literal = tail.split('{').next().unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let value = match (literal, name.strip_suffix('*')) {
            ("", Some(_)) => line,
            ("", None) => word(line),
            // A literal may begin on the next line only when it says so.
            (literal, _) => {
                let at = text.find(literal)?;
                let value = &text[..at];
                if value.contains('\n') {
                    return None;
                }
                value
            }
        };
        let name = name.trim_end_matches('*');
        if !matches!(name, "" | "_") {
            if value.trim().is_empty() {
                return None;
            }
            values.push((name, value.trim().to_owned()));
        }
        text = &text[value.len() + literal.len()..];
        pattern = &tail[literal.len()..];
    }
    Some(values)
}

/// Returns the first word of a line, without what closes a sentence or a quotation.
fn word(line: &str) -> &str {
    let end = line.find(|c: char| c.is_whitespace()).unwrap_or(line.len());
    line[..end].trim_end_matches(|c: char| ".,;:\"'`)]}".contains(c))
}

/// Fills the places of a sentence.
pub fn fill(sentence: &str, values: &[(&'static str, String)]) -> String {
    let mut out = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((head, tail)) = rest.split_once('{') {
        out.push_str(head);
        let Some((name, after)) = tail.split_once('}') else {
            out.push('{');
            rest = tail;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => out.extend(["{", name, "}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_take_what_stands_in_them() {
        for (pattern, text, expect) in [
            ("quota: {quota}, used: {used*}", "exceeded quota: small, used: pods=2, of 2", Some("small|pods=2, of 2")),
            ("branch {branch}", "no branch main.", Some("main")),
            ("secrets \"{name}\" not found", "x\nsecrets \"a\" lost, secrets \"b\" not found", Some("a\" lost, secrets \"b")),
            ("{at} dry-run failed", "Namespace/a created\nDeployment/a/b dry-run failed", Some("Deployment/a/b")),
            ("line {line}: {why} in", "line 3: no\nmore in", None),
            ("it is {_} and {b}", "it is cold and wet", Some("wet")),
            ("plain", "quite plain words", Some("")),
            ("{a}: b", ": b", None),
        ] {
            let found = find(pattern, text).map(|v| v.into_iter().map(|(_, v)| v).collect::<Vec<_>>().join("|"));
            assert_eq!(found.as_deref(), expect, "{pattern}");
        }
        assert_eq!(fill("{a} and {b} {c", &[("a", "x".to_owned())]), "x and {b} {c");
    }
}
