//! A change as a whole: both sides rendered once, and everything that is thought of it.

use domain::change::Finding;

use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::build::{Object, objects, traced};
use crate::check::change::{self, Changes, Context};
use crate::check::subject::{Known, Scene};
use crate::error::Error;
use crate::files::Files;
use crate::schema::{Schemas, validate_rendered};

/// Holds what a change of files comes to.
#[derive(Debug)]
pub struct Verdict {
    /// What the folder rendered to before, or why it did not.
    pub before: Result<Vec<Object>, Error>,
    /// What it renders to now.
    pub after: Result<Vec<Object>, Error>,
    /// What is found in the manifests as they are now.
    pub findings: Vec<Finding>,
    /// What is found in the change itself; nothing when one side cannot be rendered.
    pub of_change: Vec<Finding>,
    /// Where it goes and what it touches.
    pub context: Context,
}

/// Says what a change of files means for the folder at `path`: what is found in every YAML text below it as it is afterwards, in
/// every object that it renders to and in the change itself; and what both sides render to, as [`crate::build()`] does.
///
/// When it cannot be rendered, that is a finding too. The gravest come first, then by file and line.
pub fn verdict((before, after): (&Files, &Files), path: &str, schemas: &Schemas, (production, prune): (bool, bool)) -> Verdict {
    let (old, new) = (traced(before, path), traced(after, path));
    let told = |side: &Result<(Vec<Resource>, Sources), Error>| match side {
        Ok((resources, sources)) => Ok(objects(resources, sources)),
        Err(error) => Err(Error::clone(error)),
    };
    let (objects_before, objects_after) = (told(&old), told(&new));
    let none = Vec::new();
    let sides = (objects_before.as_ref().unwrap_or(&none), objects_after.as_ref().unwrap_or(&none));
    // Of a change of which only one side is known, nothing is known.
    let known = objects_before.is_ok();
    let context = Context::new(production, prune, sides.0, if known { sides.1 } else { &none });
    let mut findings = super::texts(after, path);
    let mut of_change = Vec::new();
    match new {
        Ok((resources, sources)) => {
            super::read_all(after, &sources, &mut findings);
            findings.1.extend(validate_rendered(&resources, &sources, schemas));
            let scene = Scene::traced(resources, sources);
            findings.1.extend(super::look(&scene, &Known::new()));
            if let Ok((resources, sources)) = old {
                let before = Scene::traced(resources, sources);
                of_change = change::look(Changes { before: &before, after: &scene, context: &context });
            }
        }
        Err(error) => super::unrendered(after, &error, &mut findings.1),
    }
    let mut findings = findings.1;
    super::ordered(&mut findings);
    Verdict { before: objects_before, after: objects_after, findings, of_change, context }
}
