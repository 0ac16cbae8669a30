//! Which pairs are environments of one project: those of one repository, unless their paths tell applications apart.

use std::collections::{BTreeMap, BTreeSet};

use super::reason::{Evidence, Guess, Remark};
use super::{Pair, Proposal, environment, guess};
use crate::detail::trace::{place, same_repository};
use crate::ident::{EnvironmentId, Slug};
use crate::project::{Credential, EnvironmentType, Project, Provider, Repository};
use crate::world::World;

/// Groups pairs into projects, by slug.
pub(super) fn projects(world: &World, pairs: &[Pair<'_>]) -> Vec<Proposal> {
    let mut repositories: BTreeMap<String, Vec<&Pair<'_>>> = BTreeMap::new();
    for pair in pairs {
        repositories.entry(place(pair.url).to_ascii_lowercase()).or_default().push(pair);
    }
    let mut taken: BTreeSet<Slug> = world.projects.iter().map(|project| project.slug.clone()).collect();
    let mut out: Vec<Proposal> = Vec::new();
    for mut ours in repositories.into_values() {
        ours.sort_by(|a, b| a.object.key.cmp(&b.object.key));
        let (groups, remark) = applications(&ours);
        for (application, pairs) in groups {
            let Some(mut proposal) = project(world, &application, &pairs, &mut taken) else { continue };
            proposal.remarks.extend(remark.clone());
            out.push(proposal);
        }
    }
    out.sort_by(|a, b| a.project.slug.cmp(&b.project.slug));
    out
}

/// Parts the pairs of one repository by application, where that is clear; the empty name is the repository's.
fn applications<'a, 'b>(pairs: &[&'b Pair<'a>]) -> (BTreeMap<String, Vec<&'b Pair<'a>>>, Option<Remark>) {
    let named: Vec<Option<String>> = pairs.iter().map(|pair| guess::application(&pair.path)).collect();
    let distinct: BTreeSet<&Option<String>> = named.iter().collect();
    let clear = named.iter().all(|name| name.as_ref().is_some_and(|name| !name.is_empty()));
    if clear && distinct.len() > 1 {
        let mut groups: BTreeMap<String, Vec<&Pair<'_>>> = BTreeMap::new();
        for (name, pair) in named.iter().flatten().zip(pairs) {
            groups.entry(name.clone()).or_default().push(pair);
        }
        return (groups, Some(Remark::ByPath));
    }
    let remark = (distinct.len() > 1 || (named.contains(&None) && pairs.len() > 1)).then_some(Remark::Unclear);
    (BTreeMap::from([(String::new(), pairs.to_vec())]), remark)
}

/// Makes a project with environments of pairs.
fn project(world: &World, application: &str, pairs: &[&Pair<'_>], taken: &mut BTreeSet<Slug>) -> Option<Proposal> {
    let first = pairs.first()?;
    let url = first.url;
    let mut remarks = Vec::new();
    if pairs.iter().any(|pair| pair.url.trim_end_matches('/') != url.trim_end_matches('/')) {
        remarks.push(Remark::Urls);
    }
    let wanted = if application.is_empty() { guess::repository(url) } else { application.to_owned() };
    let same = |project: &&std::sync::Arc<Project>| same_repository(&project.repository.url, url);
    let all: Vec<_> = world.projects.iter().filter(same).collect();
    let by_name = all.iter().find(|project| project.slug.as_str() == wanted);
    let known = by_name.or_else(|| all.first().filter(|_| application.is_empty()));
    let project = match known {
        Some(known) => (***known).clone(),
        None => fresh(&wanted, (url, &first.branch), taken, &mut remarks)?,
    };
    let mut used: BTreeSet<Slug> =
        world.environments.iter().filter(|e| e.id.project == project.slug).map(|e| e.id.name.clone()).collect();
    let mut environments = Vec::with_capacity(pairs.len());
    let guessed: Vec<(EnvironmentType, Guess)> =
        pairs.iter().map(|pair| guess::kind(pair, pairs.iter().filter(|other| other.path == pair.path).count() > 1)).collect();
    for (pair, (kind, evidence)) in pairs.iter().zip(&guessed) {
        let (name, sure) = name(pair, *kind, &project.slug, &used);
        used.insert(name.clone());
        let mut found = environment(pair, EnvironmentId::new(project.slug.clone(), name), (*kind, evidence.clone()), world);
        if !sure {
            found.guesses.push(Guess { field: "name", from: Evidence::Name(pair.object.key.name.to_string()) });
        }
        environments.push(found);
    }
    environments.sort_by(|a, b| (a.environment.kind, &a.environment.id).cmp(&(b.environment.kind, &b.environment.id)));
    Some(Proposal { known: known.is_some(), project, environments, remarks })
}

/// Makes a project that the store does not have.
fn fresh(wanted: &str, (url, branch): (&str, &str), taken: &mut BTreeSet<Slug>, remarks: &mut Vec<Remark>) -> Option<Project> {
    let free = |text: &str| guess::slug_of(text).filter(|slug| !taken.contains(slug));
    let mut found = free(wanted);
    if found.is_none() {
        remarks.push(Remark::Taken);
        found = (2..1_000).find_map(|number| free(&format!("{wanted}-{number}")));
    }
    let slug = found?;
    taken.insert(slug.clone());
    Some(Project {
        name: slug.to_string(),
        slug,
        description: String::new(),
        organization: "default".to_owned(),
        repository: Repository {
            provider: Provider::of(url),
            url: url.to_owned(),
            default_branch: branch.to_owned(),
            credential: Credential::None,
        },
    })
}

/// Chooses an environment's name: its type's word, with its cluster or its object's name where that is taken. Says whether it
/// is as one would expect.
fn name(pair: &Pair<'_>, kind: EnvironmentType, project: &Slug, taken: &BTreeSet<Slug>) -> (Slug, bool) {
    let key = &pair.object.key;
    let own = key.name.strip_prefix(project.as_str()).unwrap_or(&key.name).trim_start_matches('-').to_owned();
    let own = if own.is_empty() { key.name.to_string() } else { own };
    let word = kind.word();
    let proposals =
        [word.to_owned(), own.clone(), format!("{own}-{}", key.cluster), format!("{own}-{}-{}", key.namespace, key.cluster)];
    let numbered = (2..1_000).map(|number| format!("{own}-{number}"));
    let mut free =
        proposals.into_iter().chain(numbered).filter_map(|text| guess::slug_of(&text)).filter(|slug| !taken.contains(slug));
    let found = free.next().unwrap_or_else(|| project.clone());
    let sure = found.as_str() == word;
    (found, sure)
}
