//! Trailers at the end of a commit message (`Key: value`), as `git interpret-trailers` understands them.

/// Returns the message with the trailers at its end.
///
/// They join the trailers that are there, else stand in a paragraph of their own; a pair that is there already is not
/// added again. A value becomes one line; characters that no key may have become dashes.
pub fn trailers(message: &str, add: &[(&str, &str)]) -> String {
    let mut out = message.trim_end().to_owned();
    let known = read_trailers(&out);
    let mut open = !known.is_empty();
    let mut added: Vec<(String, String)> = Vec::new();
    for (key, value) in add {
        let key: String = key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let pair = (key, value);
        let same = |(k, v): &(String, String)| k.eq_ignore_ascii_case(&pair.0) && *v == pair.1;
        if known.iter().chain(&added).any(same) {
            continue;
        }
        out.push_str(if open { "\n" } else { "\n\n" });
        open = true;
        out.extend([pair.0.as_str(), ": ", pair.1.as_str()]);
        added.push(pair);
    }
    out.push('\n');
    out
}

/// Returns the trailers of a message in their order; a value that goes on in indented lines becomes one line.
pub fn read_trailers(message: &str) -> Vec<(String, String)> {
    let paragraphs = paragraphs(message);
    // The first paragraph is the subject, whatever it looks like.
    let Some(last) = paragraphs.get(1..).and_then(<[_]>::last) else { return Vec::new() };
    let mut found: Vec<(String, String)> = Vec::new();
    let (mut of_git, mut others) = (false, 0_usize);
    let mut in_trailer = false;
    for line in last {
        if line.starts_with([' ', '\t']) {
            match found.last_mut().filter(|_| in_trailer) {
                Some((_, value)) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                None => others += 1,
            }
        } else if let Some((key, value)) = pair(line) {
            of_git |= key == "Signed-off-by";
            found.push((key.to_owned(), value.trim().to_owned()));
            in_trailer = true;
        } else {
            of_git |= line.starts_with("(cherry picked from commit ");
            others += usize::from(!line.starts_with("(cherry picked from commit "));
            in_trailer = false;
        }
    }
    // Git's rule: nothing but trailers, or one that Git itself writes and at least a quarter trailers.
    let block = others == 0 || (of_git && found.len() * 3 >= others);
    if block { found } else { Vec::new() }
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end_matches([' ', '\t']);
    let fine = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    fine.then_some((key, value))
}

fn paragraphs(message: &str) -> Vec<Vec<&str>> {
    let mut all = Vec::new();
    let mut one = Vec::new();
    for line in message.lines() {
        if line.trim().is_empty() {
            if !one.is_empty() {
                all.push(std::mem::take(&mut one));
            }
        } else {
            one.push(line);
        }
    }
    if !one.is_empty() {
        all.push(one);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_stand_in_one_last_paragraph() {
        let table = [
            ("Deploy", "Deploy\n\nEnvironment: shop/prod\nDeployment-Id: 1\n"),
            (
                "Deploy\n\nWhy: is a question\nthat nobody asked\n\n",
                "Deploy\n\nWhy: is a question\nthat nobody asked\n\nEnvironment: shop/prod\nDeployment-Id: 1\n",
            ),
            (
                "Deploy\n\nSigned-off-by: A <a@b>\n",
                "Deploy\n\nSigned-off-by: A <a@b>\nEnvironment: shop/prod\nDeployment-Id: 1\n",
            ),
            ("Deploy\n\nEnvironment: shop/prod", "Deploy\n\nEnvironment: shop/prod\nDeployment-Id: 1\n"),
            ("fix: all", "fix: all\n\nEnvironment: shop/prod\nDeployment-Id: 1\n"),
        ];
        for (before, after) in table {
            let added = trailers(before, &[("Environment", "shop/prod"), ("Deployment-Id", "1")]);
            assert_eq!(added, after);
            assert_eq!(trailers(&added, &[("Environment", "shop/prod"), ("Deployment-Id", "1")]), after, "not doubled");
            let read = read_trailers(&added);
            assert_eq!(read.iter().filter(|(key, _)| key == "Environment").count(), 1);
        }
    }

    #[test]
    fn values_become_one_line_and_folded_ones_are_read_whole() {
        assert_eq!(trailers("a", &[("K y", "one\ntwo: x")]), "a\n\nK-y: one two: x\n");
        assert_eq!(read_trailers("a\n\nK: one\n  two\n"), [("K".to_owned(), "one two".to_owned())]);
        assert_eq!(read_trailers("K: v\n"), []);
        assert_eq!(read_trailers("a\n\nK: v\nprose\n"), []);
    }
}
