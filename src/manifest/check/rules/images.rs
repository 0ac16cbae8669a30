//! Images that nobody can tell the version of.

use domain::change::Severity;

use crate::build::split_image;
use crate::check::hits::Hits;
use crate::check::subject::{Subject, filled_in};
use crate::yaml::{Data, Val};

/// Finds images without a tag or with the tag `latest`; a digest pins an image whatever its tag is.
pub(super) fn latest<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for container in subject.containers() {
        let Some(image) = container.val.get("image") else { continue };
        let Some(text) = image.as_text().filter(|text| !text.is_empty() && !filled_in(text)) else { continue };
        let (_, tag, digest) = split_image(text);
        if !digest.is_empty() || !matches!(tag, "" | "latest") {
            continue;
        }
        let what = if tag.is_empty() { "has no tag" } else { "has the tag latest" };
        let place = image.image.as_ref().and_then(|trace| trace.tag.or(trace.name)).or(image.from);
        hits.push(subject, place, format!("the image of {} {what}", subject.whose(container)));
    }
    if subject.is("toolkit.fluxcd.io", "HelmRelease")
        && let Some(values) = subject.at(&["spec", "values"])
    {
        in_values(subject, values, hits);
    }
}

/// Finds `tag: latest` beside a `repository` in the values of a Helm release.
fn in_values<'s>(subject: &'s Subject, val: &Val, hits: &mut Hits<'s>) {
    match &val.data {
        Data::List(list) => list.iter().for_each(|item| in_values(subject, item, hits)),
        Data::Map(map) => {
            let digest = map.get("digest").and_then(Val::as_text).is_some_and(|digest| !digest.is_empty());
            let repository = map.get("repository").and_then(Val::as_text);
            if let (Some(repository), Some(tag), false) = (repository, map.get("tag"), digest)
                && tag.as_text() == Some("latest")
            {
                let message = format!("the image {repository} in the values of {} has the tag latest", subject.told());
                hits.at(subject, tag, message).as_grave_as(Severity::Warning);
            }
            map.values().for_each(|item| in_values(subject, item, hits));
        }
        _ => {}
    }
}
