//! What a console without projects says: what it sees, and what to do next.

use std::sync::Arc;

use domain::adopt::survey;
use domain::flux::Health;
use domain::ident::ContextName;
use domain::link::LinkState;
use domain::toolkit::Toolkit;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::link;
use crate::widgets::put::{Piece, piece, wrap};

/// What was found where there are no projects yet.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How Flux is doing.
    pub(super) toolkit: Option<Arc<Toolkit>>,
    /// How many projects and environments could be taken over; looked up when the world is another, not for every frame.
    proposed: Option<(usize, usize)>,
}

impl Seen {
    /// Looks what could be taken over.
    pub(super) fn look(&mut self, cx: &Cx) {
        let found = context(cx).filter(|_| cx.world.projects.is_empty()).map(|context| survey(cx.world, Some(&context)));
        let found = found.filter(|found| !found.is_empty());
        self.proposed = found.map(|found| (found.proposals.len(), found.environments().count()));
    }
}

/// The keys that are named.
pub(super) struct Keys {
    pub(super) add: String,
    pub(super) adopt: String,
    pub(super) demo: String,
}

/// Returns the lines, within so many columns.
pub(super) fn lines(cx: &Cx, seen: &Seen, keys: &Keys, wide: u16) -> Vec<Vec<Piece<'static>>> {
    let mut out = vec![vec![piece(cx.t("welcome.title").to_owned(), Role::Accent)], Vec::new()];
    let context = context(cx);
    let steps = match &context {
        None => without_cluster(cx, keys, &mut out, wide),
        Some(context) => with_cluster(cx, context, seen, keys, &mut out, wide),
    };
    out.push(Vec::new());
    for (key, said) in steps {
        let mut lines = wrap(&said, usize::from(wide.saturating_sub(8))).into_iter();
        let first = lines.next().unwrap_or_default();
        out.push(vec![piece(format!("{key:>4}  "), Role::Accent), piece(first, Role::Text)]);
        out.extend(lines.map(|line| vec![piece(format!("      {line}"), Role::Text)]));
    }
    out
}

/// Returns the context that is looked at; nothing where there is no cluster.
pub(super) fn context(cx: &Cx) -> Option<ContextName> {
    let own = (!cx.context.is_empty()).then(|| ContextName::from(cx.context));
    own.filter(|own| cx.world.contexts.contains(own)).or_else(|| cx.world.contexts.first().cloned())
}

type Steps = Vec<(String, String)>;

fn without_cluster(cx: &Cx, keys: &Keys, out: &mut Vec<Vec<Piece<'static>>>, wide: u16) -> Steps {
    for key in ["welcome.no-kubeconfig", "welcome.get-one"] {
        let lines = wrap(cx.t(key), usize::from(wide.saturating_sub(2)));
        out.extend(lines.into_iter().map(|line| vec![piece(line, Role::Text)]));
    }
    for (name, line) in [
        ("K3s", "mkdir -p ~/.kube; sudo cat /etc/rancher/k3s/k3s.yaml >~/.kube/config"),
        ("kind", "kind export kubeconfig"),
        ("EKS", "aws eks update-kubeconfig --name NAME"),
        ("GKE", "gcloud container clusters get-credentials NAME"),
        ("AKS", "az aks get-credentials -g GROUP -n NAME"),
    ] {
        out.push(vec![piece(format!("  {name:<5} "), Role::Muted), piece(line, Role::String)]);
    }
    let name = cx.t("welcome.name-one").to_owned();
    out.push(vec![piece(name, Role::Text), piece("  quarterdeck --kubeconfig FILE", Role::String)]);
    vec![(keys.demo.clone(), cx.t("welcome.demo").to_owned()), (keys.add.clone(), cx.t("welcome.add-first").to_owned())]
}

fn with_cluster(
    cx: &Cx,
    context: &ContextName,
    seen: &Seen,
    keys: &Keys,
    out: &mut Vec<Vec<Piece<'static>>>,
    wide: u16,
) -> Steps {
    let contexts = cx.world.contexts.len().to_string();
    let mut line = vec![piece(cx.tf("welcome.contexts", &[("count", &contexts), ("context", &context.0)]), Role::Text)];
    let state = cx.world.cluster_link(context);
    if let Some(state) = state {
        line.push(piece("  ", Role::Text));
        line.extend(link::pieces(cx, state));
    }
    out.push(line);
    let why = state.and_then(link::why).map(|why| wrap(why, usize::from(wide.saturating_sub(4))));
    out.extend(why.into_iter().flatten().map(|line| vec![piece(format!("  {line}"), Role::Muted)]));
    let here: Vec<_> = cx.world.flux.iter().filter(|object| *object.key.cluster == *context.0).collect();
    let bad = here.iter().filter(|object| object.health() == Health::Bad).count().to_string();
    let count = |kind: &str| here.iter().filter(|object| &*object.key.kind == kind).count().to_string();
    let toolkit = seen.toolkit.as_deref();
    let version = toolkit.map(|found| found.version.clone()).filter(|version| !version.is_empty());
    let installed = toolkit.is_none_or(|found| !found.controllers.is_empty());
    let mut steps = Vec::new();
    if !installed && here.is_empty() {
        out.push(vec![piece(cx.t("welcome.no-flux").to_owned(), Role::Warn)]);
        steps.push(("0".to_owned(), cx.t("welcome.install").to_owned()));
    } else if state.is_some_and(LinkState::is_live) {
        let key = if version.is_some() { "welcome.flux" } else { "welcome.flux-unknown" };
        let values = [
            ("version", version.unwrap_or_default()),
            ("kustomizations", count("Kustomization")),
            ("releases", count("HelmRelease")),
            ("sources", here.iter().filter(|object| object.key.kind.ends_with("Repository")).count().to_string()),
            ("bad", bad.clone()),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        out.push(vec![piece(cx.tf(key, &values), if bad == "0" { Role::Text } else { Role::Warn })]);
    }
    if let Some((projects, environments)) = seen.proposed {
        let counts = [projects.to_string(), environments.to_string()];
        let said = cx.tf("welcome.adopt", &[("projects", &counts[0]), ("environments", &counts[1])]);
        steps.insert(0, (keys.adopt.clone(), said));
    }
    steps.push((keys.add.clone(), cx.t("welcome.add").to_owned()));
    steps.push(("6".to_owned(), cx.t("welcome.look").to_owned()));
    steps.push((keys.demo.clone(), cx.t("welcome.demo").to_owned()));
    steps
}
