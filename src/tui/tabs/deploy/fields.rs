//! The fields of the form: built from Git and the edits so far, in sections, and read back into edits as they are typed.
//!
//! ```text
//!   Image        ghcr.io/acme/shop                            …/base/web.yaml:17
//! ▌ Tag          1.8.5    now 1.8.4, runs 1.8.3   …/kustomization.yaml:7
//!   Environment  NODE_ENV=production                          …/base/web.yaml:24
//!                + NAME=value
//!   ▸ Probes     liveness path, liveness port, readiness path
//! ```
//!
//! Only sections with something in them are shown, and those that are useful for every workload of a kind; a long one that
//! is seldom changed is put away under one line. `entries` reads the rows that have names of their own.

use domain::change::FormFacts;
use domain::edit::{Ask, Edit, Field, Found, Probe};
use domain::workload::Workload;

use super::edits::{Edits, in_git, scope};
use super::rows::{is_fixed, one, ones, placeholder, repeated, value};
use super::running;
use super::slot::{Item, Kind, Section, Slot, name_of, probes};
use crate::cx::Cx;
use crate::widgets::form::{Control, Field as Row, Form};

/// How high the message may grow.
const MESSAGE_ROWS: u16 = 5;
/// How high a value of several lines may grow.
const TEXT_ROWS: u16 = 8;
/// How many rows a section may have before it is put away under one line.
const FLAT: usize = 3;

/// Holds what the fields are built from and read back into.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    /// What Git says.
    pub(super) facts: &'a FormFacts,
    /// What is to become of it.
    pub(super) edits: &'a mut Edits,
    /// The container that is shown.
    pub(super) container: &'a str,
    /// What runs.
    pub(super) running: Option<&'a Workload>,
    /// What has to be answered.
    pub(super) asks: &'a [Ask],
}

impl<'a> Ground<'a> {
    pub(super) fn edit(&self, field: &Field) -> Option<&Option<String>> {
        self.edits.get(self.facts, self.container, field)
    }

    pub(super) fn git(&self, field: &Field) -> Option<&'a Found> {
        in_git(self.facts, self.container, field)
    }

    pub(super) fn set(&mut self, field: Field, value: Option<String>) {
        self.edits.set(self.facts, self.container, field, value);
    }

    /// Returns the question that waits for a field.
    pub(super) fn ask(&self, field: &Field) -> Option<&'a Ask> {
        let wanted = scope(self.facts, self.container, field);
        self.asks.iter().find(|ask| ask.container == wanted && ask.field == *field)
    }

    pub(super) fn known(&self, field: &Field) -> bool {
        self.git(field).is_some() || self.edit(field).is_some()
    }

    /// Returns the value to show: the edit's, else Git's, else nothing.
    pub(super) fn shown(&self, field: &Field) -> String {
        match self.edit(field) {
            Some(value) => value.clone().unwrap_or_default(),
            None => self.git(field).map(|f| f.value.clone()).unwrap_or_default(),
        }
    }

    /// Tells whether a field that Git does not have is one to offer all the same.
    pub(super) fn useful(&self, field: &Field) -> bool {
        let kind = self.facts.workload.kind.as_str();
        match field {
            Field::ImageName | Field::ImageTag | Field::PullPolicy | Field::Resource(..) => kind != "HelmRelease",
            Field::Replicas => matches!(kind, "Deployment" | "StatefulSet" | "Rollout"),
            Field::ChartVersion => kind == "HelmRelease",
            _ => false,
        }
    }

    /// Tells whether variables can be added: a chart without a known image has no place for them.
    pub(super) const fn takes_variables(&self) -> bool {
        !self.facts.containers.is_empty()
    }

    pub(super) fn ours(&self) -> impl Iterator<Item = &'a Found> {
        let container = self.container;
        self.facts.found.iter().filter(move |f| f.container.is_none() || f.container.as_deref() == Some(container))
    }
}

/// Holds the form and what its rows stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) form: Form,
    pub(super) items: Vec<Item>,
    made: usize,
}

