//! A log that is read as it comes: following and stopping, searching, narrowing, choosing what is read.

use std::cell::Cell;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use domain::logs::{Batch, Containers, Follow, From};
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lines::Lines;
use super::rows::{Look, broken, pieces};
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::input::Input;
use crate::widgets::put::{Piece, columns, piece, put, put_pieces, put_right, put_wrapped, width_of};
use crate::widgets::scroll::SCROLL;
use crate::widgets::table::scrollbar;
use crate::widgets::yaml::after;

mod save;

pub(in crate::overlays) use save::COPY;
use save::{SAVE, Saving};

static FOLLOW: Command = command("log.follow", &["f"], 1);
static SEARCH: Command = command("log.search", &["/"], 2);
static ONLY: Command = command("log.only", &["o"], 3);
static NEXT: Command = command("log.next-match", &["n"], 4);
static BEFORE: Command = command("log.previous-match", &["N"], 0);
static CONTAINER: Command = command("log.container", &["v"], 5);
static SINCE: Command = command("log.since", &["m"], 6);
static WRAP: Command = command("log.wrap", &["w"], 7);
static STAMPS: Command = command("log.stamps", &["t"], 8);
static PREVIOUS: Command = command("log.previous", &["p"], 9);
static KEEP: Command = command("log.keep-search", &["enter"], 1);
static CLEAR: Command = command("log.clear-search", &["esc"], 2);
/// The spans that can be chosen, in seconds.
const SPANS: [Option<u32>; 4] = [None, Some(60), Some(300), Some(3600)];

/// Holds a log and where one is in it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the screen")]
pub(in crate::overlays) struct Pane {
    want: Follow,
    asked: Option<Ticket>,
    lines: Lines,
    containers: Arc<Vec<String>>,
    reading: Arc<Vec<Arc<From>>>,
    /// Whether anything was heard, a first empty batch too.
    heard: bool,
    over: bool,
    failed: Option<String>,
    following: bool,
    wrap: bool,
    stamps: bool,
    only: bool,
    search: Input,
    typing: bool,
    /// The name of the file that it is to be written to, while it is asked for.
    saving: Option<Saving>,
    /// The line that the search stands at.
    hit: Option<u64>,
    /// The line at the top when the search began; none when it followed.
    anchor: Option<u64>,
    /// The line at the top while it does not follow.
    top: Cell<u64>,
    left: usize,
    page: Cell<usize>,
}

impl Pane {
    /// Prepares it; [`Pane::start`] asks.
    pub(in crate::overlays) fn new(want: Follow) -> Self {
        Self {
            want,
            asked: None,
            lines: Lines::default(),
            containers: Arc::default(),
            reading: Arc::default(),
            heard: false,
            over: false,
            failed: None,
            following: true,
            wrap: false,
            stamps: false,
            only: false,
            search: Input::default(),
            typing: false,
            saving: None,
            hit: None,
            anchor: None,
            top: Cell::new(0),
            left: 0,
            page: Cell::new(1),
        }
    }

    /// Asks anew, and forgets what came before.
    pub(in crate::overlays) fn start(&mut self, cx: &Cx) -> Effects {
        let mut effects = self.stop();
        let ticket = cx.ticket();
        self.asked = Some(ticket);
        (self.lines, self.heard, self.over, self.failed, self.following) = (Lines::default(), false, false, None, true);
        (self.hit, self.reading) = (None, Arc::default());
        self.lines.search(self.search.text(), self.only);
        effects.push(Effect::Ask(ticket, Query::Follow(self.want.clone())));
        effects
    }

    /// Takes back what was asked.
    pub(in crate::overlays) fn stop(&mut self) -> Effects {
        self.asked.take().map(Effect::Forget).into_iter().collect()
    }

    /// Tells whether it was neither asked nor ended well.
    pub(in crate::overlays) const fn is_idle(&self) -> bool {
        self.asked.is_none() && !self.over
    }

    /// Tells whether keys are text now.
    pub(in crate::overlays) const fn typing(&self) -> bool {
        self.typing || self.saving.is_some()
    }

