//! What is said of a rollback or a revert: the message that is proposed, a line for lists, and the question that it asks.

use domain::Trouble;
use domain::ident::EnvironmentId;
use domain::image::Image;
use domain::project::Environment;
use domain::restore::{Restore, Restoring};

/// The images that manifests name, by container, and the replicas that they ask for; absent when they cannot be told.
type Sides = (Option<Named>, Option<Named>);
type Named = (Vec<(String, String)>, Option<i32>);

/// How many places a question names.
const PLACES: usize = 5;

/// Returns the commit message that is proposed.
pub(super) fn message(environment: &Environment, restore: &Restore, sides: &Sides) -> String {
    let (project, name) = (&environment.id.project, &environment.id.name);
    let first = restore.undoes.first();
    let subject = if let Some(to) = &restore.to {
        format!("Roll back {project} {name} to deployment {}", to.short())
    } else {
        let reverted = first.map_or("", |undone| undone.deployment.short());
        format!("Revert deployment {reverted} of {project} {name}")
    };
    let image = sides.1.as_ref().and_then(|(images, _)| {
        let was = sides.0.as_ref().map(|(images, _)| images.as_slice()).unwrap_or_default();
        images.iter().find(|image| !was.contains(image)).or_else(|| images.first())
    });
    let subject = match image {
        Some((_, image)) => format!("{subject} (image {})", version(image)),
        None => subject,
    };
    if restore.undoes.is_empty() {
        return subject;
    }
    let line = |undone: &domain::restore::Undone| {
        let gap = if undone.summary.is_empty() { "" } else { ": " };
        let by = undone.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        format!("- {} ({}){by}{gap}{}", undone.deployment.short(), undone.commit.short(), undone.summary)
    };
    let lines: Vec<String> = restore.undoes.iter().map(line).collect();
    format!("{subject}\n\nTakes back:\n{}", lines.join("\n"))
}

/// Returns what it changes, in short: `back to 8fk2qa: image 1.9.0 → 1.8.2`.
///
/// Nothing but images and replicas is repeated: other values may be secrets.
pub(super) fn summary(restore: &Restore, sides: &Sides, files: usize) -> String {
    let how = match (&restore.to, restore.undoes.first()) {
        (Some(to), _) => format!("back to {}", to.short()),
        (None, Some(undone)) => format!("without {}", undone.deployment.short()),
        (None, None) => "back".to_owned(),
    };
    let mut told = Vec::new();
    if let (Some((was, before)), Some((is, after))) = sides {
        for (container, image) in is {
            let old = was.iter().find(|(name, _)| name == container).map(|(_, image)| image);
            if let Some(old) = old.filter(|old| *old != image) {
                let name = if is.len() > 1 { format!("{container} image") } else { "image".to_owned() };
                told.push(format!("{name} {} \u{2192} {}", version(old), version(image)));
            }
        }
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            told.push(format!("replicas {before} \u{2192} {after}"));
        }
    }
    match (told.is_empty(), files) {
        (false, _) => format!("{how}: {}", told.join(", ")),
        (true, 1) => format!("{how}: 1 file"),
        (true, files) => format!("{how}: {files} files"),
    }
}

/// Returns what tells an image from others of its name: its tag, else its digest.
fn version(image: &str) -> String {
    match image.parse::<Image>() {
        Ok(Image { tag: Some(tag), .. }) => tag,
        Ok(Image { digest: Some(digest), .. }) => digest.chars().take(19).collect(),
        _ => image.to_owned(),
    }
}

/// Returns the question that is open, as what stops whoever cannot answer it.
pub(super) fn question(environment: &EnvironmentId, restoring: &Restoring) -> Trouble {
    let open: Vec<_> = restoring.overlaps.iter().filter(|overlap| overlap.answer.is_none()).collect();
    if open.is_empty() {
        let told = restoring.shared.iter().take(PLACES).map(|shared| {
            let names: Vec<String> = shared.environments.iter().map(ToString::to_string).collect();
            format!("{} ({})", shared.file, names.join(", "))
        });
        return Trouble::refused("Other environments use files that would go back too", environment)
            .why(told.collect::<Vec<_>>().join("; "))
            .next("Say whether they go back as well (--shared restore) or stay as they are (--shared keep).");
    }
    let told = open.iter().take(PLACES).map(|overlap| {
        let place = overlap.line.map_or_else(|| overlap.file.clone(), |line| format!("{}:{line}", overlap.file));
        if overlap.by.is_empty() { place } else { format!("{place} ({})", overlap.by.join(", ")) }
    });
    Trouble::refused("Somebody else has changed the same lines since", environment)
        .why(told.collect::<Vec<_>>().join("; "))
        .next("Say whether theirs stays (--theirs) or what was there comes back (--restore).")
}
