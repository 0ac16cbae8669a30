//! In which contexts an order changes something.

use std::collections::BTreeSet;

use super::Order;
use crate::flux::ObjectKey;
use crate::ident::{ContextName, EnvironmentId};
use crate::project::Environment;

impl Order {
    /// Returns the contexts in which the order changes something or lets something be changed, out of the environments that there
    /// are. What only looks, and what stays on this machine (a draft, a favourite, a credential, a project's name), touches none.
    pub fn contexts(&self, environments: &[&Environment]) -> BTreeSet<ContextName> {
        let of = |id: &EnvironmentId| -> BTreeSet<ContextName> {
            environments.iter().filter(|e| e.id == *id).map(|e| e.cluster.clone()).collect()
        };
        let at = |key: &ObjectKey| BTreeSet::from([key.context()]);
        match self {
            Self::Deploy(deploy) if deploy.dry_run => BTreeSet::new(),
            Self::Deploy(deploy) => {
                let suspended = deploy.draft.restore.iter().flat_map(|restore| &restore.suspend).map(ObjectKey::context);
                of(&deploy.draft.environment).into_iter().chain(suspended).collect()
            }
            Self::ManualSync(sync) => of(&sync.environment),
            Self::Settle(settle) => of(&settle.environment),
            Self::RemoveEnvironment(remove) => of(&remove.id),
            // What is moved away from a cluster, and where it is moved to.
            Self::SaveEnvironment(save) => with(of(&save.environment.id), &save.environment),
            Self::SaveThroughFleet(save) => with(of(&save.environment.id), &save.environment),
            Self::RemoveProject(remove) => {
                environments.iter().filter(|e| e.id.project == remove.slug).map(|e| e.cluster.clone()).collect()
            }
            Self::Adopt(adopt) => adopt.environments.iter().map(|e| e.cluster.clone()).collect(),
            Self::Reconcile(order) => at(&order.key),
            Self::Suspend(order) => at(&order.key),
            Self::Resume(order) => at(&order.key),
            Self::Force(order) => at(&order.key),
            Self::Reset(order) => at(&order.key),
            Self::Restart(order) => at(&order.key),
            Self::Delete(order) => at(&order.key),
            Self::Apply(order) => at(&order.key),
            Self::Create(create) => create.objects.iter().map(|fresh| fresh.key.context()).collect(),
            Self::CreateInGit(create) => at(&create.object.key),
            Self::Install(install) => BTreeSet::from([install.plan.context.clone()]),
            Self::Uninstall(uninstall) => BTreeSet::from([uninstall.removal.context.clone()]),
            Self::Halt(halt) => BTreeSet::from([halt.context.clone()]),
            Self::Many(many) => many.orders().iter().flat_map(|order| order.contexts(environments)).collect(),
            Self::SaveProject(_)
            | Self::KeepDraft(_)
            | Self::DropDraft(_)
            | Self::KeepFavourites(_)
            | Self::KeepCredential(_)
            | Self::DropCredential(_) => BTreeSet::new(),
        }
    }
}

fn with(mut found: BTreeSet<ContextName>, environment: &Environment) -> BTreeSet<ContextName> {
    found.insert(environment.cluster.clone());
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use crate::change::Draft;
    use crate::ident::Slug;
    use crate::orders::{Deploy, KeepDraft, ManualSync, Many, RemoveProject, SaveEnvironment, Suspend};
    use crate::project::EnvironmentType;

    fn environment(name: &str, cluster: &str) -> Environment {
        let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new(name).unwrap());
        Environment::with_defaults(id, EnvironmentType::Development, cluster.into())
    }

    #[test]
    fn an_order_touches_where_its_objects_and_its_environments_are() {
        let (dev, prod) = (environment("dev", "test"), environment("prod", "prod"));
        let key = |cluster: &str| ObjectKey::new(&cluster.into(), "Kustomization", "flux-system", "shop");
        let draft = Draft::new(prod.id.clone());
        let deploy = |dry_run| Order::from(Deploy { draft: draft.clone(), reviewed: None, dry_run });
        let moved = Environment { cluster: "edge".into(), ..prod.clone() };
        let save = SaveEnvironment { environment: moved, new: false, create_objects: false, setup: None };
        let table: [(Order, &[&str]); 8] = [
            (deploy(false), &["prod"]),
            (deploy(true), &[]),
            (KeepDraft { draft: draft.clone() }.into(), &[]),
            (ManualSync { environment: dev.id.clone(), commit: None }.into(), &["test"]),
            (save.into(), &["edge", "prod"]),
            (RemoveProject { slug: Slug::new("shop").unwrap() }.into(), &["prod", "test"]),
            (Suspend { key: key("edge") }.into(), &["edge"]),
            (Many::of(["a", "b"].map(|cluster| Suspend { key: key(cluster) })).unwrap(), &["a", "b"]),
        ];
        for (order, wanted) in table {
            let found: Vec<_> = order.contexts(&[&dev, &prod]).into_iter().map(|context| context.0).collect();
            assert_eq!(found, wanted, "{order:?}");
        }
    }
}
