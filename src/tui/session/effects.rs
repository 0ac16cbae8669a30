//! What panes want, carried out: some of it here, the rest becomes acts of the loop.

use domain::flux::Health;
use domain::live::Private;
use domain::orders::{Order, Question};
use domain::trouble::Trouble;
use domain::world::Mishap;

use super::waiting::CANCELLED;
use super::{Act, Asked, Layer, Place, Session};
use crate::command::Command;
use crate::desk::Change;
use crate::editing::Errand;
use crate::effects::{Effect, Effects, OrderTicket, Overlay, Toast, Wish};
use crate::everywhere;
use crate::memory::Kept;
use crate::overlays;
use crate::place::TabId;
use crate::tab::TabMsg;
use crate::tabs::TABS;
use crate::trail::Stop;

impl Session {
    pub(super) fn carry_out(&mut self, place: Place, effects: Effects, acts: &mut Vec<Act>) {
        for effect in effects {
            match effect {
                Effect::Ask(ticket, query) => {
                    self.asked.insert(ticket, Asked::query(place, &query, self.base.now));
                    acts.push(Act::Wish(Wish::Ask(ticket, query)));
                }
                Effect::Forget(ticket) => {
                    if self.asked.remove(&ticket).is_some() {
                        acts.push(Act::Wish(Wish::Forget(ticket)));
                    }
                }
                Effect::Give(ticket, order) => self.give(place, ticket, order, acts),
                Effect::Answered(ticket, order) => {
                    self.ordered.insert(ticket, place);
                    self.give(place, ticket, order, acts);
                }
                Effect::Editor(ticket, errand) => {
                    self.asked.insert(ticket, Asked::editor(place));
                    acts.push(Act::Editor(ticket, errand));
                }
                Effect::Pager(text) => {
                    let ticket = self.base.cx().ticket();
                    acts.push(Act::Editor(ticket, Errand::View(Private::new(domain::text::display(&text, true)))));
                }
                Effect::Desk(change) => {
                    let before = self.base.desk.clone();
                    self.base.desk.apply(change);
                    if self.base.desk != before {
                        self.desk_changed(acts);
                    }
                }
                Effect::Open(overlay) => self.open(overlay, acts),
                Effect::Close => self.leave_layer(place, acts),
                Effect::Switch(tab) => {
                    self.layers_away(acts);
                    self.switch(tab, true, acts);
                }
                Effect::Run(id) => self.run_by_id(id, acts),
                Effect::Point(tab, id) => self.point(tab, &id, acts),
                Effect::Copy(text) => self.copy(text, acts),
                Effect::Visit(url) if self.base.capabilities.opens && on_the_web(&url) => {
                    let text = self.base.cx().tf("toast.visited", &[("text", &domain::text::one_line(&url))]);
                    self.toast(Toast { health: Health::Ok, text });
                    acts.push(Act::Visit(url));
                }
                Effect::Visit(url) => self.copy(url, acts),
                Effect::Dress(wanted) => self.dress(wanted),
                Effect::Speak(language) => {
                    self.base.preferences.language = language;
                    self.speak(acts);
                }
                Effect::Return(stop) => self.return_to(*stop, acts),
                Effect::Bell => acts.push(Act::Bell),
                Effect::Toast(toast) => self.toast(toast),
                Effect::Trouble(trouble) => self.trouble(trouble),
                Effect::Quit => acts.push(Act::Quit),
                Effect::Demo => acts.push(Act::Demo),
                Effect::Context(context) => self.take_context(&context, acts),
                Effect::Sift(filter) => {
                    let kept = Kept { filter, selected: None };
                    self.tell(Place::Tab(self.active), TabMsg::Recall(kept), acts);
                }
            }
        }
    }

    fn copy(&mut self, text: String, acts: &mut Vec<Act>) {
        let text_shown = domain::text::one_line(&text);
        self.toast(Toast { health: Health::Ok, text: self.base.cx().tf("toast.copied", &[("text", &text_shown)]) });
        acts.push(Act::Copy(text));
    }

    /// What is shown hears of the desk, and what keeps something of it while it is not: a draft outlives a switch of tabs.
    ///
    /// The others would build with every key what nobody sees.
    fn desk_changed(&mut self, acts: &mut Vec<Act>) {
        let hear = self.tabs.iter().zip(TABS).filter(|(tab, of)| of.id == self.active || tab.follows());
        let tabs: Vec<Place> = hear.map(|(_, of)| Place::Tab(of.id)).collect();
        let places: Vec<Place> = tabs.into_iter().chain(self.layers.iter().map(|l| Place::Layer(l.id))).collect();
        for place in places {
            self.tell(place, TabMsg::Desk, acts);
        }
    }