impl Fields {
    /// Builds the fields: with the commit message to show, and whether it is applied by hand.
    pub(super) fn build(cx: &Cx, ground: &mut Ground, (message, manual): (&str, bool)) -> Self {
        let mut fields = Self::default();
        fields.choosers(cx, ground);
        for section in Section::ALL {
            fields.section(cx, ground, section);
        }
        fields.form.fields.push(Row::area("message", cx.t("deploy.field.message"), message, MESSAGE_ROWS));
        let methods = [cx.t("deploy.method-gitops"), cx.t("deploy.method-manual")];
        let method = methods[usize::from(manual)];
        let methods = methods.map(str::to_owned).to_vec();
        fields.form.fields.push(Row::choice("method", cx.t("deploy.field.method"), methods, method));
        fields.form.focus(&Field::ChartVersion.to_string());
        fields.form.focus(&Field::ImageTag.to_string());
        fields.check(cx, ground);
        fields
    }

    fn choosers(&mut self, cx: &Cx, ground: &Ground) {
        let facts = ground.facts;
        if facts.workloads.len() > 1 {
            let names = facts.workloads.iter().map(ToString::to_string).collect();
            let title = cx.t("deploy.field.workload");
            self.form.fields.push(Row::choice("workload", title, names, &facts.workload.to_string()));
        }
        if facts.containers.len() > 1 {
            let title = cx.t("deploy.field.container");
            let early = facts.init.iter().any(|c| c == ground.container);
            let note = if early { cx.t("deploy.init") } else { "" };
            self.form.fields.push(Row::choice("container", title, facts.containers.clone(), ground.container).note(note));
        }
    }

    fn section(&mut self, cx: &Cx, ground: &Ground, section: Section) {
        let start = self.form.fields.len();
        for field in ones(ground, section) {
            let row = one(cx, ground, &field);
            self.push(section, Slot::One(field), row);
        }
        for kind in Kind::ALL.into_iter().filter(|k| k.section() == section) {
            self.entries(cx, ground, kind);
        }
        let many = self.form.fields.len() - start > FLAT;
        if section.folds() && many {
            self.head(cx, section, start);
        }
    }

    fn push(&mut self, section: Section, slot: Slot, row: Row) {
        self.items.push(Item { id: row.id.clone(), section, slot });
        self.form.fields.push(row);
    }

    /// Puts a section away under one line.
    fn head(&mut self, cx: &Cx, section: Section, start: usize) {
        let id = format!("head:{section:?}");
        for row in &mut self.form.fields[start..] {
            row.hidden = true;
        }
        self.items.push(Item { id: id.clone(), section, slot: Slot::Head });
        self.form.fields.insert(start, Row::head(&id, cx.words.get(section.title())));
    }

    fn entries(&mut self, cx: &Cx, ground: &Ground, kind: Kind) {
        let mut seen: Vec<String> = Vec::new();
        for found in ground.ours().filter(|f| Kind::of(&f.field) == Some(kind)) {
            let Some(name) = name_of(&found.field).filter(|name| !seen.contains(name)) else { continue };
            if kind == Kind::Value && ground.edit(&found.field).is_none() && repeated(ground, found) {
                continue;
            }
            seen.push(name.clone());
            if found.value.contains('\n') {
                let id = found.field.to_string();
                let label = format!("{} {name}", cx.words.get(&format!("deploy.kind-one.{}", kind.word())));
                let row = Row::area(&id, label, &ground.shown(&found.field), TEXT_ROWS);
                self.push(kind.section(), Slot::One(found.field.clone()), row);
                continue;
            }
            if is_fixed(ground, found) {
                let id = format!("fixed:{name}");
                let row = Row::text(&id, self.title(cx, kind), &name);
                self.push(kind.section(), Slot::Fixed(found.field.clone()), row);
                continue;
            }
            let text = value(ground, kind, &name).map_or_else(String::new, |value| format!("{name}={value}"));
            let row =
                Row::text(&format!("{}:{name}", kind.word()), self.title(cx, kind), text).placeholder(placeholder(cx, kind));
            self.push(kind.section(), Slot::Entry(kind, Some(name)), row);
        }
        let new: Vec<(String, String)> = ground
            .edits
            .put(ground.facts, ground.container)
            .filter(|(field, _)| Kind::of(field) == Some(kind))
            .filter_map(|(field, value)| Some((name_of(field)?, value.to_owned())))
            .filter(|(name, _)| !seen.contains(name))
            .collect();
        for (name, value) in new {
            self.entry(cx, kind, self.form.fields.len(), format!("{name}={value}"));
        }
        if kind == Kind::Variable && ground.takes_variables() {
            self.entry(cx, kind, self.form.fields.len(), String::new());
        }
    }

