//! Which objects a command means: named one by one, or all of a kind, of a namespace, or that a filter leaves.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use domain::Trouble;
use domain::filter::Filter;
use domain::flux::{FluxObject, KINDS, Kind, ObjectKey};
use domain::project::Environment;
use domain::world::World;

use super::flux::kind;
use super::{kinds, output, shells, sieve};
use crate::launch::{self, Deck};

/// Where objects are looked for when nobody says another namespace, as the flux program does.
pub(super) const HOME: &str = "flux-system";

/// The objects meant.
#[derive(Debug, Args)]
pub(crate) struct Targets {
    /// Objects as KIND/NAME (ks/shop), a kind and names (ks shop blog), or a kind with --all.
    #[arg(required_unless_present_any = ["all", "filter", "selector"], value_name = "KIND/NAME",
        add = ArgValueCompleter::new(shells::objects))]
    objects: Vec<String>,
    /// Their namespace; flux-system when absent, or where the only one of a name is.
    #[arg(short, long)]
    namespace: Option<String>,
    /// All of that kind in the namespace; without a kind those of every kind.
    #[arg(long)]
    all: bool,
    /// Those that a filter leaves, in the language of the console's lists: 'ready=false age>2h !test'.
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Those with these labels: team=shop, 'tier in (a,b)', !legacy.
    #[arg(short = 'l', long, value_name = "LABELS")]
    selector: Option<String>,
    /// In every namespace.
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Answers the question.
    #[arg(long, short)]
    pub(super) yes: bool,
}

impl Targets {
    /// Returns the objects; of those that are not named only such as `can`.
    pub(super) async fn keys(&self, deck: &Deck, can: impl Fn(&FluxObject) -> bool) -> Result<Vec<ObjectKey>, Trouble> {
        let context = deck.context()?;
        if !self.all && self.filter.is_none() && self.selector.is_none() {
            return some(deck, &self.objects, self.namespace.as_deref(), |word| kind(word).map(|k| k.name.to_owned())).await;
        }
        let filters = self.filters()?;
        let wanted: Vec<&'static Kind> = match self.objects.as_slice() {
            [] => KINDS.iter().collect(),
            words => words.iter().map(|word| kind(word)).collect::<Result<_, _>>()?,
        };
        let names: Vec<&str> = wanted.iter().map(|kind| kind.name).collect();
        // What cannot be listed is not acted on: better nothing than a part that looks like all.
        if let Err(trouble) = deck.listed(&context, &names).await {
            let served = |kind: &&&str| deck.world().kind_link(&context, kind).is_some_and(domain::link::LinkState::is_live);
            if wanted.len() == 1 || !names.iter().any(|kind| served(&kind)) {
                return Err(trouble);
            }
            output::remark(&trouble);
        }
        let world = deck.world();
        let namespace = self.namespace.as_deref().unwrap_or(HOME);
        let here = |o: &FluxObject| self.all_namespaces || *o.key.namespace == *namespace;
        let meant = |o: &FluxObject| *o.key.cluster == *context.0 && names.contains(&&*o.key.kind) && here(o) && can(o);
        let now = launch::now();
        let meant = |o: &FluxObject| meant(o) && filters.iter().all(|filter| filter.matches(o, now));
        Ok(world.flux.iter().filter(|o| meant(o)).map(|o| o.key.clone()).collect())
    }

    /// Returns the filters that were written; an empty one means nothing, not everything.
    fn filters(&self) -> Result<Vec<Filter<FluxObject>>, Trouble> {
        sieve::narrowing(self.filter.as_deref(), self.selector.as_deref())
    }
}

/// The one object meant.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The object as KIND/NAME (ks/shop), or a kind and a name (ks shop).
    #[arg(required = true, num_args = 1..=2, value_name = "KIND/NAME", add = ArgValueCompleter::new(shells::objects))]
    object: Vec<String>,
    /// Its namespace; flux-system when absent, or where the only one of its name is.
    #[arg(short, long)]
    namespace: Option<String>,
}