    pub(super) fn trouble(&mut self, trouble: Trouble) {
        if trouble.what == CANCELLED && trouble.object.is_empty() {
            return self.toast(Toast { health: Health::Off, text: self.base.words.said(CANCELLED) });
        }
        self.toast(Toast { health: Health::Bad, text: format!("{}: {}", self.base.words.said(&trouble.what), trouble.object) });
        self.keep_trouble(Mishap { time: self.base.now, trouble });
    }

    /// Gives an order, after the question that it wants to be asked. A confirmation that says yes comes from its overlay.
    fn give(&mut self, place: Place, ticket: OrderTicket, order: Order, acts: &mut Vec<Act>) {
        if !self.base.cx().may(order.terms().permission()) {
            let trouble = Trouble::refused("Your role does not allow this", order.terms().object())
                .why(format!("{} needs the role {:?}", order.terms().act(), order.terms().permission()).to_lowercase())
                .next("Ask an administrator of this console.");
            self.ordered.remove(&ticket);
            self.trouble(trouble);
            return self.tell(place, TabMsg::OrderDropped(ticket), acts);
        }
        if let Err(trouble) = self.within(&order) {
            self.ordered.remove(&ticket);
            self.trouble(trouble);
            return self.tell(place, TabMsg::OrderDropped(ticket), acts);
        }
        let asks = order.terms().question() != Question::None;
        let answered = self.ordered.contains_key(&ticket);
        if asks && !answered {
            if matches!(place, Place::Tab(id) if id != self.active) {
                // A key that is meant for what is shown by now would answer it.
                let text = self.base.cx().tf("toast.not-asked", &[("object", &domain::text::one_line(&order.terms().object()))]);
                self.toast(Toast { health: Health::Warn, text });
                return self.tell(place, TabMsg::OrderDropped(ticket), acts);
            }
            self.ordered.insert(ticket, place);
            return self.open(Overlay::Confirm(ticket, Box::new(order)), acts);
        }
        self.ordered.entry(ticket).or_insert(place);
        self.base.running.insert(ticket, order.clone());
        acts.push(Act::Wish(Wish::Give(ticket, order)));
    }

    /// Refuses what touches a context that is only looked at, before anything is asked.
    fn within(&self, order: &Order) -> Result<(), Trouble> {
        let world = &self.base.world;
        let environments: Vec<_> = world.environments.iter().map(|environment| &**environment).collect();
        world.barred.check(order.terms().object(), &order.contexts(&environments))
    }

    pub(super) fn open(&mut self, overlay: Overlay, acts: &mut Vec<Act>) {
        let commands = self.possible();
        let by = match overlay {
            Overlay::Palette => "shell.palette",
            Overlay::Help => "shell.help",
            Overlay::Troubles => "shell.troubles",
            _ => "",
        };
        let object = if let Overlay::Object(key) = &overlay { Some(key.clone()) } else { None };
        let pane = overlays::build(overlay, &self.base.cx(), &commands, &self.troubles);
        self.next_layer += 1;
        let id = self.next_layer;
        self.layers.push(Layer { id, by, object, pane });
        self.tell(Place::Layer(id), TabMsg::Enter, acts);
        self.check_keys();
    }

    pub(super) fn layers_away(&mut self, acts: &mut Vec<Act>) {
        for layer in std::mem::take(&mut self.layers) {
            self.forget(Place::Layer(layer.id), acts);
        }
    }

    /// Takes back the queries of a pane that is gone, and the orders whose question it did not answer.
    pub(super) fn forget(&mut self, place: Place, acts: &mut Vec<Act>) {
        let gone: Vec<_> = self.asked.iter().filter(|(_, asked)| asked.place == place).map(|(t, _)| *t).collect();
        for ticket in gone {
            self.asked.remove(&ticket);
            acts.push(Act::Wish(Wish::Forget(ticket)));
        }
        let unanswered: Vec<_> =
            self.ordered.iter().filter(|(t, _)| !self.base.running.contains_key(t)).map(|(t, p)| (*t, *p)).collect();
        let asking = self.layers.iter().any(|l| l.pane.asks());
        for (ticket, owner) in unanswered {
            if !asking {
                self.ordered.remove(&ticket);
                self.tell(owner, TabMsg::OrderDropped(ticket), acts);
            }
        }
    }

    pub(super) fn switch(&mut self, tab: TabId, remember: bool, acts: &mut Vec<Act>) {
        if tab == self.active {
            return;
        }
        if remember {
            self.back.push(self.active);
        } else {
            self.back.clear();
        }
        self.tell(Place::Tab(self.active), TabMsg::Leave, acts);
        self.active = tab;
        self.choose_for(tab, acts);
        self.tell(Place::Tab(tab), TabMsg::Enter, acts);
    }