    /// Returns the label of the first entry of a kind; the others stand under it.
    fn title(&self, cx: &Cx, kind: Kind) -> String {
        let there = self.items.iter().any(|item| match &item.slot {
            Slot::Entry(other, _) => *other == kind,
            Slot::Fixed(field) => Kind::of(field) == Some(kind),
            _ => false,
        });
        if there { String::new() } else { cx.words.get(&format!("deploy.kind.{}", kind.word())).to_owned() }
    }

    /// Puts a row for a new entry at a place, and returns its id.
    fn entry(&mut self, cx: &Cx, kind: Kind, at: usize, text: String) -> String {
        let id = format!("new:{}", self.made);
        self.made += 1;
        let row = Row::text(&id, self.title(cx, kind), text).placeholder(placeholder(cx, kind));
        self.items.push(Item { id: id.clone(), section: kind.section(), slot: Slot::Entry(kind, None) });
        self.form.fields.insert(at.min(self.form.fields.len()), row);
        id
    }

    /// Returns what a row stands for.
    pub(super) fn slot(&self, id: &str) -> Option<&Slot> {
        self.items.iter().find(|item| item.id == id).map(|item| &item.slot)
    }

    /// Tells whether the field with the focus is shown only.
    pub(super) fn is_fixed(&self) -> bool {
        self.form.focused().is_some_and(|f| matches!(self.slot(&f.id), Some(Slot::Fixed(_))))
    }

    /// Takes the change of a field into the edits.
    pub(super) fn changed(&mut self, cx: &Cx, ground: &mut Ground, id: &str) {
        match self.slot(id).cloned() {
            Some(Slot::Head) => return self.fold(id),
            Some(Slot::Entry(Kind::Variable, _)) => self.spare(cx),
            Some(Slot::One(field)) => {
                let value = self.form.value(id);
                let unset = value.is_empty() || (super::rows::options(&field).is_some() && value == cx.t("deploy.unset"));
                ground.set(field, (!unset).then_some(value));
            }
            _ => {}
        }
        self.check(cx, ground);
    }

    /// Opens or puts away the section of a line.
    fn fold(&mut self, id: &str) {
        let open = self.form.field(id).is_some_and(Row::is_open);
        if let Some(section) = self.items.iter().find(|item| item.id == id).map(|item| item.section) {
            self.open(section, open);
        }
    }

    fn open(&mut self, section: Section, open: bool) {
        for item in self.items.iter().filter(|item| item.section == section) {
            let Some(row) = self.form.field_mut(&item.id) else { continue };
            if item.slot == Slot::Head {
                row.set(if open { "true" } else { "false" });
            } else {
                row.hidden = !open;
            }
        }
    }

    /// Gives a row the focus, where it stands in a section that is put away too.
    pub(super) fn reveal(&mut self, id: &str) {
        if let Some(section) = self.items.iter().find(|item| item.id == id).map(|item| item.section) {
            self.open(section, true);
        }
        self.form.focus(id);
    }

    /// Gives the first field that cannot stay as it is the focus.
    pub(super) fn show_fault(&mut self) {
        if let Some(id) = self.form.fields.iter().find(|f| f.fault.is_some()).map(|f| f.id.clone()) {
            self.reveal(&id);
        }
    }

    /// Sees to it that the last variable's row is an empty one.
    fn spare(&mut self, cx: &Cx) {
        let variable = |item: &&Item| matches!(item.slot, Slot::Entry(Kind::Variable, _));
        let ours = |row: &Row| self.items.iter().filter(variable).any(|item| item.id == row.id);
        let last = self.form.fields.iter().rposition(ours);
        if let Some(at) = last.filter(|at| !self.form.fields[*at].value().is_empty()) {
            self.entry(cx, Kind::Variable, at + 1, String::new());
        }
    }

