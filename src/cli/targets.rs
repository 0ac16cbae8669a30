//! Which objects a command means: named one by one, or all of a kind, of a namespace, or that a filter leaves.

use clap::Args;
use domain::Trouble;
use domain::filter::Filter;
use domain::flux::{FluxObject, KINDS, Kind, ObjectKey};

use super::flux::kind;
use super::{kinds, sieve};
use crate::launch::{self, Deck};

/// The objects meant.
#[derive(Debug, Args)]
pub(crate) struct Targets {
    /// Objects as KIND/NAME (ks/shop), a kind and names (ks shop blog), or a kind with --all.
    #[arg(required_unless_present_any = ["all", "filter", "selector"], value_name = "KIND/NAME")]
    objects: Vec<String>,
    /// Their namespace.
    #[arg(short, long, default_value = "flux-system")]
    namespace: String,
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
            let named = named(&self.objects, |word| kind(word).map(|k| k.name.to_owned()))?;
            return Ok(named.iter().map(|(kind, name)| ObjectKey::new(&context, kind, &self.namespace, name)).collect());
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
            super::output::remark(&trouble);
        }
        let world = deck.world();
        let here = |o: &FluxObject| self.all_namespaces || *o.key.namespace == *self.namespace;
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

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
