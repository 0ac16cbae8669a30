//! A form: labelled fields, what is wrong with them beside them as they are typed, choices, switches and a text area.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::live::Private;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tui_textarea::TextArea;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::spots::{Aim, Pointed};
use crate::theme::Role;
use crate::widgets::input::Input;
use crate::widgets::put::{columns, cut_path, put, put_right, put_wrapped, width, wrap};

mod value;

use value::{hidden_key, value};

/// The commands of every form; a tab adds them to its own.
pub const FORM: &[Command] = &[command("form.next", &["tab", "ctrl-n"], 10), command("form.previous", &["s-tab", "ctrl-p"], 0)];

/// Holds what a field is changed with.
#[derive(Debug, Clone)]
pub enum Control {
    /// A line of text.
    Text(Input),
    /// One of several words; left and right choose.
    Choice {
        /// The words.
        options: Vec<String>,
        /// Which one.
        at: usize,
    },
    /// On or off; space turns it over.
    Switch(bool),
    /// Several lines of text, at most so many rows high.
    Area(Box<TextArea<'static>>, u16),
    /// A secret: what is typed or pasted is counted, never shown.
    Hidden(Private),
    /// A line under which other fields are put away: whether they are shown, and what it says of them.
    Head(bool, String),
}

/// Holds a field.
#[derive(Debug, Clone)]
pub struct Field {
    /// The id, by which it is found again.
    pub id: String,
    /// The label, in the operator's language.
    pub label: String,
    /// What it is changed with.
    pub control: Control,
    /// The title of the fields from here on; empty where none begins.
    pub heading: String,
    /// What stands in an empty text field.
    pub placeholder: String,
    /// What is said beside it: `now 1.8.4, runs 1.8.3`.
    pub note: String,
    /// Why its value cannot stand; said in place of the note.
    pub fault: Option<String>,
    /// Whether its value differs from what was there before.
    pub changed: bool,
    /// Where its value lives: a path and a line; shown at the right where there is room.
    pub place: String,
    /// What it waits for; empty when it waits for nothing.
    pub waits: String,
    /// Whether it is put away.
    pub hidden: bool,
}

impl Field {
    /// Builds a field of a line of text.
    pub fn text(id: &str, label: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(id, label, Control::Text(Input::new(value)))
    }

    /// Builds a field of a choice.
    pub fn choice(id: &str, label: impl Into<String>, options: Vec<String>, chosen: &str) -> Self {
        let at = options.iter().position(|o| o == chosen).unwrap_or(0);
        Self::new(id, label, Control::Choice { options, at })
    }

    /// Builds a field that is on or off.
    pub fn switch(id: &str, label: impl Into<String>, on: bool) -> Self {
        Self::new(id, label, Control::Switch(on))
    }

    /// Builds a field of several lines.
    pub fn area(id: &str, label: impl Into<String>, text: &str, rows: u16) -> Self {
        Self::new(id, label, Control::Area(Box::new(text_area(text)), rows))
    }

    /// Builds a field of a secret.
    pub fn secret(id: &str, label: impl Into<String>, text: &str) -> Self {
        Self::new(id, label, Control::Hidden(Private::new(text)))
    }

    fn new(id: &str, label: impl Into<String>, control: Control) -> Self {
        Self {
            id: id.to_owned(),
            label: label.into(),
            control,
            heading: String::new(),
            placeholder: String::new(),
            note: String::new(),
            fault: None,
            changed: false,
            place: String::new(),
            waits: String::new(),
            hidden: false,
        }
    }

    /// Builds a line under which other fields are put away.
    pub fn head(id: &str, label: impl Into<String>) -> Self {
        Self::new(id, label, Control::Head(false, String::new()))
    }

    /// Sets what a line says of the fields that are put away under it.
    pub fn said(&mut self, text: &str) {
        if let Control::Head(_, said) = &mut self.control {
            text.clone_into(said);
        }
    }

    /// Tells whether the fields under a line are shown.
    pub const fn is_open(&self) -> bool {
        matches!(self.control, Control::Head(true, _))
    }

    /// Adds what is said beside it.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Begins a group of fields under a title.
    pub fn under(mut self, heading: impl Into<String>) -> Self {
        self.heading = heading.into();
        self
    }

