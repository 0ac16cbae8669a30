//! The environments of a project side by side: one column each where there is room, else one block each.
//!
//! ```text
//!                   development        staging            production
//! Git               develop@1f0c2a9    staging@a41f09c    main@9e1c21d
//! running           develop@1f0c2a9    staging@77aa010    main@9e1c21d
//! agrees            ✓ yes              ✗ no               ✓ yes
//! image (web)       1.9.0-rc2          1.8.4 → 1.9.0-rc1  ≠ 1.8.4
//! ```

use std::sync::Arc;

use domain::flux::Health;
use domain::ident::Slug;
use domain::image::Image;
use domain::query::{Answer, Query};
use domain::revision::Revision;
use domain::sides::{Across, Place, Side, Sides};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::format;
use crate::widgets::put::{Piece, cut_middle, piece, width};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::{self, Row};

static REFRESH: Command = command("sides.refresh", &["r"], 1);

/// The least that a column needs to say something.
const COLUMN: usize = 18;
/// How wide the names of fields may get.
const NAME: usize = 26;

/// Holds the project whose environments are compared.
#[derive(Debug)]
pub struct SideBySide {
    project: Slug,
    waiting: Option<Ticket>,
    sides: Option<Arc<Sides>>,
    trouble: Option<String>,
    scroll: Scroll,
}

impl SideBySide {
    /// Shows the environments of a project.
    pub fn new(project: Slug) -> Self {
        Self { project, waiting: None, sides: None, trouble: None, scroll: Scroll::default() }
    }

    fn ask(&mut self, cx: &Cx) -> Effects {
        let ticket = cx.ticket();
        let old = self.waiting.replace(ticket).map(Effect::Forget);
        old.into_iter().chain([Effect::Ask(ticket, Query::Sides(self.project.clone()))]).collect()
    }

    fn rows(&self, cx: &Cx, wide: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.waiting.is_some() {
            rows.push(Row::Line(vec![piece(format!("{} {}", cx.spinner(), cx.t("sides.reading")), Role::Muted)]));
        }
        if let Some(trouble) = &self.trouble {
            rows.push(Row::text("", Role::Bad, trouble.clone(), Role::Bad));
        }
        let Some(sides) = self.sides.as_ref().filter(|sides| !sides.sides.is_empty()) else { return rows };
        let lines = lines(cx, sides);
        let name = lines.iter().map(|line| width(&line.name)).max().unwrap_or(0).min(NAME);
        let column = wide.saturating_sub(name + 2) / sides.sides.len();
        if column >= COLUMN {
            beside(sides, &lines, (name, column), &mut rows);
        } else {
            below(sides, &lines, name, wide, &mut rows);
        }
        rows.push(Row::Blank);
        rows.push(Row::text("≠ ", Role::Changed, cx.t("sides.other"), Role::Muted));
        rows.push(Row::text("→ ", Role::Bad, cx.t("sides.drift"), Role::Muted));
        rows.extend(troubles(cx, sides));
        rows
    }
}

/// A line of the comparison: its name, and what stands in each environment.
struct Line {
    name: String,
    cells: Vec<Said>,
}

/// What stands in a cell; the sign in front of it says what its colour says.
struct Said {
    sign: &'static str,
    text: String,
    /// What of it is never cut: the tag of an image.
    tag: String,
    role: Role,
}

impl Said {
    fn plain(text: impl Into<String>, role: Role) -> Self {
        Self { sign: "", text: text.into(), tag: String::new(), role }
    }

    fn within(&self, room: usize) -> String {
        let left = room.saturating_sub(width(self.sign) + width(&self.tag));
        if self.tag.is_empty() || left > 4 {
            return format!("{}{}{}", self.sign, cut_middle(&self.text, left), self.tag);
        }
        format!("{}{}", self.sign, cut_middle(self.tag.trim_start_matches(':'), room.saturating_sub(width(self.sign))))
    }
}

fn lines(cx: &Cx, sides: &Sides) -> Vec<Line> {
    let line = |key: &'static str, cell: &dyn Fn(&Side) -> Said| Line {
        name: cx.words.get(key).to_owned(),
        cells: sides.sides.iter().map(cell).collect(),
    };
    let none = || Said::plain("–", Role::Faint);
    let mut out = vec![
        line("sides.git", &|side| {
            let said = |head: &domain::revision::CommitId| Said::plain(format!("{}@{}", side.branch, head.short()), Role::Text);
            side.head.as_ref().map_or_else(none, said)
        }),
        line("sides.running", &|side| {
            let role = if side.stale { Role::Unknown } else { Role::Text };
            side.applied.as_ref().map_or_else(none, |revision: &Revision| Said::plain(revision.short(), role))
        }),
        line("sides.agrees", &|side| agreement(cx, side)),
        line("sides.workload", &|side| Said::plain(side.workload.clone(), Role::Muted)),
    ];
    out.extend(sides.across().iter().map(|across| Line {
        name: named(cx, across),
        cells: across.cells.iter().zip(&sides.sides).map(|(place, side)| cell(across, place, side.stale)).collect(),
    }));
    out
}

