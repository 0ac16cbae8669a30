//! Everything about one object: conditions, inventory, events and YAML, each a view of its own.

use std::sync::Arc;

use domain::flux::{FluxObject, Health, ObjectKey};
use domain::link::LinkOf;
use domain::query::{Answer, EventLine, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::link;
use crate::widgets::put::{Piece, piece, put, put_pieces, put_wrapped, width, wrap};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::summary;
use crate::widgets::table::scrollbar;
use crate::widgets::yaml::YamlText;

static NEXT: Command = command("object.next", &["tab"], 1);
static PREVIOUS: Command = command("object.previous", &["s-tab"], 0);
static COPY: Command = command("object.copy", &["c"], 20);
static AGAIN: Command = command("object.again", &["r"], 21);
const VIEWS: [&str; 4] = ["object.summary", "object.inventory", "object.events", "object.yaml"];

/// What an answer is waited for, or has brought.
#[derive(Debug)]
enum Part<T> {
    Nothing,
    Waiting(Ticket),
    Here(T),
    Failed(String),
}

/// Holds an object and which view of it is shown.
#[derive(Debug)]
pub struct Object {
    key: ObjectKey,
    view: usize,
    yaml: Part<YamlText>,
    text: Option<Arc<str>>,
    events: Part<Vec<EventLine>>,
    scroll: Scroll,
}

impl Object {
    /// Shows an object.
    pub fn new(key: ObjectKey) -> Self {
        Self { key, view: 0, yaml: Part::Nothing, text: None, events: Part::Nothing, scroll: Scroll::default() }
    }

    fn ask(&mut self, cx: &Cx, again: bool) -> Effects {
        let mut effects = Effects::new();
        if self.view == 3 && (again || matches!(self.yaml, Part::Nothing)) {
            let ticket = cx.ticket();
            if let Part::Waiting(old) = std::mem::replace(&mut self.yaml, Part::Waiting(ticket)) {
                effects.push(Effect::Forget(old));
            }
            effects.push(Effect::Ask(ticket, Query::Yaml(self.key.clone())));
        }
        if self.view == 2 && (again || matches!(self.events, Part::Nothing)) {
            let ticket = cx.ticket();
            if let Part::Waiting(old) = std::mem::replace(&mut self.events, Part::Waiting(ticket)) {
                effects.push(Effect::Forget(old));
            }
            effects.push(Effect::Ask(ticket, Query::Events(self.key.clone())));
        }
        effects
    }

    fn reply(&mut self, ticket: Ticket, answer: Result<Answer, domain::Trouble>) {
        if matches!(self.yaml, Part::Waiting(t) if t == ticket) {
            self.yaml = match answer {
                Ok(Answer::Yaml(text)) => {
                    self.text = Some(text.clone());
                    Part::Here(YamlText::new(text))
                }
                Ok(_) => Part::Nothing,
                Err(trouble) => Part::Failed(trouble.to_string()),
            };
        } else if matches!(self.events, Part::Waiting(t) if t == ticket) {
            self.events = match answer {
                Ok(Answer::Events(events)) => Part::Here(events),
                Ok(_) => Part::Nothing,
                Err(trouble) => Part::Failed(trouble.to_string()),
            };
        }
    }

    fn turn(&mut self, cx: &Cx, by: usize) -> Effects {
        self.view = (self.view + by) % VIEWS.len();
        self.scroll.reset();
        self.ask(cx, false)
    }

    fn lines(&self, cx: &Cx, wide: usize) -> Vec<Vec<Piece<'static>>> {
        let object = cx.world.flux_object(&self.key);
        match (self.view, object) {
            (0, Some(object)) => summary::lines(cx, object, wide),
            (0, None) => summary::workload(cx, &self.key, wide),
            (1, Some(object)) => inventory(cx, object),
            (1, None) => vec![vec![piece(cx.t("object.no-inventory").to_owned(), Role::Muted)]],
            _ => Vec::new(),
        }
    }
}