    /// Adds what stands in it while it is empty.
    pub fn placeholder(mut self, text: impl Into<String>) -> Self {
        self.placeholder = text.into();
        self
    }

    /// Returns its value as text: a switch says `true` or `false`.
    pub fn value(&self) -> String {
        match &self.control {
            Control::Text(input) => input.text().to_owned(),
            Control::Choice { options, at } => options.get(*at).cloned().unwrap_or_default(),
            Control::Switch(on) => on.to_string(),
            Control::Area(area, _) => area.lines().join("\n"),
            Control::Hidden(secret) => secret.text().to_owned(),
            Control::Head(open, _) => open.to_string(),
        }
    }

    /// Sets its value.
    pub fn set(&mut self, value: &str) {
        match &mut self.control {
            Control::Text(input) => input.set(value),
            Control::Choice { options, at } => *at = options.iter().position(|o| o == value).unwrap_or(*at),
            Control::Switch(on) => *on = value == "true",
            Control::Area(area, _) => **area = text_area(value),
            Control::Hidden(secret) => *secret = Private::new(value),
            Control::Head(open, _) => *open = value == "true",
        }
    }

    /// Tells whether keys are text in it.
    pub const fn typing(&self) -> bool {
        matches!(self.control, Control::Text(_) | Control::Area(..) | Control::Hidden(_))
    }

    fn height(&self) -> u16 {
        match &self.control {
            Control::Area(area, rows) => columns(area.lines().len()).clamp(2, *rows),
            _ => 1,
        }
    }

    fn key(&mut self, key: KeyEvent) -> bool {
        match &mut self.control {
            Control::Text(input) => input.key(key),
            Control::Choice { options, at } => {
                let count = options.len().max(1);
                let step = match key.code {
                    KeyCode::Right | KeyCode::Char(' ' | 'l') => 1,
                    KeyCode::Left | KeyCode::Char('h') => count - 1,
                    KeyCode::Char(c) => match options.iter().position(|o| o.to_lowercase().starts_with(c.to_ascii_lowercase())) {
                        Some(found) => (count + found - *at) % count,
                        None => 0,
                    },
                    _ => 0,
                };
                *at = (*at + step) % count;
                step != 0
            }
            Control::Switch(on) => {
                let turn = matches!(key.code, KeyCode::Char(' ' | 'h' | 'l') | KeyCode::Left | KeyCode::Right);
                *on ^= turn;
                turn
            }
            Control::Area(area, _) => area.input(key),
            Control::Hidden(secret) => hidden_key(secret, key),
            Control::Head(open, _) => {
                let now = match key.code {
                    KeyCode::Char(' ') | KeyCode::Enter => !*open,
                    KeyCode::Right | KeyCode::Char('l') => true,
                    KeyCode::Left | KeyCode::Char('h') => false,
                    _ => *open,
                };
                std::mem::replace(open, now) != now
            }
        }
    }
}

fn text_area(text: &str) -> TextArea<'static> {
    let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
    area.set_cursor_line_style(Style::new());
    area
}

/// Holds fields, which one has the focus, and how wide labels are.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// The fields, from top to bottom.
    pub fields: Vec<Field>,
    focus: usize,
    pointed: Pointed,
}