/// Names a field as the deploy form does, where it has a word for it.
fn named(cx: &Cx, across: &Across<'_>) -> String {
    let field = if let Some(name) = across.field.strip_prefix("env ") {
        cx.tf("sides.variable", &[("name", name)])
    } else {
        let key = format!("deploy.field.{}", across.field.replace(' ', "-"));
        cx.words.find(&key).unwrap_or(across.field).to_owned()
    };
    across.container.map_or_else(|| field.clone(), |container| format!("{field} ({container})"))
}

fn agreement(cx: &Cx, side: &Side) -> Said {
    let (health, key) = match side.agrees {
        _ if side.stale => (Health::Unknown, "sides.stale"),
        Some(true) => (Health::Ok, "sides.yes"),
        Some(false) => (Health::Bad, "sides.no"),
        None => (Health::Unknown, "sides.unknown"),
    };
    Said::plain(format!("{} {}", cx.glyph(health), cx.words.get(key)), health.into())
}

fn cell(across: &Across<'_>, (place, other): &(Option<&Place>, bool), stale: bool) -> Said {
    let sign = if *other { "≠ " } else { "" };
    let Some(place) = place else { return Said { sign, ..Said::plain("–", Role::Faint) } };
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let image = |value: &Option<String>| {
        let image: Image = value.as_deref().filter(|_| across.field == "image")?.parse().ok()?;
        let tag = format::version(value.as_deref()?);
        (tag != image.name).then_some((image.name, tag))
    };
    // What was so when something was last heard need not be so now.
    let known = |role| if stale { Role::Unknown } else { role };
    if place.drift == Some(true) {
        return match (image(&place.git), image(&place.running)) {
            (Some((name, wanted)), Some((same, running))) if name == same => {
                Said { sign, text: name, tag: format!(":{wanted} → {running}"), role: known(Role::Bad) }
            }
            _ => Said { sign, ..Said::plain(format!("{} → {}", text(&place.git), text(&place.running)), known(Role::Bad)) },
        };
    }
    let value = place.running.clone().or_else(|| place.git.clone());
    let role = known(if *other { Role::Changed } else { Role::Text });
    match image(&value) {
        Some((name, tag)) => Said { sign, text: name, tag: format!(":{tag}"), role },
        None => Said { sign, ..Said::plain(text(&value), role) },
    }
}

/// One column for each environment.
fn beside(sides: &Sides, lines: &[Line], (name, column): (usize, usize), rows: &mut Vec<Row>) {
    let head = sides.sides.iter().map(|side| padded(side.environment.name.as_str(), column, Role::Accent));
    rows.push(Row::Line(std::iter::once(piece(" ".repeat(name + 2), Role::Text)).chain(head).collect()));
    for line in lines {
        let cells = line.cells.iter().map(|said| padded(&said.within(column.saturating_sub(2)), column, said.role));
        rows.push(Row::Line(std::iter::once(padded(&line.name, name + 2, Role::Muted)).chain(cells).collect()));
    }
}

/// One block for each environment.
fn below(sides: &Sides, lines: &[Line], name: usize, wide: usize, rows: &mut Vec<Row>) {
    for (at, side) in sides.sides.iter().enumerate() {
        if at > 0 {
            rows.push(Row::Blank);
        }
        rows.push(Row::heading(side.environment.name.to_string()));
        for line in lines {
            let Some(said) = line.cells.get(at) else { continue };
            let room = wide.saturating_sub(name + 2);
            rows.push(Row::Line(vec![padded(&line.name, name + 2, Role::Muted), piece(said.within(room), said.role)]));
        }
    }
}

fn padded(text: &str, wide: usize, role: Role) -> Piece<'static> {
    let text = cut_middle(text, wide.saturating_sub(2)).into_owned();
    let blanks = wide.saturating_sub(width(&text));
    piece(format!("{text}{}", " ".repeat(blanks)), role)
}

fn troubles(cx: &Cx, sides: &Sides) -> Vec<Row> {
    let of = |side: &Side| -> Vec<Row> {
        let all = [&side.git_trouble, &side.live_trouble].into_iter().flatten();
        all.map(|t| Row::text(format!("✗ {}  ", side.environment.name), Role::Bad, cx.said(&t.to_string()), Role::Bad)).collect()
    };
    sides.sides.iter().flat_map(of).collect()
}

impl Tab for SideBySide {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        std::iter::once(&REFRESH).chain(SCROLL).collect()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter if self.sides.is_none() => return self.ask(cx),
            TabMsg::Command("sides.refresh") => return self.ask(cx),
            TabMsg::Reply(ticket, answer) if self.waiting == Some(ticket) => {
                self.waiting = None;
                self.trouble = None;
                match answer {
                    Ok(Answer::Sides(sides)) => self.sides = Some(sides),
                    Ok(_) => {}
                    Err(trouble) => self.trouble = Some(cx.trouble(&trouble)),
                }
            }
            TabMsg::Command(id) => {
                self.scroll.command(id);
            }
            _ => {}
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(2), area.height.saturating_sub(1));
        let inner = dialog::frame(cx, place, buf, &cx.tf("sides.title", &[("project", self.project.as_str())]));
        let rows = self.rows(cx, usize::from(inner.width.saturating_sub(1)));
        sheet::view(cx, inner, buf, &rows, &self.scroll);
    }
}

#[cfg(test)]
#[path = "sides_tests.rs"]
mod tests;
