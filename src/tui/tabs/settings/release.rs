//! The form of what is to be installed: where the manifest is, and which controllers.

use crossterm::event::KeyEvent;
use domain::query::Manifest;
use domain::toolkit::{COMPONENTS, LATEST, Toolkit, address};

use crate::cx::Cx;
use crate::widgets::form::{Field, Form};

/// Where a manifest may be, by the words of the language file.
const PLACES: [&str; 4] = ["settings.latest", "settings.version", "settings.address", "settings.file"];

/// Holds the form.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) form: Form,
}

impl Wanted {
    /// Builds it: the newest release, and the controllers that Flux installs by itself and that are there.
    pub(super) fn new(cx: &Cx, found: Option<&Toolkit>) -> Self {
        let there = |name: &str| found.is_some_and(|found| found.controllers.iter().any(|c| c.name == name));
        let any = found.is_some_and(|found| !found.controllers.is_empty());
        let places = PLACES.map(|key| cx.t(key).to_owned()).to_vec();
        let mut fields = vec![
            Field::choice("from", cx.t("settings.from"), places, cx.t(PLACES[0]))
                .note(cx.tf("settings.from-note", &[("address", LATEST)])),
            Field::text("where", cx.t("settings.where"), ""),
        ];
        for component in COMPONENTS {
            let on = if any { there(component.name) } else { !component.extra };
            fields.push(Field::switch(component.word, component.name, on));
        }
        let mut wanted = Self { form: Form::new(fields) };
        wanted.fit(cx);
        wanted
    }

    fn place(&self, cx: &Cx) -> &'static str {
        let chosen = self.form.value("from");
        PLACES.into_iter().find(|key| cx.t(key) == chosen).unwrap_or(PLACES[0])
    }

    /// Shows where the manifest is only when that has to be said.
    fn fit(&mut self, cx: &Cx) {
        let place = self.place(cx);
        if let Some(field) = self.form.field_mut("where") {
            field.hidden = place == PLACES[0];
            cx.t(place).clone_into(&mut field.label);
            field.placeholder = match place {
                "settings.version" => "2.8.3".to_owned(),
                "settings.file" => "/srv/flux/install.yaml".to_owned(),
                _ => "https://mirror.example/flux/install.yaml".to_owned(),
            };
        }
        if let Some(field) = self.form.field_mut("from") {
            let named = |address: &str| cx.tf("settings.from-note", &[("address", address)]);
            field.note = if place == PLACES[0] { named(LATEST) } else { cx.t("settings.from-named").to_owned() };
        }
    }

    /// Takes a key.
    pub(super) fn key(&mut self, cx: &Cx, key: KeyEvent) {
        self.form.key(key);
        self.fit(cx);
    }

    /// Returns where the manifest is and which controllers are wanted; nothing when a field has to be mended first.
    pub(super) fn wanted(&mut self, cx: &Cx) -> Option<(Manifest, Vec<String>)> {
        let place = self.place(cx);
        let text = self.form.value("where").trim().to_owned();
        let missing = place != PLACES[0] && text.is_empty();
        self.form.fault("where", missing.then(|| cx.t("settings.missing").to_owned()));
        let words: Vec<String> =
            COMPONENTS.iter().filter(|c| self.form.value(c.word) == "true").map(|c| c.word.to_owned()).collect();
        let first = COMPONENTS.first().map_or("", |c| c.word);
        self.form.fault(first, words.is_empty().then(|| cx.t("settings.no-component").to_owned()));
        if self.form.faulty() {
            self.form.to_fault();
            return None;
        }
        let manifest = match place {
            "settings.version" => Manifest::Address(address(&text)),
            "settings.address" => Manifest::Address(text),
            "settings.file" => Manifest::File(text),
            _ => Manifest::Address(LATEST.to_owned()),
        };
        Some((manifest, words))
    }
}