impl One {
    /// Returns the environment that two words name (PROJECT ENVIRONMENT); none where the first means a kind.
    pub(super) fn environment(&self, deck: &Deck) -> Result<Option<Environment>, Trouble> {
        match self.object.as_slice() {
            [project, name] if !project.contains('/') && kinds::by_word(project).is_none() => {
                deck.environment(project, name).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Returns its key; `kind` says which words mean a kind here.
    pub(super) async fn key(&self, deck: &Deck, kind: impl Fn(&str) -> Result<String, Trouble>) -> Result<ObjectKey, Trouble> {
        let found = some(deck, &self.object, self.namespace.as_deref(), kind).await?;
        let [key] = found.as_slice() else {
            return Err(Trouble::usage("Exactly one object is meant", self.object.join(" ")).next("Name one, as KIND/NAME."));
        };
        Ok(key.clone())
    }
}

/// Returns the keys of objects that are named, each in the namespace that was said or in the one where it is.
pub(super) async fn some(
    deck: &Deck,
    words: &[String],
    namespace: Option<&str>,
    kind: impl Fn(&str) -> Result<String, Trouble>,
) -> Result<Vec<ObjectKey>, Trouble> {
    let context = deck.context()?;
    let mut out = Vec::new();
    for (kind, name) in named(words, kind)? {
        let usual = ObjectKey::new(&context, &kind, namespace.unwrap_or(HOME), &name);
        let key = if kinds::is_global(&kind) {
            ObjectKey::new(&context, &kind, "", &name)
        // Where a list may not be seen nothing is guessed.
        } else if namespace.is_some() || Kind::by_name(&kind).is_none() || deck.listed(&context, &[&kind]).await.is_err() {
            usual
        } else {
            at_home(&deck.world(), usual)?
        };
        out.push(key);
    }
    Ok(out)
}

/// Returns an object as it is named when it is in the usual namespace; else the only one of its name, which is said.
fn at_home(world: &World, usual: ObjectKey) -> Result<ObjectKey, Trouble> {
    let same = |key: &ObjectKey| key.cluster == usual.cluster && key.kind == usual.kind && key.name == usual.name;
    let found: Vec<&ObjectKey> = world.flux.iter().map(|o| &o.key).filter(|key| same(key)).collect();
    match found.as_slice() {
        [] => Ok(usual),
        found if found.contains(&&usual) => Ok(usual),
        [only] => {
            output::note(&format!("{}/{} is the one in {}: there is none in {HOME}.", only.kind, only.name, only.namespace));
            Ok((*only).clone())
        }
        several => {
            let names: Vec<&str> = several.iter().map(|key| &*key.namespace).collect();
            Err(Trouble::usage("There are several of that name", format!("{}/{}", usual.kind, usual.name))
                .why(format!("in {}, and none in {HOME}", names.join(", ")))
                .next("Say which with -n NAMESPACE."))
        }
    }
}

/// Splits words into kinds and names: `ks/shop`, or `ks shop blog`.
pub(super) fn named(words: &[String], kind: impl Fn(&str) -> Result<String, Trouble>) -> Result<Vec<(String, String)>, Trouble> {
    let mut out = Vec::new();
    let mut current: Option<String> = None;
    let none = |text: &str| {
        Trouble::usage("That names no object", format!("\u{201c}{text}\u{201d}"))
            .next("Write it as KIND/NAME, for example ks/shop.")
    };
    for (at, text) in words.iter().enumerate() {
        match (text.split_once('/'), &current) {
            (Some((word, name)), _) if !name.is_empty() && !name.contains('/') => out.push((kind(word)?, name.to_owned())),
            (None, Some(kind)) => out.push((kind.clone(), text.clone())),
            (None, None) if at == 0 && words.len() > 1 => current = Some(kind(text)?),
            (Some(_), _) | (None, None) => return Err(none(text)),
        }
    }
    Ok(out)
}

/// Finds a kind of any sort by what a person types; one that is not known is taken as it is written.
pub(super) fn any_kind(word: &str) -> Result<String, Trouble> {
    match kinds::by_word(word) {
        Some(name) => Ok(name.to_owned()),
        None if word.starts_with(|c: char| c.is_ascii_uppercase()) => Ok(word.to_owned()),
        None => Err(Trouble::usage("That kind is not known", format!("\u{201c}{word}\u{201d}"))
            .next("Write the kind's own name as its objects do, for example Certificate.")),
    }
}

/// Finds a kind of Flux, or of what runs: a workload or a Pod.
pub(super) fn running_kind(word: &str) -> Result<String, Trouble> {
    const RUNNING: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod"];
    match kinds::by_word(word) {
        Some(name) if RUNNING.contains(&name) => Ok(name.to_owned()),
        _ => kind(word).map(|kind| kind.name.to_owned()),
    }
}

/// Finds the kind that has values: HelmRelease.
pub(super) fn release_kind(word: &str) -> Result<String, Trouble> {
    let found = kind(word)?;
    if found.name == "HelmRelease" {
        return Ok(found.name.to_owned());
    }
    Err(Trouble::usage("Only a HelmRelease has values", format!("\u{201c}{word}\u{201d}")).next("Name one, as hr/NAME."))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn the_usual_namespace_comes_first_then_the_only_one() {
        let object = |namespace: &str, name: &str| {
            let key = ObjectKey::new(&"c".into(), "Kustomization", namespace, name);
            let value = serde_json::json!({
                "key": key, "uid": "u", "resource_version": "1", "generation": 1, "created": null, "deleting": false,
                "requested_at": null, "labels": [], "marks": [], "spec": {}, "status": {},
            });
            std::sync::Arc::new(serde_json::from_value::<FluxObject>(value).unwrap())
        };
        let all = [("flux-system", "shop"), ("apps", "shop"), ("apps", "blog"), ("a", "twice"), ("b", "twice")];
        let flux = all.iter().map(|(namespace, name)| object(namespace, name)).collect::<Vec<_>>();
        let world = World { flux: flux.into(), ..World::default() };
        let found = |name: &str| at_home(&world, ObjectKey::new(&"c".into(), "Kustomization", HOME, name)).map(|k| k.namespace);
        assert_eq!(found("shop").as_deref(), Ok("flux-system"));
        assert_eq!(found("blog").as_deref(), Ok("apps"));
        assert_eq!(found("nowhere").as_deref(), Ok("flux-system"), "the server says that there is none");
        let why = found("twice").unwrap_err();
        assert!(why.why.contains("a, b") && why.next.contains("-n"), "{why}");
    }

    fn read(words: &[&str]) -> Result<String, Trouble> {
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let found = named(&words, any_kind)?;
        Ok(found.iter().map(|(kind, name)| format!("{kind}/{name}")).collect::<Vec<_>>().join(" "))
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        targets: Targets,
    }

    fn typed(words: &[&str]) -> Targets {
        <Line as clap::Parser>::try_parse_from([&["quarterdeck"], words].concat()).unwrap().targets
    }

    #[test]
    fn an_empty_filter_means_nothing_rather_than_everything() {
        for words in [&["--filter", ""][..], &["--filter", "  "], &["-l", ""], &["-l", " "], &["--filter", "", "-l", "team=a"]] {
            let targets = typed(words);
            let trouble = targets.filters().unwrap_err();
            assert_eq!(trouble.kind, domain::TroubleKind::Usage, "{words:?}");
        }
    }

    #[test]
    fn filter_and_labels_do_not_reach_into_each_other() {
        let targets = typed(&["--filter", "-l team=a !test", "-l", "!legacy"]);
        assert_eq!(targets.filters().unwrap().len(), 2);
        for (words, at) in [
            (&["--filter", "\"shop", "-l", "team=a\""][..], "character 6"),
            (&["--filter", "shop", "-l", "team=a production"], "character 8"),
        ] {
            let trouble = typed(words).filters().unwrap_err();
            assert!(trouble.why.contains(at), "{words:?}: {trouble}");
        }
    }

    #[test]
    fn objects_are_named_as_flux_and_kubectl_name_them() {
        assert_eq!(read(&["ks/shop", "hr/redis"]).unwrap(), "Kustomization/shop HelmRelease/redis");
        assert_eq!(read(&["ks", "shop", "blog"]).unwrap(), "Kustomization/shop Kustomization/blog");
        assert_eq!(read(&["deploy/web", "Certificate/web"]).unwrap(), "Deployment/web Certificate/web");
        for wrong in [&["ks"][..], &["ks/"], &["ks/a/b"], &["nonsense/x"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
