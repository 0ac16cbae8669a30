//! The parts of an image in a release's values: what each says and the value that it is written in.

use crate::build;
use crate::locate::helm::Release;
use crate::locate::helm::units::{Names, Shape, Unit, child};
use crate::yaml::{Place, Val};

/// Holds one part of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// What it says.
    pub(crate) value: String,
    /// Where it is written.
    pub(crate) place: Option<Place>,
    /// The path of the value that it is written in.
    pub(crate) path: Vec<String>,
}

/// Holds an image in parts; what is not written is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Image {
    /// The image without tag and digest, its registry in front.
    pub(crate) name: Option<Part>,
    /// The tag.
    pub(crate) tag: Option<Part>,
    /// The digest.
    pub(crate) digest: Option<Part>,
}

impl Unit {
    /// Reads the image.
    pub(crate) fn image(&self, release: &Release) -> Image {
        match self.shape {
            Shape::Text => self.text(release),
            Shape::Parts(names) => self.parts(release, names),
        }
    }

    fn text(&self, release: &Release) -> Image {
        let Some(val) = release.value(&self.path) else { return Image::default() };
        let (name, tag, digest) = build::split_image(val.as_text().unwrap_or_default());
        let trace = val.image.as_deref();
        let part = |value: &str, place: Option<Option<Place>>| {
            (!value.is_empty()).then(|| Part {
                value: value.to_owned(),
                place: place.unwrap_or(val.from),
                path: self.path.clone(),
            })
        };
        Image {
            name: part(name, trace.map(|t| t.name)),
            tag: part(tag, trace.map(|t| t.tag)),
            digest: part(digest, trace.map(|t| t.digest)),
        }
    }

    fn parts(&self, release: &Release, names: &Names) -> Image {
        let part = |key: &str| {
            let path = child(&self.path, key);
            let val = release.value(&path)?;
            let value = Val::scalar(val).filter(|text| !text.is_empty())?;
            Some(Part { value, place: val.from, path })
        };
        let mut name = part(names.repository);
        if let (Some(name), Some(registry)) = (&mut name, part(names.registry)) {
            name.value = format!("{}/{}", registry.value.trim_end_matches('/'), name.value);
        }
        let mut tag = part(names.tag);
        let mut digest = None;
        if let Some(whole) = &mut tag
            && let Some((before, behind)) = whole.value.clone().split_once('@')
        {
            digest = Some(Part { value: behind.to_owned(), ..whole.clone() });
            before.clone_into(&mut whole.value);
        }
        let tag = tag.filter(|t| !t.value.is_empty());
        Image { name, tag, digest: part(names.digest).or(digest) }
    }
}
