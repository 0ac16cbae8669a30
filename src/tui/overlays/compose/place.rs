//! Where a new object is written: in the cluster only, into the folder in Git that brings about the objects of its namespace, or
//! into any other folder of a project's repository.
//!
//! A Secret that comes along is made in the cluster in either case, and nothing of it is written into Git.

use std::sync::Arc;

use domain::berth::{self, Berth};
use domain::ident::EnvironmentId;
use domain::orders::{Create, CreateInGit, Fleet, FolderPlan, Fresh};
use domain::query::Query;
use domain::written::Written;
use serde_json::Value;

use super::{Compose, Stage};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::widgets::form::{Control, Field};

/// The id of the choice.
const FIELD: &str = "in-git";
/// The id of the folder.
const FOLDER: &str = "folder";

/// Says where a new object is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Place {
    /// In the cluster only.
    #[default]
    Cluster,
    /// Into the folder of an environment.
    Environment(EnvironmentId),
    /// Into another folder, as it was typed.
    Folder(String),
}

/// Holds what is done in Git.
#[derive(Debug)]
pub(super) enum Goes {
    /// A change that goes the way of a deployment.
    Document(Arc<Written>),
    /// A commit to a folder that belongs to no environment.
    Folder(Box<FolderPlan>),
}

/// Builds the fields; what may be chosen follows from cluster and namespace.
pub(super) fn fields(cx: &Cx) -> [Field; 2] {
    let choice = Field::choice(FIELD, cx.t("compose.place"), vec![cx.t("compose.cluster").to_owned()], "");
    [choice, Field::text(FOLDER, cx.t("compose.folder"), "").placeholder(cx.t("compose.folder-hint"))]
}

impl Compose {
    fn berths(&self, cx: &Cx) -> Vec<Berth> {
        if self.key.is_some() || self.description.kind == "Secret" {
            return Vec::new();
        }
        berth::berths(cx.world, &self.context, self.values.get("namespace").trim())
    }

    /// Takes over what was typed into the fields of this file; tells whether it was one of them.
    pub(super) fn put(&mut self, cx: &Cx, id: &str, value: &str) -> bool {
        match id {
            FIELD if value == cx.t("compose.other") => self.place = Place::Folder(self.form.value(FOLDER)),
            FIELD => self.place = value.parse().map_or(Place::Cluster, Place::Environment),
            FOLDER => self.place = Place::Folder(value.to_owned()),
            _ => return false,
        }
        true
    }

    /// Offers the folders that there are; where there is none, nothing is asked, and it is said who brings about the namespace.
    pub(super) fn offer(&mut self, cx: &Cx) {
        let berths = self.berths(cx);
        let elsewhere = self.key.is_none() && self.description.kind != "Secret" && !cx.world.projects.is_empty();
        let kept = match &self.place {
            Place::Cluster => true,
            Place::Environment(id) => berths.iter().any(|berth| berth.environment == *id),
            Place::Folder(_) => elsewhere,
        };
        if !kept {
            self.place = Place::Cluster;
        }
        let mut options = vec![cx.t("compose.cluster").to_owned()];
        options.extend(berths.iter().map(|berth| berth.environment.to_string()));
        options.extend(elsewhere.then(|| cx.t("compose.other").to_owned()));
        let at = match &self.place {
            Place::Cluster => 0,
            Place::Environment(id) => berths.iter().position(|berth| berth.environment == *id).map_or(0, |at| at + 1),
            Place::Folder(_) => options.len() - 1,
        };
        if let Some(field) = self.form.field_mut(FIELD) {
            field.hidden = options.len() == 1;
            field.note = match (at.checked_sub(1).and_then(|at| berths.get(at)), berths.first()) {
                (Some(berth), _) => format!("{}:{} {}", berth.branch, berth.path, berth.url),
                (None, Some(berth)) if at == 0 => cx.tf("compose.from-git", &[("by", &berth.by.to_string())]),
                _ => String::new(),
            };
            field.control = Control::Choice { options, at };
        }
        let (tried, place) = (self.tried, self.place.clone());
        let Some(field) = self.form.field_mut(FOLDER) else { return };
        let Place::Folder(typed) = place else {
            (field.hidden, field.fault) = (true, None);
            return;
        };
        field.hidden = false;
        let folder = typed.trim().parse::<Fleet>();
        let known = |fleet: &Fleet| cx.world.project(&fleet.project);
        field.note = match folder.as_ref().ok().and_then(known) {
            Some(project) => format!("{} {}", project.repository.default_branch, project.repository.url),
            None => String::new(),
        };
        let wrong = match &folder {
            Err(trouble) => Some(cx.said(&trouble.what)),
            Ok(fleet) => known(fleet).is_none().then(|| cx.t("compose.no-project").to_owned()),
        };
        field.fault = wrong.filter(|_| tried);
    }

    /// Goes on when the server has nothing against it: to the question, or to the file that it goes to.
    pub(super) fn place(&mut self, cx: &Cx, mut order: Create) -> Effects {
        let fleet = match &self.place {
            Place::Cluster => return self.give(cx, order),
            Place::Environment(_) => None,
            Place::Folder(typed) => typed.trim().parse::<Fleet>().ok(),
        };
        let Some(fresh) = order.objects.pop() else { return Effects::new() };
        let query = match (&self.place, fleet) {
            (Place::Environment(berth), _) => Query::Unwritten(berth.clone(), fresh),
            (_, Some(fleet)) => Query::FolderPlan(fleet, fresh),
            _ => return Effects::new(),
        };
        let ticket = cx.ticket();
        self.stage = Stage::Placing(ticket);
        vec![Effect::Ask(ticket, query)]
    }

    /// Makes the Secret that it needs in the cluster, then goes on to Git; without one at once.
    pub(super) fn placed(&mut self, cx: &Cx, goes: Goes) -> Effects {
        self.goes = Some(goes);
        let mut objects = self.order().map(|order| order.objects).unwrap_or_default();
        objects.pop();
        if objects.is_empty() { self.given(cx) } else { self.give(cx, Create { objects }) }
    }

    /// Goes on when an order was carried out: to the change in Git, where there is one.
    pub(super) fn given(&mut self, cx: &Cx) -> Effects {
        let Some(goes) = self.goes.take() else { return vec![Effect::Close] };
        let fresh = self.order().and_then(|mut order| order.objects.pop());
        match (goes, fresh) {
            (Goes::Document(written), fresh) => {
                let text = fresh.as_ref().map(text).unwrap_or_default();
                vec![Effect::Close, Effect::Open(Overlay::Change(written, Some(text)))]
            }
            (Goes::Folder(plan), Some(object)) => self.give(cx, CreateInGit { object, plan: *plan, message: None }),
            (Goes::Folder(_), None) => vec![Effect::Close],
        }
    }
}

fn text(fresh: &Fresh) -> String {
    let object: Value = serde_json::from_str(fresh.body.text()).unwrap_or_default();
    manifest::yaml::text_of(&object)
}
