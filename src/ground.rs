//! The ground that a terminal draws on: asked once at the start, answered among the keys, and waited for by nobody.
//!
//! The reader of keys knows nothing of such answers and takes them for Alt-] and what would be typed after it.

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyModifiers};
use tui::capabilities::Ground;

/// Asks a terminal for the colour of its ground (OSC 11).
pub(crate) const QUESTION: &[u8] = b"\x1b]11;?\x07";

/// How long an answer is recognized.
const PATIENCE: Duration = Duration::from_secs(2);

/// How an answer begins.
const START: &str = "11;";

/// The longest answer: `11;rgba:ffff/ffff/ffff/ffff`.
const LONGEST: usize = 27;

/// Tells whether a terminal of this name may be asked: one that answers nothing may show the question.
pub(crate) fn may_ask(term: &str) -> bool {
    !term.is_empty() && term != "linux" && term != "dumb" && !term.starts_with("vt")
}

/// Takes the answer out of the keys.
#[derive(Debug)]
pub(crate) struct Ear {
    until: Option<Instant>,
    /// What may be an answer, as it came.
    held: Vec<Event>,
    text: String,
}

impl Ear {
    /// Listens from this moment on.
    pub(crate) fn new(now: Instant) -> Self {
        Self { until: now.checked_add(PATIENCE), held: Vec::new(), text: String::new() }
    }

    /// Takes an event at a moment; returns those that are not part of an answer, and what was answered.
    pub(crate) fn hear(&mut self, event: Event, now: Instant) -> (Vec<Event>, Option<Ground>) {
        if self.until.is_none_or(|until| now > until) {
            self.until = None;
            let mut all = std::mem::take(&mut self.held);
            all.push(event);
            return (all, None);
        }
        let Event::Key(key) = &event else { return (vec![event], None) };
        let alt = key.modifiers == KeyModifiers::ALT;
        let (code, begun) = (key.code, !self.held.is_empty());
        match code {
            KeyCode::Char(']') if alt && !begun => self.held.push(event),
            KeyCode::Char('\\') if alt && begun => return self.end(),
            KeyCode::Char('g') if key.modifiers == KeyModifiers::CONTROL && begun => return self.end(),
            KeyCode::Char(c) if begun && !alt && !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.held.push(event);
                self.text.push(c);
                let starts = START.starts_with(&*self.text) || self.text.starts_with(START);
                if !starts || self.text.len() > LONGEST {
                    self.text.clear();
                    return (std::mem::take(&mut self.held), None);
                }
            }
            _ => {
                self.text.clear();
                let mut all = std::mem::take(&mut self.held);
                all.push(event);
                return (all, None);
            }
        }
        (Vec::new(), None)
    }

    fn end(&mut self) -> (Vec<Event>, Option<Ground>) {
        self.until = None;
        self.held.clear();
        (Vec::new(), self.text.strip_prefix(START).and_then(Ground::of))
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEvent;

    use super::*;

    fn key(c: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers))
    }

    fn answer(text: &str) -> Vec<Event> {
        let typed = text.chars().map(|c| key(c, KeyModifiers::NONE));
        std::iter::once(key(']', KeyModifiers::ALT)).chain(typed).chain([key('g', KeyModifiers::CONTROL)]).collect()
    }

    #[test]
    fn an_answer_is_taken_out_and_keys_around_it_stay() {
        let now = Instant::now();
        let mut ear = Ear::new(now);
        let mut all = vec![key('6', KeyModifiers::NONE)];
        all.extend(answer("11;rgb:ffff/ffff/ffff"));
        all.push(key('j', KeyModifiers::NONE));
        let (mut keys, mut ground) = (Vec::new(), None);
        for event in all {
            let (passed, found) = ear.hear(event, now);
            keys.extend(passed);
            ground = ground.or(found);
        }
        assert_eq!(keys, [key('6', KeyModifiers::NONE), key('j', KeyModifiers::NONE)]);
        assert_eq!(ground, Some(Ground::Light));
    }

    #[test]
    fn what_is_no_answer_or_comes_too_late_is_keys() {
        let now = Instant::now();
        let other = answer("x");
        let mut ear = Ear::new(now);
        let keys: Vec<Event> = other.iter().flat_map(|e| ear.hear(e.clone(), now).0).collect();
        assert_eq!(keys, other);
        let late = answer("11;rgb:ffff/ffff/ffff");
        let mut ear = Ear::new(now);
        let keys: Vec<Event> = late.iter().flat_map(|e| ear.hear(e.clone(), now + PATIENCE * 2).0).collect();
        assert_eq!(keys, late);
    }

    #[test]
    fn terminals_that_would_show_the_question_are_not_asked() {
        for (term, may) in
            [("xterm-256color", true), ("tmux-256color", true), ("linux", false), ("vt100", false), ("dumb", false)]
        {
            assert_eq!(may_ask(term), may, "{term}");
        }
    }
}