    /// Returns the key of its title.
    pub(super) const fn title(&self) -> &'static str {
        if self.want.previous { "log.title-previous" } else { "log.title" }
    }

    fn about_object(&self) -> bool {
        self.want.key.flux_kind().is_some()
    }

    /// Returns what is possible now.
    pub(in crate::overlays) fn commands(&self) -> Vec<&'static Command> {
        if self.saving.is_some() {
            return Saving::commands();
        }
        if self.typing {
            return vec![&KEEP, &CLEAR];
        }
        let mut out: Vec<&'static Command> = vec![&FOLLOW, &SEARCH];
        if !self.search.text().is_empty() {
            out.extend([&ONLY, &NEXT, &BEFORE, &CLEAR]);
        }
        out.extend((self.containers.len() > 1 && !self.about_object()).then_some(&CONTAINER));
        out.extend([&SINCE, &WRAP, &STAMPS]);
        out.extend((!self.about_object()).then_some(&PREVIOUS));
        out.extend((self.lines.len() > 0).then_some(&SAVE));
        out.extend(SCROLL);
        out
    }

    /// Takes a message.
    pub(in crate::overlays) fn update(&mut self, cx: &Cx, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command(id) => return self.command(cx, id),
            TabMsg::Key(key) => self.key(*key),
            TabMsg::Written(ticket, written) => return self.saved(cx, *ticket, written),
            TabMsg::Paste(text) if self.saving.is_some() => {
                if let Some(saving) = &mut self.saving {
                    saving.name.paste(text);
                }
            }
            TabMsg::Paste(text) => {
                self.search.paste(text);
                self.find();
            }
            TabMsg::Reply(ticket, answer) if self.asked == Some(*ticket) => self.reply(cx, answer),
            _ => {}
        }
        Effects::new()
    }

    fn reply(&mut self, cx: &Cx, answer: &Result<Answer, Trouble>) {
        match answer {
            Ok(Answer::Lines(batch)) => self.take(batch),
            Ok(_) => {}
            Err(trouble) => {
                self.failed = Some(cx.trouble(trouble));
                self.asked = None;
            }
        }
    }

    fn take(&mut self, batch: &Batch) {
        self.heard = true;
        self.lines.take(batch);
        self.containers = Arc::clone(&batch.containers);
        self.reading = Arc::clone(&batch.reading);
        if batch.over {
            (self.over, self.asked) = (true, None);
        }
    }

    fn key(&mut self, key: KeyEvent) {
        if let Some(saving) = &mut self.saving {
            saving.name.key(key);
        } else if key.code == KeyCode::Backspace && self.search.text().is_empty() {
            self.typing = false;
        } else if self.search.key(key) {
            self.find();
        }
    }

    fn find(&mut self) {
        self.lines.search(self.search.text(), self.only);
        self.hit = None;
        if self.search.text().is_empty() || self.only {
            return;
        }
        // From where the search began, whatever was found for the first letters: the last one, or the first from the top on.
        let found = match self.anchor {
            None => self.lines.next_hit(u64::MAX, false),
            Some(top) if self.lines.get(top).is_some_and(|line| self.lines.holds(line)) => Some(top),
            Some(top) => self.lines.next_hit(top, true),
        };
        self.show(found);
    }

    /// Goes to the next line that was found, or the one before: from the last hit, else from what is in sight.
    fn step(&mut self, forward: bool) {
        let from = self.hit.unwrap_or_else(|| if self.following { u64::MAX } else { self.top.get() });
        self.show(self.lines.next_hit(from, forward));
    }

    fn show(&mut self, found: Option<u64>) {
        if let Some(hit) = found {
            self.hit = Some(hit);
            let at = self.lines.at(hit);
            let (first, page) = (self.lines.at(self.top.get()), self.page.get());
            let in_sight = at >= first && at < first + page;
            self.following = false;
            if !in_sight {
                self.go(at.saturating_sub(page / 3));
            }
        }
    }

    /// Puts the nth shown line at the top.
    fn go(&self, at: usize) {
        let last = self.lines.len().saturating_sub(if self.wrap { 1 } else { self.page.get() });
        self.top.set(self.lines.number(at.min(last)).unwrap_or(0));
    }

    fn scroll(&mut self, id: &str) {
        let (top, page) = (self.lines.at(self.top.get()), self.page.get().max(1));
        let to = match id {
            "scroll.down" => top + 1,
            "scroll.up" => top.saturating_sub(1),
            "scroll.half-down" => top + page.div_ceil(2),
            "scroll.half-up" => top.saturating_sub(page.div_ceil(2)),
            "scroll.page-down" => top + page,
            "scroll.page-up" => top.saturating_sub(page),
            "scroll.first" => 0,
            "scroll.last" => {
                self.following = true;
                return;
            }
            "scroll.left" => {
                self.left = self.left.saturating_sub(8);
                return;
            }
            "scroll.right" => {
                self.left += 8;
                return;
            }
            _ => return,
        };
        // Going down at the end is no wish to stop.
        if self.following && to >= top {
            return;
        }
        self.following = false;
        self.go(to);
    }

    fn command(&mut self, cx: &Cx, id: &str) -> Effects {
        match id {
            "log.follow" => self.following = !self.following,
            "log.wrap" => (self.wrap, self.left) = (!self.wrap, 0),
            "log.stamps" => self.stamps = !self.stamps,
            "log.search" => {
                self.typing = true;
                self.anchor = (!self.following).then(|| self.top.get());
            }
            "log.keep-search" => self.typing = false,
            "log.clear-search" => {
                (self.typing, self.only) = (false, false);
                self.search.set("");
                self.find();
            }
            "log.only" => {
                self.only = !self.only;
                self.lines.search(self.search.text(), self.only);
            }
            "log.next-match" => self.step(true),
            "log.previous-match" => self.step(false),
            "log.save" => self.ask_name(),
            "log.write" | "log.cancel" => return self.save_command(cx, id),
            "text.pager" => return vec![Effect::Pager(self.whole())],
            "log.copy" => return vec![Effect::Copy(self.text())],
            "log.previous" => {
                self.want.previous = !self.want.previous;
                return self.start(cx);
            }
            "log.since" => {
                let at = SPANS.iter().position(|span| *span == self.want.since).unwrap_or(0);
                self.want.since = SPANS.get((at + 1) % SPANS.len()).copied().flatten();
                return self.start(cx);
            }
            "log.container" => {
                self.want.containers = self.next_container();
                return self.start(cx);
            }
            id => self.scroll(id),
        }
        Effects::new()
    }

    /// Returns the choice after the present one: each container by name, then all, and again.
    fn next_container(&self) -> Containers {
        let at = |name: &str| self.containers.iter().position(|n| n == name);
        let present = match &self.want.containers {
            Containers::All => None,
            Containers::Named(name) => at(name),
            Containers::Main => self.reading.first().and_then(|from| at(&from.container)).or(Some(0)),
        };
        let next = present.map_or(0, |at| at + 1);
        self.containers.get(next).map_or(Containers::All, |name| Containers::Named(name.clone()))
    }

    /// Draws it.
    pub(in crate::overlays) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if area.height < 2 {
            return;
        }
        self.head(cx, area, buf);
        let searched = self.typing || self.saving.is_some() || !self.search.text().is_empty();
        let body = Rect { y: area.y + 1, height: area.height - 1 - u16::from(searched), ..area };
        if let Some(why) = &self.failed {
            put_wrapped(buf, body, why, cx.style(Role::Bad));
        } else if self.lines.len() == 0 {
            let key = match () {
                () if self.lines.kept() > 0 => "log.none-match",
                () if !self.heard => "log.asking",
                () if self.over => "log.empty",
                () if self.about_object() => "log.silent-controller",
                () => "log.silent",
            };
            put_wrapped(buf, body, cx.t(key), cx.style(Role::Muted));
        } else {
            self.rows(cx, body, buf);
        }
        if searched && area.height > 2 {
            self.foot(cx, Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
        }
    }

    /// Draws how it is read: whether it follows, which containers, since when, how many lines.
    fn head(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let (sign, key, role) = match () {
            () if self.failed.is_some() => ("✗", "log.state-failed", Role::Bad),
            () if self.over => ("■", "log.state-over", Role::Muted),
            () if !self.heard => (cx.spinner(), "log.state-asking", Role::Busy),
            () if self.following => ("●", "log.state-following", Role::Ok),
            () => ("‖", "log.state-stopped", Role::Warn),
        };
        let mut line = vec![piece(format!("{sign} {}", cx.t(key)), role)];
        let mut say = |text: String, role: Role| line.push(piece(format!("  {text}"), role));
        let container = match &self.want.containers {
            Containers::All => cx.t("log.all-containers").to_owned(),
            Containers::Named(name) => name.clone(),
            Containers::Main => self.reading.first().map(|from| from.container.clone()).unwrap_or_default(),
        };
        if self.about_object() {
            let pods: Vec<&str> = self.reading.iter().map(|from| from.pod.as_str()).collect();
            say(pods.join(" "), Role::Accent);
        } else {
            say(container, Role::Accent);
            if self.containers.len() > 1 {
                say(cx.tf("log.of-containers", &[("count", &self.containers.len().to_string())]), Role::Faint);
            }
            if &*self.want.key.kind != "Pod" && !self.reading.is_empty() {
                say(cx.tf("log.pods", &[("count", &self.pods().to_string())]), Role::Muted);
            }
        }
        if self.want.previous {
            say(cx.t("log.run-before").to_owned(), Role::Warn);
        }
        if let Some(since) = self.want.since {
            let span = if since < 3600 { format!("{}m", since / 60) } else { format!("{}h", since / 3600) };
            say(cx.tf("log.since", &[("span", &span)]), Role::Muted);
        }
        if self.lines.gone() > 0 {
            say(cx.tf("log.dropped", &[("count", &self.lines.gone().to_string())]), Role::Faint);
        }
        if self.lines.lost > 0 {
            say(cx.tf("log.lost", &[("count", &self.lines.lost.to_string())]), Role::Warn);
        }
        let count = cx.tf("log.lines", &[("count", &self.lines.kept().to_string())]);
        let took = put_right(buf, area, &count, cx.style(Role::Faint));
        let room = area.width.saturating_sub(took + 1);
        put_pieces(cx, buf, (area.x, area.y), room, &line[..fitting(&line, usize::from(room))]);
    }

    fn pods(&self) -> usize {
        let mut pods: Vec<&str> = self.reading.iter().map(|from| from.pod.as_str()).collect();
        pods.sort_unstable();
        pods.dedup();
        pods.len()
    }

    fn foot(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if let Some(saving) = &self.saving {
            return saving.view(cx, area, buf);
        }
        put(buf, (area.x, area.y), 1, "/", cx.style(Role::Accent));
        let hits = self.lines.hits();
        let mut text = hits.to_string();
        if let Some(hit) = self.hit {
            text = format!("{}/{hits}", self.lines.hits_to(hit));
        }
        if self.only {
            text = format!("{text}  {}", cx.t("log.only"));
        }
        let took = put_right(buf, area, &text, cx.style(Role::Muted));
        let place = Rect { x: area.x + 2, width: area.width.saturating_sub(took + 4), ..area };
        self.search.view(cx, place, buf, self.typing, cx.t("log.search-hint"));
    }

    fn look(&self) -> Look<'_> {
        Look {
            stamps: self.stamps,
            containers: self.want.containers == Containers::All,
            reading: &self.reading,
            wanted: self.lines.wanted(),
        }
    }

    fn rows(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let (wide, high) = (area.width.saturating_sub(1), usize::from(area.height));
        self.page.set(high.max(1));
        let rows_of = |line: &domain::logs::Line| -> usize {
            if self.wrap { broken(pieces(cx, self.look(), line), usize::from(wide)).len() } else { 1 }
        };
        // What is skipped of the first line so that the last one ends at the bottom.
        let mut skip = 0;
        if self.following {
            let mut filled = 0;
            for (number, line) in self.lines.backwards() {
                filled += rows_of(line);
                self.top.set(number);
                if filled >= high {
                    skip = filled - high;
                    break;
                }
            }
        } else {
            self.go(self.lines.at(self.top.get()));
        }
        let top = self.lines.at(self.top.get());
        let mut y = area.y;
        for (number, line) in self.lines.from(top) {
            let shown = pieces(cx, self.look(), line);
            let rows = if self.wrap { broken(shown, usize::from(wide)) } else { vec![after(shown, self.left)] };
            for row in rows.iter().skip(std::mem::take(&mut skip)) {
                if y >= area.bottom() {
                    break;
                }
                Self::row(cx, buf, (area.x, y, wide), row, self.hit == Some(number));
                y += 1;
            }
            if y >= area.bottom() {
                break;
            }
        }
        scrollbar(cx, area, buf, top, self.lines.len());
    }

    fn row(cx: &Cx, buf: &mut Buffer, (x, y, wide): (u16, u16, u16), row: &[Piece], hit: bool) {
        put_pieces(cx, buf, (x, y), wide, row);
        if hit {
            let took = columns(width_of(row)).min(wide);
            crate::widgets::put::lay(buf, Rect { x, y, width: took.max(1), height: 1 }, cx.style(Role::Selection));
        }
    }
}

/// Returns how many pieces fit into so many columns.
fn fitting(line: &[Piece], room: usize) -> usize {
    (1..=line.len()).rev().find(|count| width_of(&line[..*count]) <= room).unwrap_or(1).min(line.len())
}