    /// Adds a row for an entry that begins with a text, and gives it the focus.
    pub(super) fn add(&mut self, cx: &Cx, kind: Kind, text: &str) {
        let empty = self.items.iter().find(|item| {
            item.slot == Slot::Entry(kind, None) && self.form.field(&item.id).is_some_and(|row| row.value().is_empty())
        });
        let id = match empty.map(|item| item.id.clone()) {
            Some(id) => id,
            None => self.entry(cx, kind, self.end_of(kind), String::new()),
        };
        if let Some(row) = self.form.field_mut(&id) {
            row.set(text);
            if let (Control::Text(input), true) = (&mut row.control, text.starts_with('=')) {
                // The name is typed in front of what is there.
                input.rewind();
            }
        }
        self.reveal(&id);
    }

    /// Adds the parts of a probe that are not there yet, and gives the first of them the focus.
    pub(super) fn add_probe(&mut self, cx: &Cx, ground: &Ground, probe: Probe) {
        let mut first = None;
        for field in probes().filter(|f| matches!(f, Field::Probe(of, _) if *of == probe)) {
            let id = field.to_string();
            if self.form.field(&id).is_none() {
                let at = self.place_of(&field);
                let row = one(cx, ground, &field);
                self.items.push(Item { id: id.clone(), section: Section::Probes, slot: Slot::One(field) });
                self.form.fields.insert(at, row);
                first = first.or_else(|| Some(id.clone()));
            }
            first = first.or(Some(id));
        }
        if let Some(id) = first {
            self.reveal(&id);
        }
    }

    /// Returns where a part of a probe belongs: behind those before it.
    fn place_of(&self, field: &Field) -> usize {
        let before = probes().take_while(|f| f != field).map(|f| f.to_string()).collect::<Vec<_>>();
        let place = self.form.fields.iter().rposition(|row| before.contains(&row.id));
        place.map_or_else(|| self.end(Section::Probes), |at| at + 1)
    }

    /// Returns where another entry of a kind belongs: behind the others of its kind, else at the end of its section.
    fn end_of(&self, kind: Kind) -> usize {
        let ours = |row: &Row| matches!(self.slot(&row.id), Some(Slot::Entry(other, _)) if *other == kind);
        self.form.fields.iter().rposition(ours).map_or_else(|| self.end(kind.section()), |at| at + 1)
    }

    fn end(&self, section: Section) -> usize {
        let order = |section: Section| Section::ALL.iter().position(|s| *s == section);
        let upto = |row: &Row| self.items.iter().any(|i| i.id == row.id && order(i.section) <= order(section));
        self.form.fields.iter().rposition(upto).map_or(self.form.fields.len().saturating_sub(1), |at| at + 1)
    }

    /// Says beside each field what is wrong with it, what stands in Git and where, and what runs.
    pub(super) fn check(&mut self, cx: &Cx, ground: &mut Ground) {
        self.check_entries(cx, ground);
        for item in &self.items {
            let Some(row) = self.form.fields.iter_mut().find(|row| row.id == item.id) else { continue };
            match &item.slot {
                Slot::One(field) => single(cx, ground, field, row),
                Slot::Fixed(field) => {
                    row.note = ground.facts.find(Some(ground.container), field).map(|f| cx.said(&f.why)).unwrap_or_default();
                    row.place = ground.facts.find(Some(ground.container), field).map(place).unwrap_or_default();
                }
                Slot::Entry(..) | Slot::Head => {}
            }
        }
        let pinned = !self.form.value(&Field::ImageDigest.to_string()).is_empty();
        if let Some(row) = self.form.field_mut(&Field::ImageTag.to_string())
            && pinned
            && row.changed
        {
            cx.t("deploy.digest-decides").clone_into(&mut row.note);
        }
        self.check_heads();
    }