    /// Chooses the environment under a list's cursor for a tab that shows nothing without one.
    fn choose_for(&mut self, tab: TabId, acts: &mut Vec<Act>) {
        let needs = matches!(tab, TabId::Deploy | TabId::Yaml | TabId::Diff);
        if needs && self.base.desk.environment.is_none() {
            let under = self.tabs.iter().find_map(|tab| tab.environment());
            let change = under.map(|id| Effect::Desk(Change::Environment(Some(id))));
            self.carry_out(Place::Tab(tab), change.into_iter().collect(), acts);
        }
    }

    /// Carries out one of the shell's own commands.
    pub(super) fn shell(&mut self, command: &'static Command, acts: &mut Vec<Act>) {
        match command.id {
            "shell.help" => self.open(Overlay::Help, acts),
            "shell.palette" => self.open(Overlay::Palette, acts),
            "shell.troubles" => self.open(Overlay::Troubles, acts),
            "shell.quit" => self.quit(acts),
            "shell.tour" => self.tour(),
            "shell.since" => self.show_news(acts),
            "shell.tour-next" => self.tour_next(),
            "shell.tour-leave" => self.tour_leave(),
            "shell.cancel" => self.cancel(acts),
            "shell.close" => self.leave_layer(self.front(), acts),
            "shell.back" => {
                if let Some(tab) = self.back.pop() {
                    self.tell(Place::Tab(self.active), TabMsg::Leave, acts);
                    self.active = tab;
                    self.tell(Place::Tab(tab), TabMsg::Enter, acts);
                }
            }
            "shell.earlier" | "shell.later" => {
                if let Some(stop) = self.base.trail.step(command.id == "shell.later") {
                    self.return_to(stop, acts);
                }
            }
            "shell.count" => self.count = Some(0),
            "shell.next-tab" => self.step(1, acts),
            "shell.previous-tab" => self.step(TABS.len() - 1, acts),
            id => {
                if let Some(tab) = everywhere::tab_of(id) {
                    self.layers_away(acts);
                    self.switch(tab, false, acts);
                }
            }
        }
    }

    /// Goes to a place where one was; what is gone since is left out.
    fn return_to(&mut self, stop: Stop, acts: &mut Vec<Act>) {
        self.layers_away(acts);
        let Stop { tab, project, environment, kind, object } = stop;
        let mut changes = Vec::new();
        if matches!(tab, TabId::Projects | TabId::Environments) {
            changes.push(Change::Project(project));
        }
        let known = environment.filter(|id| self.base.world.environment(id).is_some());
        changes.extend(known.map(|id| Change::Environment(Some(id))));
        if tab == TabId::Flux {
            changes.push(Change::Kind(kind));
        }
        self.carry_out(Place::Tab(tab), changes.into_iter().map(Effect::Desk).collect(), acts);
        self.switch(tab, false, acts);
        if let Some(key) = object {
            self.open(Overlay::Object(key), acts);
        }
    }

    fn step(&mut self, by: usize, acts: &mut Vec<Act>) {
        let next = TABS[(self.active.index() + by) % TABS.len()].id;
        self.switch(next, false, acts);
    }

    fn quit(&mut self, acts: &mut Vec<Act>) {
        let running = self.base.running.values().any(|o| o.terms().recorded());
        if running && !self.layers.iter().any(|l| l.pane.asks()) {
            self.open(Overlay::Leave, acts);
        } else {
            acts.push(Act::Quit);
        }
    }
}

/// Tells whether a text is an address of the web and nothing else: what opens it gets no option, no file, and no text that looks
/// different from what it is.
fn on_the_web(url: &str) -> bool {
    let scheme = |scheme: &&str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let clean = !url.chars().any(|c| c.is_whitespace() || domain::text::hidden(c));
    clean && ["https://", "http://"].iter().find(|s| scheme(s)).is_some_and(|s| url.len() > s.len())
}

#[cfg(test)]
mod tests {
    use super::on_the_web;

    #[test]
    fn only_addresses_of_the_web_are_opened() {
        for url in [
            "https://git.acme.example/acme/shop/-/commit/9e1c21d",
            "HTTP://localhost:8080/a?b=c&d=%20#e",
            "https://例子.测试/路径",
        ] {
            assert!(on_the_web(url), "{url}");
        }
        let refused = [
            "",
            "https://",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "--help",
            " https://acme.example",
            "git@acme.example:shop.git",
            "ssh://git@acme.example/shop.git",
            "https:/acme.example",
            "https://acme.example/a b",
            "https://acme.example/\u{1b}]0;x\u{7}",
            "https://acme.example/\u{202e}gpj.exe",
        ];
        for url in refused {
            assert!(!on_the_web(url), "{url}");
        }
    }
}
