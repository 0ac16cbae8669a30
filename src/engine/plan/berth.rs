//! A place for a new object in an environment's folder: a file of its own, and the kustomization that names it.

use domain::Trouble;
use domain::change::FileChange;
use domain::flux::ObjectKey;
use domain::project::Environment;
use domain::revision::CommitId;
use git::Mirror;
use manifest::files::Files;

use super::closure;
use super::compute::{folder, with};
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
        let files = closure::load(mirror, &head, folder(&environment))?;
        let free = |path: &str| Ok(mirror.file(&head, path).map_err(Trouble::from)?.is_none());
        place(&files, &environment, (&key, &text), &free)
    };
    scene.repo.with("reading manifests", move |mirror, _| Ok(work(mirror))).await?
}

fn place(
    files: &Files,
    environment: &Environment,
    (key, text): (&ObjectKey, &str),
    free: &dyn Fn(&str) -> Result<bool, Trouble>,
) -> Result<(String, Option<FileChange>), Trouble> {
    let folder = folder(environment);
    let objects = manifest::build(files, folder)?;
    let same = |o: &&manifest::Object| o.kind() == &*key.kind && o.name() == &*key.name && o.namespace() == &*key.namespace;
    if let Some(there) = objects.iter().find(same) {
        return Err(Trouble::refused("It is written in Git already", key)
            .why(format!("{}:{} on {}", there.file, there.line, environment.gitops.branch))
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
            .why("nothing that the environment applies is written in it by this name")
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
            .next(format!("Choose another environment, {ELSE}"))),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use domain::ident::{EnvironmentId, Slug};
    use domain::project::EnvironmentType;

    const TEXT: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: a\n  namespace: apps\n";

    fn placed(list: &[(&str, &str)]) -> Result<(String, Option<FileChange>), Trouble> {
        let mut files = Files::new();
        for (path, text) in list {
            files.insert(*path, *text);
        }
        let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("dev").unwrap());
        let mut environment = Environment::with_defaults(id, EnvironmentType::Development, "c".into());
        "k8s".clone_into(&mut environment.gitops.path);
        let key = ObjectKey::new(&"c".into(), "GitRepository", "apps", "a");
        let there = files.clone();
        place(&files, &environment, (&key, TEXT), &|path| Ok(!there.is_file(path)))
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
}