impl Form {
    /// Builds a form; the first field has the focus.
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields, focus: 0, pointed: Pointed::default() }
    }

    /// Returns the field that has the focus.
    pub fn focused(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    /// Gives a field the focus.
    pub fn focus(&mut self, id: &str) {
        if let Some(at) = self.fields.iter().position(|f| f.id == id) {
            self.focus = at;
        }
    }

    /// Returns a field.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.id == id)
    }

    /// Returns a field to change it.
    pub fn field_mut(&mut self, id: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|f| f.id == id)
    }

    /// Returns a field's value; empty when there is no such field.
    pub fn value(&self, id: &str) -> String {
        self.field(id).map(Field::value).unwrap_or_default()
    }

    /// Sets or clears what is wrong with a field.
    pub fn fault(&mut self, id: &str, fault: Option<String>) {
        if let Some(field) = self.field_mut(id) {
            field.fault = fault;
        }
    }

    /// Tells whether a field has a fault.
    pub fn faulty(&self) -> bool {
        self.fields.iter().any(|f| f.fault.is_some())
    }

    /// Gives the first field with a fault the focus.
    pub fn to_fault(&mut self) {
        if let Some(at) = self.fields.iter().position(|f| f.fault.is_some()) {
            self.focus = at;
        }
    }

    /// Carries out one of [`FORM`]; tells whether it was one.
    pub fn command(&mut self, id: &str) -> bool {
        let count = self.fields.len().max(1);
        if id == "form.point" {
            let to = self.pointed.take().filter(|at| self.fields.get(*at).is_some_and(|f| !f.hidden));
            self.focus = to.unwrap_or(self.focus);
            return true;
        }
        let step = match id {
            "form.next" => 1,
            "form.previous" => count - 1,
            _ => return false,
        };
        let mut places = (1..=count).map(|n| (self.focus + n * step) % count);
        if let Some(to) = places.find(|at| self.fields.get(*at).is_some_and(|f| !f.hidden)) {
            self.focus = to;
        }
        true
    }

    /// Takes a key and returns the id of the field whose value changed by it.
    ///
    /// Up and down move between fields; Enter moves on, except in an area, where it breaks the line.
    pub fn key(&mut self, key: KeyEvent) -> Option<String> {
        let area = matches!(self.focused()?.control, Control::Area(..));
        match key.code {
            KeyCode::Up if !area || self.at_edge(true) => {
                self.command("form.previous");
                None
            }
            KeyCode::Down if !area || self.at_edge(false) => {
                self.command("form.next");
                None
            }
            KeyCode::Enter if matches!(self.focused()?.control, Control::Head(..)) => {
                let field = self.fields.get_mut(self.focus)?;
                field.key(key).then(|| field.id.clone())
            }
            KeyCode::Enter if !area || key.modifiers.contains(KeyModifiers::ALT) => {
                self.command("form.next");
                None
            }
            _ => {
                let field = self.fields.get_mut(self.focus)?;
                field.key(key).then(|| field.id.clone())
            }
        }
    }

    fn at_edge(&self, top: bool) -> bool {
        match self.focused().map(|f| &f.control) {
            Some(Control::Area(area, _)) => {
                let row = area.cursor().0;
                if top { row == 0 } else { row + 1 >= area.lines().len() }
            }
            _ => true,
        }
    }

    /// Takes pasted text and returns the id of the field whose value changed by it.
    pub fn paste(&mut self, text: &str) -> Option<String> {
        let field = self.fields.get_mut(self.focus)?;
        let changed = match &mut field.control {
            Control::Text(input) => input.paste(text),
            Control::Area(area, _) => area.insert_str(domain::text::display(text, true)),
            // A key is pasted with its lines.
            Control::Hidden(secret) => {
                *secret = Private::new(format!("{}{text}", secret.text()));
                !text.is_empty()
            }
            _ => false,
        };
        changed.then(|| field.id.clone())
    }

    /// Draws it and returns how many rows it took. The field that has the focus is always in sight; with `active` it shows
    /// the cursor.
    pub fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer, active: bool) -> u16 {
        let shown = || self.fields.iter().enumerate().filter(|(_, f)| !f.hidden);
        let label = self.fields.iter().map(|f| width(&f.label)).max().unwrap_or(0).min(usize::from(area.width / 3));
        let label = columns(label) + 2;
        let before: u16 = shown().filter(|(at, _)| *at <= self.focus).map(|(_, f)| rows(f, area.width, label)).sum();
        let mut skip = before.saturating_sub(area.height);
        // Groups stand apart where there is room for it.
        let all: u16 = shown().map(|(_, f)| rows(f, area.width, label)).sum();
        let groups = columns(shown().skip(1).filter(|(_, f)| !f.heading.is_empty()).count());
        let gap = u16::from(all + groups <= area.height);
        let (edge, long) = (area.right().saturating_sub(1), all > area.height);
        let area = if long { Rect { width: area.width.saturating_sub(2), ..area } } else { area };
        if skip > 0 {
            put(buf, (edge, area.y), 1, "↑", cx.style(Role::Muted));
        }
        let mut y = area.y;
        for (at, field) in shown() {
            let high = rows(field, area.width, label);
            if skip > 0 {
                skip = skip.saturating_sub(high);
                continue;
            }
            if y > area.y && !field.heading.is_empty() {
                y += gap;
            }
            if y >= area.bottom() {
                put(buf, (edge, area.bottom().saturating_sub(1)), 1, "↓", cx.style(Role::Muted));
                break;
            }
            let place = Rect { y, height: high.min(area.bottom() - y), ..area };
            draw(cx, place, buf, field, label, (at == self.focus, active));
            // Whatever row of a field is pointed at, it is that field.
            for row in place.rows() {
                cx.spot(row, Aim::Rows { first: at, total: at + 1, to: self.pointed.clone(), command: "form.point" });
            }
            y += high;
        }
        y - area.y
    }
}