impl Tab for Object {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        let mut out = vec![&NEXT, &PREVIOUS, &COPY];
        out.extend((self.view >= 2).then_some(&AGAIN));
        out.extend(SCROLL);
        out
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Command("object.next") => self.turn(cx, 1),
            TabMsg::Command("object.previous") => self.turn(cx, VIEWS.len() - 1),
            TabMsg::Command("object.again") => self.ask(cx, true),
            TabMsg::Command("object.copy") => {
                let text =
                    self.text.as_ref().filter(|_| self.view == 3).map_or_else(|| self.key.to_string(), ToString::to_string);
                vec![Effect::Copy(text)]
            }
            TabMsg::Command(id) => {
                self.scroll.command(id);
                Effects::new()
            }
            TabMsg::Reply(ticket, answer) => {
                self.reply(ticket, answer);
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(2).min(140), area.height);
        let inner = dialog::frame(cx, place, buf, &self.key.to_string());
        let cluster = &self.key.cluster;
        let inner = link::banner(cx, inner, buf, |of| matches!(of, LinkOf::Cluster(name) if name == &**cluster));
        if inner.height < 3 {
            return;
        }
        let mut x = inner.x;
        for (at, key) in VIEWS.into_iter().enumerate() {
            let role = if at == self.view { Role::Accent } else { Role::Muted };
            x += put(buf, (x, inner.y), inner.width, cx.words.get(key), cx.style(role)) + 2;
        }
        let body = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
        match self.view {
            2 => events(cx, body, buf, &self.events, &self.scroll),
            3 => match &self.yaml {
                Part::Here(text) => {
                    let top = self.scroll.fit(text.len(), usize::from(body.height));
                    text.view(cx, body, buf, (top, self.scroll.left), true);
                    scrollbar(cx, body, buf, top, text.len());
                }
                other => waiting(cx, body, buf, other),
            },
            _ => {
                let lines = self.lines(cx, usize::from(body.width));
                let top = self.scroll.fit(lines.len(), usize::from(body.height));
                for (y, line) in (body.top()..body.bottom()).zip(&lines[top..]) {
                    put_pieces(cx, buf, (body.x, y), body.width, line);
                }
                scrollbar(cx, body, buf, top, lines.len());
            }
        }
    }
}

fn waiting<T>(cx: &Cx, area: Rect, buf: &mut Buffer, part: &Part<T>) {
    match part {
        Part::Failed(why) => {
            put_wrapped(buf, area, why, cx.style(Role::Bad));
        }
        _ => {
            put(buf, (area.x, area.y), area.width, &format!("{} {}", cx.spinner(), cx.t("object.asking")), cx.style(Role::Muted));
        }
    }
}

fn inventory(cx: &Cx, object: &FluxObject) -> Vec<Vec<Piece<'static>>> {
    let Some(inventory) = object.status.inventory.as_ref().filter(|i| !i.is_empty()) else {
        return vec![vec![piece(cx.t("object.no-inventory").to_owned(), Role::Muted)]];
    };
    let mut out = Vec::with_capacity(inventory.len());
    for entry in inventory.entries() {
        let Some((namespace, name, group, kind)) = entry.parts() else {
            out.push(vec![piece(entry.id.to_owned(), Role::Text)]);
            continue;
        };
        let workload =
            cx.world.workloads.iter().find(|w| &*w.key.kind == kind && &*w.key.name == name && &*w.key.namespace == namespace);
        let (glyph, role) = workload.map_or(("·", Role::Faint), |w| (cx.glyph(w.health()), Role::from(w.health())));
        let mut line = vec![piece(glyph, role), piece(format!(" {kind}"), Role::Text), piece(format!("/{name}"), Role::Accent)];
        if !namespace.is_empty() {
            line.push(piece(format!("  {namespace}"), Role::Muted));
        }
        line.push(piece(format!("  {group}{}{}", if group.is_empty() { "" } else { "/" }, entry.v), Role::Faint));
        if let Some(workload) = workload {
            line.push(piece(format!("  {}/{}", workload.ready, workload.replicas), Role::Text));
        }
        out.push(line);
    }
    out
}

fn events(cx: &Cx, area: Rect, buf: &mut Buffer, part: &Part<Vec<EventLine>>, scroll: &Scroll) {
    let Part::Here(events) = part else {
        return waiting(cx, area, buf, part);
    };
    let mut lines: Vec<Vec<Piece<'static>>> = Vec::new();
    for event in events {
        let health = if event.kind == "Warning" { Health::Warn } else { Health::Ok };
        let head = format!("{:>4}  ", cx.age_of(event.time));
        let reason = format!("{}  ", event.reason);
        let indent = width(&head) + 2;
        let times = if event.count > 1 { format!("  ×{}", event.count) } else { String::new() };
        lines.push(vec![
            piece(head, Role::Faint),
            piece(cx.glyph(health), health.into()),
            piece(" ", Role::Text),
            piece(reason, if health == Health::Warn { Role::Warn } else { Role::Text }),
            piece(format!("{}{times}", event.from), Role::Faint),
        ]);
        for line in wrap(&event.message, usize::from(area.width).saturating_sub(indent)) {
            lines.push(vec![piece(" ".repeat(indent), Role::Text), piece(line, Role::Muted)]);
        }
    }
    if lines.is_empty() {
        put(buf, (area.x, area.y), area.width, cx.t("object.no-events"), cx.style(Role::Muted));
    }
    let top = scroll.fit(lines.len(), usize::from(area.height));
    for (y, line) in (area.top()..area.bottom()).zip(&lines[top.min(lines.len())..]) {
        put_pieces(cx, buf, (area.x, y), area.width, line);
    }
    scrollbar(cx, area, buf, top, lines.len());
}
