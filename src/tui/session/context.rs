//! Another cluster in place: lists are narrowed to it, what is about one cluster is about it, and it is watched from then on.

use domain::flux::Health;
use domain::ident::ContextName;
use domain::query::Query;

use super::{Act, Place, Session};
use crate::effects::{Toast, Wish};
use crate::memory::Kept;
use crate::place::TabId;
use crate::tab::TabMsg;

/// The namespace in which Flux's own objects are, which is watched with a cluster.
const HOME: &str = "flux-system";

impl Session {
    /// Takes another context for the one that is worked on.
    pub(super) fn take_context(&mut self, context: &str, acts: &mut Vec<Act>) {
        let ticket = self.base.cx().ticket();
        let place = (ContextName(context.to_owned()), HOME.to_owned());
        acts.push(Act::Wish(Wish::Ask(ticket, Query::Hold(vec![place]))));
        acts.extend(self.held.replace(ticket).map(|old| Act::Wish(Wish::Forget(old))));
        let of = self.base.preferences.contexts.iter().find(|of| of.name == context).cloned().unwrap_or_default();
        context.clone_into(&mut self.base.context);
        self.base.dress.context = of.theme;
        self.put_on();
        let namespace = of.namespace.map(|namespace| format!(" namespace={namespace}")).unwrap_or_default();
        let filter = if self.base.world.contexts.len() > 1 { format!("cluster={context}{namespace}") } else { namespace };
        let kept = Kept { filter: filter.trim().to_owned(), selected: None };
        self.tell(Place::Tab(TabId::Flux), TabMsg::Recall(kept), acts);
        for tab in TabId::ALL {
            self.tell(Place::Tab(tab), TabMsg::Context, acts);
        }
        let text = self.base.cx().tf("context.taken", &[("context", context)]);
        self.toast(Toast { health: Health::Ok, text });
    }
}
