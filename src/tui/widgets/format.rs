//! How images, revisions, URLs and object names are written: the telling part bright, the rest out of its way.

use domain::flux::Health;
use domain::image::Image;
use domain::revision::Revision;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, cut_middle, piece, width};

/// Writes an image: registry and path muted, the tag (or digest) bright and never cut.
pub fn image(text: &str, max: usize) -> Vec<Piece<'static>> {
    let Ok(image) = text.parse::<Image>() else {
        return vec![piece(cut_middle(text, max).into_owned(), Role::Text)];
    };
    let version = match (&image.tag, &image.digest) {
        (Some(tag), _) => format!(":{tag}"),
        (None, Some(digest)) => format!("@{}", digest.get(..19).unwrap_or(digest)),
        (None, None) => String::new(),
    };
    let room = max.saturating_sub(width(&version));
    let (registry, rest) = match image.registry() {
        Some(registry) => (format!("{registry}/"), image.name.get(registry.len() + 1..).unwrap_or_default()),
        None => (String::new(), image.name.as_str()),
    };
    if width(&registry) + width(rest) <= room {
        return vec![piece(registry, Role::Faint), piece(rest.to_owned(), Role::Muted), piece(version, Role::Text)];
    }
    vec![piece(cut_middle(rest, room).into_owned(), Role::Muted), piece(version, Role::Text)]
}

/// Returns what distinguishes versions of an image: `1.8.5`.
pub fn version(text: &str) -> String {
    text.parse::<Image>().map_or_else(|_| text.to_owned(), |image| short_digest(image.version()).to_owned())
}

fn short_digest(version: &str) -> &str {
    if version.starts_with("sha256:") { version.get(..14).unwrap_or(version) } else { version }
}

/// Writes a revision: `main@9e1c21d`, the branch muted and the commit bright.
pub fn revision(revision: &Revision) -> Vec<Piece<'static>> {
    let short = revision.short();
    match short.split_once('@') {
        Some((name, digest)) => {
            vec![piece(name.to_owned(), Role::Muted), piece("@", Role::Faint), piece(digest.to_owned(), Role::Text)]
        }
        None => vec![piece(short, Role::Text)],
    }
}

/// Says why an environment is as it is, in the operator's language; how many Pods are ready stands elsewhere.
pub fn reason(cx: &Cx, health: Health, why: &str) -> String {
    match why {
        "" => cx.health(health).to_owned(),
        why if health == Health::Busy && why.ends_with(" ready") => cx.t("why.rolling-out").to_owned(),
        why => cx.said(why),
    }
}

/// Writes a URL without its scheme and a trailing `.git`.
pub fn url(text: &str) -> &str {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split_once('@').filter(|(user, _)| !user.contains('/')).map_or(bare, |(_, rest)| rest);
    bare.strip_suffix(".git").unwrap_or(bare)
}

/// Returns what was said elsewhere in one line, its digests short; of a very long text the beginning, which is more than a line of
/// a screen shows.
pub fn sentence(text: &str) -> String {
    const MOST: usize = 4096;
    let end = (0..=MOST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    short_digests(&domain::text::one_line(&text[..end]))
}

/// Shortens each digest in a sentence to its first seven digits: `main@sha1:9e1c21d…40 digits` becomes `main@9e1c21d`.
pub fn short_digests(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(from) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (head, tail) = rest.split_at(from);
        let len = tail.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(tail.len());
        let (digits, after) = tail.split_at(len);
        out.push_str(head);
        if matches!(len, 40 | 64) {
            for prefix in ["sha1:", "sha256:"] {
                if out.ends_with(prefix) {
                    out.truncate(out.len() - prefix.len());
                }
            }
            out.push_str(&digits[..7]);
        } else {
            out.push_str(digits);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(pieces: &[Piece]) -> String {
        pieces.iter().map(|p| p.text.as_ref()).collect()
    }

    #[test]
    fn the_tag_is_never_cut() {
        assert_eq!(flat(&image("ghcr.io/acme/shop:1.8.5", 40)), "ghcr.io/acme/shop:1.8.5");
        assert_eq!(flat(&image("ghcr.io/acme/shop:1.8.5", 16)), "acme/shop:1.8.5");
        assert_eq!(flat(&image("ghcr.io/acme/shop:1.8.5", 12)), "acm…op:1.8.5");
        let digest = "9e1c21d0c0ffee9e1c21d0c0ffee9e1c21d0c0ff";
        assert_eq!(short_digests(&format!("Applied revision: main@sha1:{digest}.")), "Applied revision: main@9e1c21d.");
        assert_eq!(short_digests("dead beef"), "dead beef");
        assert_eq!(version("ghcr.io/acme/shop:1.8.5"), "1.8.5");
        assert_eq!(url("https://git@github.com/acme/shop.git"), "github.com/acme/shop");
    }
}
