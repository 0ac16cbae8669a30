//! A place for a new object in a folder, an environment's or another: a file of its own, and the kustomization that names it.

use std::sync::Arc;

use domain::Trouble;
use domain::change::FileChange;
use domain::flux::ObjectKey;
use domain::ident::EnvironmentId;
use domain::project::Environment;
use domain::revision::CommitId;
use git::Mirror;
use manifest::files::{self, Files};

use super::closure;
use super::compute::{folder, with};
use crate::repos::Repo;
use crate::scene::Scene;

/// What a person can always do instead.
const ELSE: &str = "or create it in the cluster only.";

/// Finds the file that a new object would be written to at a commit, and what names that file there.
pub(crate) async fn berth(
    scene: &Scene,
    head: &CommitId,
    key: &ObjectKey,
    text: String,
) -> Result<(String, Option<FileChange>), Trouble> {
    let (environment, head, key) = (scene.environment.clone(), head.clone(), key.clone());
    let work = move |mirror: &Mirror| {
        let place = (folder(&environment), environment.gitops.branch.as_str());
        placed(mirror, &head, place, (&key, &text))
    };
    scene.repo.with("reading manifests", move |mirror, _| Ok(work(mirror))).await?
}

/// Finds what would be written for a new object into a folder of a branch, and those of the environments that are made of it.
pub(crate) async fn berth_in(
    repo: &Repo,
    head: &CommitId,
    (path, branch): (String, String),
    (key, text): (ObjectKey, String),
    around: Vec<Arc<Environment>>,
) -> Result<(Vec<FileChange>, Vec<EnvironmentId>), Trouble> {
    let head = head.clone();
    let work = move |mirror: &Mirror| {
        let within = |environment: &&Arc<Environment>| files::within(&path, folder(environment));
        let mut users: Vec<EnvironmentId> = around.iter().filter(within).map(|e| e.id.clone()).collect();
        if !users.is_empty() {
            return Ok((Vec::new(), users));
        }
        let (file, list) = placed(mirror, &head, (&path, &branch), (&key, &text))?;
        users = list.iter().flat_map(|list| readers(mirror, &head, &around, &list.path)).collect();
        let file = FileChange { path: file, before: None, after: Some(text) };
        Ok((std::iter::once(file).chain(list).collect(), users))
    };
    repo.with("reading manifests", move |mirror, _| Ok(work(mirror))).await?
}

/// Returns those of the environments whose folder leads to a file.
fn readers(mirror: &Mirror, head: &CommitId, around: &[Arc<Environment>], path: &str) -> Vec<EnvironmentId> {
    let reads =
        |environment: &&Arc<Environment>| closure::load(mirror, head, folder(environment)).is_ok_and(|files| files.is_file(path));
    around.iter().filter(reads).map(|environment| environment.id.clone()).collect()
}

fn placed(
    mirror: &Mirror,
    head: &CommitId,
    place_of: (&str, &str),
    fresh: (&ObjectKey, &str),
) -> Result<(String, Option<FileChange>), Trouble> {
    let files = closure::load(mirror, head, place_of.0)?;
    let free = |path: &str| Ok(mirror.file(head, path).map_err(Trouble::from)?.is_none());
    place(&files, place_of, fresh, &free)
}

