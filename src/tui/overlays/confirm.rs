//! The question before an order: `y` answers it, or a word that has to be typed where it is dangerous.

use crossterm::event::{KeyCode, KeyEvent};
use domain::orders::{Order, Question, Sentence, Terms};
use domain::project::Environment;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, OrderTicket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::input::Input;
use crate::widgets::put::{columns, piece, put, put_pieces, wrap};

static YES: Command = command("confirm.yes", &["y", "enter"], 1);
static TYPED: Command = command("confirm.typed", &["enter"], 1);
static NO: Command = command("confirm.no", &["n", "esc", "q"], 2);

/// What happens on yes.
#[expect(clippy::large_enum_variant, reason = "made, moved once and used up; never kept in numbers")]
#[derive(Debug)]
enum On {
    Give(OrderTicket, Order),
    Quit,
}

/// Holds a question.
#[derive(Debug)]
pub struct Confirm {
    on: On,
    text: String,
    /// In which clusters it does something, one after another: the wrong one is what one is asked to notice.
    clusters: Option<String>,
    word: Option<String>,
    input: Input,
}

impl Confirm {
    /// Asks an order's question.
    pub fn order(cx: &Cx, ticket: OrderTicket, order: Order) -> Self {
        let terms = order.terms();
        let (text, word) = match terms.question() {
            Question::None => (String::new(), None),
            Question::Confirm { text } => (text, None),
            Question::Type { text, word } => (text, Some(word)),
        };
        let said = said(cx, terms);
        let environments: Vec<&Environment> = cx.world.environments.iter().map(|environment| &**environment).collect();
        let names: Vec<String> = order.contexts(&environments).iter().map(ToString::to_string).collect();
        let clusters = (!names.is_empty()).then(|| cx.tf("confirm.clusters", &[("names", &names.join(", "))]));
        Self { text: said.unwrap_or(text), clusters, word, input: Input::default(), on: On::Give(ticket, order) }
    }

    /// Asks before leaving while orders run.
    pub fn leave(cx: &Cx) -> Self {
        let count = cx.running.values().filter(|o| o.terms().recorded()).count().to_string();
        Self {
            on: On::Quit,
            text: cx.tf("question.leave", &[("count", &count)]),
            clusters: None,
            word: None,
            input: Input::default(),
        }
    }

    fn said(&self) -> bool {
        self.word.as_ref().is_none_or(|w| w == self.input.text().trim())
    }
}

/// Says an order's question in the operator's language, when the language file knows every sentence of it.
pub(crate) fn said(cx: &Cx, terms: &dyn Terms) -> Option<String> {
    let say = |sentence: Sentence| {
        let key = format!("question.{}", sentence.key);
        // Where a credential is, is said by another room; the others are names.
        let value = |name: &str, value: &str| if name == "place" || name == "hosts" { cx.acted(value) } else { value.to_owned() };
        let values: Vec<(&str, String)> = sentence.values.iter().map(|(name, of)| (*name, value(name, of))).collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        cx.words.find(&key).is_some().then(|| cx.tf(&key, &values))
    };
    let sentences: Vec<String> = terms.sentences().into_iter().map(say).collect::<Option<_>>()?;
    Some(sentences.join(cx.t("confirm.between")))
}

impl Tab for Confirm {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        match &self.word {
            None => vec![&YES, &NO],
            Some(_) if self.said() => vec![&TYPED, &NO],
            Some(_) => vec![&NO],
        }
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.word.is_some()
    }

    fn asks(&self) -> bool {
        true
    }

    fn update(&mut self, _cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Command("confirm.yes" | "confirm.typed") if self.said() => match &self.on {
                On::Give(ticket, order) => vec![Effect::Give(*ticket, order.clone()), Effect::Close],
                On::Quit => vec![Effect::Quit],
            },
            TabMsg::Command("confirm.no") => vec![Effect::Close],
            TabMsg::Key(KeyEvent { code: KeyCode::Enter, .. }) => Effects::new(),
            TabMsg::Key(key) => {
                self.input.key(key);
                Effects::new()
            }
            TabMsg::Paste(text) => {
                self.input.paste(&text);
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let wide = area.width.saturating_sub(4).min(72);
        let lines = columns(wrap(&self.text, usize::from(wide.saturating_sub(4))).len());
        let place = dialog::centred(area, wide, lines + 6 + 2 * u16::from(self.clusters.is_some()));
        let inner = dialog::frame(cx, place, buf, cx.t("confirm.title"));
        if inner.height == 0 {
            return;
        }
        // However long the question is: what it is answered with is always there.
        let held = if self.clusters.is_some() { 4 } else { 3 };
        let rows = usize::from(inner.height.saturating_sub(held));
        let mut text = wrap(&self.text, usize::from(inner.width));
        if text.len() > rows {
            let more = text.len() - rows.saturating_sub(1);
            text.truncate(rows.saturating_sub(1));
            text.push(cx.tf("link.more", &[("count", &more.to_string())]));
        }
        for (line, y) in text.iter().zip(inner.y + 1..inner.bottom().saturating_sub(1)) {
            put(buf, (inner.x, y), inner.width, line, cx.style(Role::Text));
        }
        let mut y = (inner.y + columns(text.len()) + 2).min(inner.bottom() - 1);
        if let Some(clusters) = &self.clusters {
            y = y.min((inner.bottom() - 1).saturating_sub(1)).max(inner.y);
            put(buf, (inner.x, y), inner.width, clusters, cx.style(Role::Accent));
            y = (y + 2).min(inner.bottom() - 1);
        }
        match &self.word {
            None => {
                let answer = |c: &Command| [piece(cx.key(c), Role::Accent), piece(format!(" {}   ", cx.title(c)), Role::Muted)];
                let answers: Vec<_> = [&YES, &NO].into_iter().flat_map(answer).collect();
                put_pieces(cx, buf, (inner.x, y), inner.width, &answers);
            }
            Some(word) => {
                let hint = cx.tf("confirm.type", &[("word", word)]);
                let took = put(buf, (inner.x, y), inner.width, &hint, cx.style(Role::Muted)) + 1;
                let field = Rect { x: inner.x + took, y, width: inner.width.saturating_sub(took), height: 1 };
                self.input.view(cx, field, buf, true, word);
            }
        }
    }
}
