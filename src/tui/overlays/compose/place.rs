//! Where a new object is written: in the cluster only, or into the folder in Git that brings about the objects of its namespace.
//!
//! A Secret that comes along is made in the cluster in either case, and nothing of it is written into Git.

use std::sync::Arc;

use domain::berth::{self, Berth};
use domain::ident::EnvironmentId;
use domain::orders::{Create, Fresh};
use domain::query::Query;
use domain::written::Written;
use serde_json::Value;

use super::{Compose, Stage};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::widgets::form::{Control, Field};

/// The field's id.
pub(super) const FIELD: &str = "in-git";

/// Builds the field; what may be chosen follows from cluster and namespace.
pub(super) fn field(cx: &Cx) -> Field {
    Field::choice(FIELD, cx.t("compose.place"), vec![cx.t("compose.cluster").to_owned()], "")
}

impl Compose {
    fn berths(&self, cx: &Cx) -> Vec<Berth> {
        if self.key.is_some() || self.description.kind == "Secret" {
            return Vec::new();
        }
        berth::berths(cx.world, &self.context, self.values.get("namespace").trim())
    }

    /// Offers the folders that there are; where there is none, nothing is asked, and it is said who brings about the namespace.
    pub(super) fn offer(&mut self, cx: &Cx) {
        let berths = self.berths(cx);
        if !berths.iter().any(|berth| Some(&berth.environment) == self.berth.as_ref()) {
            self.berth = None;
        }
        let chosen = self.berth.as_ref().map(ToString::to_string);
        let Some(field) = self.form.field_mut(FIELD) else { return };
        let mut options = vec![cx.t("compose.cluster").to_owned()];
        options.extend(berths.iter().map(|berth| berth.environment.to_string()));
        let at = chosen.and_then(|chosen| options.iter().position(|option| *option == chosen)).unwrap_or(0);
        field.hidden = berths.is_empty();
        field.note = match at.checked_sub(1).and_then(|at| berths.get(at)) {
            Some(berth) => format!("{}:{} {}", berth.branch, berth.path, berth.url),
            None => cx.tf("compose.from-git", &[("by", &berths.first().map(|b| b.by.to_string()).unwrap_or_default())]),
        };
        field.control = Control::Choice { options, at };
    }

    /// Looks for the file that an object goes to, once the server has nothing against it.
    pub(super) fn place(&mut self, cx: &Cx, mut order: Create, berth: EnvironmentId) -> Effects {
        let Some(fresh) = order.objects.pop() else { return Effects::new() };
        let ticket = cx.ticket();
        self.stage = Stage::Placing(ticket);
        vec![Effect::Ask(ticket, Query::Unwritten(berth, fresh))]
    }

    /// Makes the Secret that it needs in the cluster, then goes on to Git; without one at once.
    pub(super) fn placed(&mut self, cx: &Cx, written: Arc<Written>) -> Effects {
        self.goes = Some(written);
        let mut objects = self.order().map(|order| order.objects).unwrap_or_default();
        objects.pop();
        if objects.is_empty() { self.given() } else { self.give(cx, Create { objects }) }
    }

    /// Goes on when an order was carried out: to the change in Git, where there is one.
    pub(super) fn given(&mut self) -> Effects {
        let Some(written) = self.goes.take() else { return vec![Effect::Close] };
        let fresh = self.order().and_then(|mut order| order.objects.pop());
        let text = fresh.as_ref().map(text).unwrap_or_default();
        vec![Effect::Close, Effect::Open(Overlay::Change(written, Some(text)))]
    }
}

fn text(fresh: &Fresh) -> String {
    let object: Value = serde_json::from_str(fresh.body.text()).unwrap_or_default();
    manifest::yaml::text_of(&object)
}