fn place(
    files: &Files,
    (folder, branch): (&str, &str),
    (key, text): (&ObjectKey, &str),
    free: &dyn Fn(&str) -> Result<bool, Trouble>,
) -> Result<(String, Option<FileChange>), Trouble> {
    // A folder that is not there yet begins with the file.
    let objects = if files.is_empty() { Vec::new() } else { manifest::build(files, folder)? };
    let same = |o: &&manifest::Object| o.kind() == &*key.kind && o.name() == &*key.name && o.namespace() == &*key.namespace;
    if let Some(there) = objects.iter().find(same) {
        return Err(Trouble::refused("It is written in Git already", key)
            .why(format!("{}:{} on {}", there.file, there.line, branch))
            .next("Edit it, or choose another name."));
    }
    let kind = key.kind.to_lowercase();
    let names = [format!("{kind}-{}.yaml", key.name), format!("{kind}-{}-{}.yaml", key.namespace, key.name)];
    let at = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let mut chosen = None;
    for name in names {
        if chosen.is_none() && free(&at(&name))? {
            chosen = Some(name);
        }
    }
    let Some(name) = chosen else {
        return Err(Trouble::refused("A file of that name is there already", at(&format!("{kind}-{}.yaml", key.name)))
            .why("nothing that the folder renders to is written in it by this name")
            .next(format!("Look at it in the repository, {ELSE}")));
    };
    let path = at(&name);
    let list = manifest::listing::named_in(files, folder, &name)?;
    let list = list.map(|(path, before, after)| FileChange { path, before: Some(before), after: Some(after) });
    let file = FileChange { path: path.clone(), before: None, after: Some(text.to_owned()) };
    let changes: Vec<FileChange> = std::iter::once(file).chain(list.clone()).collect();
    let after = manifest::build(&with(files, &changes), folder)?;
    let aimed = |o: &&manifest::Object| o.file == path;
    match after.iter().find(aimed) {
        // A Kustomization with a target namespace puts everything there; what it applies was looked at before.
        Some(object)
            if object.name() == &*key.name && (object.namespace() == &*key.namespace || object.namespace().is_empty()) =>
        {
            Ok((path, list))
        }
        Some(object) => Err(Trouble::refused("Git would make another object of it", key)
            .why(format!("the kustomization of {folder} makes it {}", object.key()))
            .next(format!("Choose the namespace and the name that it gives, {ELSE}"))),
        None => Err(Trouble::refused("That folder would not bring it about", key)
            .why(format!("what {folder} renders to does not read {path}"))
            .next(format!("Choose another folder, {ELSE}"))),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    const TEXT: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: a\n  namespace: apps\n";

    fn placed(list: &[(&str, &str)]) -> Result<(String, Option<FileChange>), Trouble> {
        let mut files = Files::new();
        for (path, text) in list {
            files.insert(*path, *text);
        }
        let key = ObjectKey::new(&"c".into(), "GitRepository", "apps", "a");
        let there = files.clone();
        place(&files, ("k8s", "main"), (&key, TEXT), &|path| Ok(!there.is_file(path)))
    }

    #[test]
    fn a_new_object_gets_a_file_of_its_own_that_is_read() {
        let other = ("k8s/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n");
        let (path, list) = placed(&[other, ("k8s/kustomization.yaml", "resources:\n- b.yaml\n")]).unwrap();
        assert_eq!(path, "k8s/gitrepository-a.yaml");
        assert_eq!(list.unwrap().after.unwrap(), "resources:\n- b.yaml\n- gitrepository-a.yaml\n");
        assert_eq!(placed(&[other]).unwrap(), ("k8s/gitrepository-a.yaml".into(), None), "without a list every file is read");
    }

    #[test]
    fn what_is_there_or_would_become_another_object_is_refused() {
        let list = |text: &'static str| ("k8s/kustomization.yaml", text);
        let what = |list: &[(&str, &str)]| placed(list).unwrap_err().to_string();
        let why = what(&[("k8s/x.yaml", TEXT), list("resources: [x.yaml]\n")]);
        assert!(why.contains("written in Git already") && why.contains("k8s/x.yaml:1"), "{why}");
        let why = what(&[list("namespace: other\nresources: []\n")]);
        assert!(why.contains("another object") && why.contains("other"), "{why}");
        let why = what(&[list("namePrefix: x-\nresources: []\n")]);
        assert!(why.contains("x-a"), "{why}");
    }

    #[test]
    fn a_folder_that_is_not_there_yet_begins_with_the_file() {
        assert_eq!(placed(&[]).unwrap(), ("k8s/gitrepository-a.yaml".into(), None));
    }
}