    /// Says on the line of a section what is in it.
    fn check_heads(&mut self) {
        for head in self.items.iter().filter(|item| item.slot == Slot::Head) {
            let rows = self.items.iter().filter(|item| item.section == head.section && item.slot != Slot::Head);
            let (mut names, mut changed, mut waits, mut fault) = (Vec::new(), false, String::new(), false);
            for row in rows.filter_map(|item| self.form.field(&item.id)) {
                let value = row.value();
                let name =
                    if row.label.is_empty() || value.contains('=') { value.split('=').next().unwrap_or("") } else { &row.label };
                names.extend((!value.is_empty()).then(|| name.to_owned()));
                changed |= row.changed;
                fault |= row.fault.is_some();
                if waits.is_empty() {
                    waits.clone_from(&row.waits);
                }
            }
            if let Some(row) = self.form.fields.iter_mut().find(|row| row.id == head.id) {
                row.said(&names.join(", "));
                (row.changed, row.waits) = (changed || fault, waits);
            }
        }
    }

    /// Returns the field that the row with the focus stands for, as Git has it.
    pub(super) fn found<'g>(&self, ground: &Ground<'g>) -> Option<&'g Found> {
        let find = |field: &Field| ground.facts.find(Some(ground.container), field);
        match self.slot(&self.form.focused()?.id)? {
            Slot::One(field) | Slot::Fixed(field) => find(field),
            Slot::Entry(Kind::Variable, Some(name)) => {
                find(&Field::EnvRef(name.clone())).or_else(|| find(&Field::Env(name.clone())))
            }
            Slot::Entry(kind, Some(name)) => find(&kind.field(name)?),
            Slot::Entry(_, None) | Slot::Head => None,
        }
    }

    /// Returns the question that waits for the field with the focus.
    pub(super) fn asked<'g>(&self, ground: &Ground<'g>) -> Option<&'g Ask> {
        let row = self.form.focused()?;
        match self.slot(&row.id)? {
            Slot::One(field) => ground.ask(field),
            Slot::Entry(kind, _) => {
                let value = row.value();
                let name = value.split_once('=').map_or(value.as_str(), |(name, _)| name);
                let plain = ground.ask(&kind.field(name)?);
                plain.or_else(|| (*kind == Kind::Variable).then(|| ground.ask(&Field::EnvRef(name.to_owned()))).flatten())
            }
            Slot::Fixed(_) | Slot::Head => None,
        }
    }

    /// Returns what the field with the focus says in the cluster, when it is one that runs there too.
    pub(super) fn running(&self, ground: &Ground) -> Option<String> {
        let Slot::One(field) = self.slot(&self.form.focused()?.id)? else { return None };
        running::value(ground.running?, ground.container, field)
    }
}

/// Returns file and line of what was found.
pub(super) fn place(found: &Found) -> String {
    if found.file.is_empty() { String::new() } else { format!("{}:{}", found.file, found.line) }
}

/// Says beside a single field what there is to say.
fn single(cx: &Cx, ground: &Ground, field: &Field, row: &mut Row) {
    let edit = ground.edit(field).cloned();
    let git = ground.git(field);
    let runs = ground.running.and_then(|w| running::value(w, ground.container, field));
    let fault = edit.as_ref().and_then(|value| Edit { value: value.clone(), ..Edit::remove(field.clone()) }.fault());
    row.fault = fault.map(|fault| cx.said(&fault));
    row.note = note(cx, edit.is_some(), git.map(|f| f.value.as_str()), runs.as_deref());
    row.place = git.map(place).unwrap_or_default();
    row.changed = edit.is_some();
    row.waits = if ground.ask(field).is_some() { cx.t("deploy.waits").to_owned() } else { String::new() };
}

/// Returns what is said beside a field: what stands in Git when that changes, what runs when that is something else.
fn note(cx: &Cx, changed: bool, git: Option<&str>, runs: Option<&str>) -> String {
    let now = git.unwrap_or_else(|| cx.t("deploy.unset"));
    // Of a text of several lines, the first is enough beside the field.
    let first = now.lines().next().filter(|_| now.contains('\n')).map(|line| format!("{line} …"));
    let now = first.as_deref().unwrap_or(now);
    match runs.filter(|r| Some(*r) != git) {
        Some(runs) if changed => cx.tf("deploy.now-runs", &[("now", now), ("runs", runs)]),
        Some(runs) => cx.tf("deploy.runs", &[("runs", runs)]),
        None if changed => cx.tf("deploy.now", &[("now", now)]),
        None => String::new(),
    }
}