/// How wide a value is at least, whatever is said beside it.
const LEAST: u16 = 14;

/// Returns how wide the value of a field is, and how much is left beside it for what is said.
fn split(field: &Field, room: u16) -> (u16, u16) {
    let nothing = said(field).is_empty() && field.place.is_empty();
    if nothing || matches!(field.control, Control::Area(..) | Control::Head(..)) {
        return (room, 0);
    }
    let long = if matches!(field.control, Control::Hidden(_)) { 18 } else { width(&field.value()) };
    // What is said, and what stands in it while it is empty, have their room where both can have it.
    let left = room.saturating_sub(columns(width(said(field))) + 2);
    let empty = columns(width(&field.placeholder) + 2).min(left);
    let value = columns(long + 2).max((room / 3).min(left).max(LEAST)).max(empty).min(room);
    (value, room.saturating_sub(value + 2))
}

/// Returns what is said beside a field.
fn said(field: &Field) -> &str {
    match &field.fault {
        Some(fault) => fault,
        None if field.waits.is_empty() => &field.note,
        None => &field.waits,
    }
}

fn rows(field: &Field, wide: u16, label: u16) -> u16 {
    let room = wide.saturating_sub(label + 2);
    let (_, beside) = split(field, room);
    let said = field.fault.as_deref().unwrap_or("");
    let fits = width(said) <= usize::from(beside);
    let heading = u16::from(!field.heading.is_empty());
    heading + field.height() + if fits { 0 } else { columns(wrap(said, usize::from(room)).len()) }
}

fn draw(cx: &Cx, mut area: Rect, buf: &mut Buffer, field: &Field, label: u16, (focused, active): (bool, bool)) {
    if !field.heading.is_empty() {
        put(buf, (area.x, area.y), area.width, &field.heading, cx.style(Role::Text).add_modifier(Modifier::BOLD));
        area = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if area.height == 0 {
            return;
        }
    }
    let role = if focused { Role::Accent } else { Role::Muted };
    put(buf, (area.x + 2, area.y), label - 1, &field.label, cx.style(role));
    if focused {
        put(buf, (area.x, area.y), 1, "▌", cx.style(Role::Accent));
    } else if field.changed {
        put(buf, (area.x, area.y), 1, "•", cx.style(Role::Changed));
    }
    let room = area.width.saturating_sub(label + 2);
    let (wide, beside) = split(field, room);
    let place = Rect { x: area.x + label + 2, width: wide, height: field.height().min(area.height), ..area };
    value(cx, place, buf, field, focused && active);
    beside_value(cx, area, buf, field, (place, beside, room));
}

/// Draws what is said beside a field, and where it lives at the right where there is room for it.
fn beside_value(cx: &Cx, area: Rect, buf: &mut Buffer, field: &Field, (value, beside, room): (Rect, u16, u16)) {
    let x = value.right() + 2;
    let mut taken = 0;
    match &field.fault {
        Some(fault) if width(fault) > usize::from(beside) => {
            let below =
                Rect { y: area.y + field.height(), width: room, height: area.height.saturating_sub(field.height()), ..value };
            put_wrapped(buf, below, fault, cx.style(Role::Bad));
        }
        Some(fault) => taken = put(buf, (x, area.y), beside, fault, cx.style(Role::Bad)),
        None if beside == 0 => {}
        None if !field.waits.is_empty() => {
            taken = put(buf, (x, area.y), beside, &format!("? {}", field.waits), cx.style(Role::Warn));
        }
        None => taken = put(buf, (x, area.y), beside, &field.note, cx.style(Role::Faint)),
    }
    let left = beside.saturating_sub(if taken > 0 { taken + 2 } else { 0 });
    let place = cut_path(&field.place, usize::from(left));
    put_right(buf, Rect { height: 1, width: (x + beside).saturating_sub(area.x), ..area }, &place, cx.style(Role::Faint));
}
