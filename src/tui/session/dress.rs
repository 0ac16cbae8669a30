//! How the session looks: the theme that was told, chosen or is being looked at, on the terminal's ground; and what else the
//! operator likes, when that changes.

use domain::Trouble;
use domain::flux::Health;

use super::{Act, Place, Session};
use crate::capabilities::{Depth, Ground};
use crate::effects::{Dress as Wanted, Toast};
use crate::preferences::{News, Preferences};
use crate::tab::TabMsg;
use crate::theme::Theme;
use crate::words::Words;

/// Holds which theme is wanted beside the one that was told.
#[derive(Debug, Default)]
pub(crate) struct Dress {
    /// What the terminal draws on.
    ground: Ground,
    /// What the operator chose since.
    chosen: Option<String>,
    /// What the context wants that one works on.
    pub(super) context: Option<String>,
    /// What the operator looks at now.
    tried: Option<String>,
}

impl Dress {
    /// Returns the theme to draw with, and what is wrong with the one that is wanted.
    pub(crate) fn theme(&self, told: &Preferences, depth: Depth) -> (Theme, Option<Trouble>) {
        let wanted = self.tried.as_deref().or(self.chosen.as_deref()).or(self.context.as_deref()).or(told.theme.as_deref());
        Theme::choose(wanted, &told.themes, self.ground, depth)
    }
}

impl Session {
    /// Takes what changed around the session.
    pub(super) fn news(&mut self, news: News, acts: &mut Vec<Act>) {
        match news {
            News::Preferences(preferences) => self.prefer(*preferences, acts),
            News::Ground(ground) => {
                self.base.dress.ground = ground;
                self.put_on();
            }
            News::Trouble(trouble) => self.trouble(*trouble),
            News::Changed => {
                let text = self.base.cx().t("toast.preferences").to_owned();
                self.toast(Toast { health: Health::Ok, text });
            }
            News::Note(text) => self.toast(Toast { health: Health::Ok, text }),
        }
    }

    fn prefer(&mut self, preferences: Preferences, acts: &mut Vec<Act>) {
        let old = std::mem::replace(&mut self.base.preferences, preferences);
        let new = &self.base.preferences;
        let spoken = old.language != new.language;
        if old.mouse != new.mouse {
            acts.push(Act::Mouse(new.mouse));
        }
        if old.theme != new.theme {
            self.base.dress.chosen = None;
        }
        if spoken {
            self.speak(acts);
        }
        self.pending.clear();
        self.conflicts.clear();
        self.check_keys();
        self.put_on();
    }

    /// Speaks the language that the operator likes, and has what is shown written anew.
    pub(super) fn speak(&mut self, acts: &mut Vec<Act>) {
        self.base.words = Words::load(self.base.preferences.language);
        self.understand();
        self.tell(Place::Tab(self.active), TabMsg::Enter, acts);
    }

    /// Says what is wrong with the language's file, if anything is.
    pub(super) fn understand(&mut self) {
        if let Some(fault) = self.base.words.fault().cloned() {
            self.trouble(fault);
        }
    }

    /// Puts on what is wanted.
    pub(super) fn dress(&mut self, wanted: Wanted) {
        let dress = &mut self.base.dress;
        if wanted == Wanted::Back && dress.tried.is_none() {
            return;
        }
        match wanted {
            Wanted::Try(name) => dress.tried = Some(name),
            Wanted::Keep(name) => (dress.chosen, dress.tried) = (Some(name), None),
            Wanted::Back => dress.tried = None,
        }
        self.put_on();
    }

    /// Puts on what is wanted now.
    pub(super) fn put_on(&mut self) {
        let (theme, trouble) = self.base.dress.theme(&self.base.preferences, self.base.capabilities.depth);
        self.base.theme = theme;
        if let Some(trouble) = trouble {
            self.trouble(trouble);
        }
    }
}
