//! The log on a stage: what is asked and taken back, following and stopping, what is found, what is dropped.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use std::sync::Arc;

use domain::flux::ObjectKey;
use domain::ident::ContextName;
use domain::logs::{Batch, Containers, Follow, From, Line, Mark, What, level_of, paint};
use domain::query::{Answer, Query};
use domain::trouble::Trouble;

use super::lines::MOST;
use super::*;
use crate::editing::{Errand, Written};
use crate::effects::{Effect, Ticket};
use crate::fixture::{Bench, now, text};
use crate::words::Language;

fn pod(name: &str) -> ObjectKey {
    ObjectKey::new(&ContextName::from("prod-eu"), "Pod", "shop", name)
}

fn from(pod: &str) -> Arc<From> {
    Arc::new(From { pod: pod.to_owned(), container: "web".to_owned() })
}

fn line(pod: &str, text: &str) -> Line {
    let painted = paint(text);
    let level = level_of(&painted.text);
    Line { from: Some(from(pod)), time: Some(now()), what: What::Said(painted, level) }
}

fn batch(before: u64, lines: Vec<Line>) -> Batch {
    let containers = Arc::new(vec!["web".to_owned(), "migrate".to_owned()]);
    Batch { before, lines, containers, reading: Arc::new(vec![from("shop-web-6c4b-k8s2p")]), over: false }
}

/// Holds a log that was opened, and how it looks.
struct Scene {
    bench: Bench,
    log: Log,
    ticket: Ticket,
    came: u64,
}

impl Scene {
    fn new(wide: u16, high: u16, log: Log) -> Self {
        let mut scene = Self { bench: Bench::new(wide, high, Language::English), log, ticket: Ticket(0), came: 0 };
        scene.send(TabMsg::Enter);
        scene
    }

    fn send(&mut self, msg: TabMsg) -> Vec<Effect> {
        let effects = self.log.update(&self.bench.cx(), msg);
        for effect in &effects {
            if let Effect::Ask(ticket, _) = effect {
                (self.ticket, self.came) = (*ticket, 0);
            }
        }
        effects
    }

    fn command(&mut self, id: &'static str) -> Vec<Effect> {
        let known = self.log.commands(&self.bench.cx()).iter().any(|c| c.id == id);
        assert!(known, "{id} is not offered");
        self.send(TabMsg::Command(id))
    }

    fn come(&mut self, lines: Vec<Line>) {
        let count = lines.len() as u64;
        let batch = batch(self.came, lines);
        self.came += count;
        self.send(TabMsg::Reply(self.ticket, Ok(Answer::Lines(Arc::new(batch)))));
    }

    fn numbered(&mut self, numbers: std::ops::Range<u32>) {
        self.come(numbers.map(|n| line("shop-web-6c4b-k8s2p", &format!("line {n}"))).collect());
    }

    fn screen(&self) -> String {
        let size = self.bench.cx().size;
        let area = Rect::new(0, 0, size.width, size.height);
        let mut buf = Buffer::empty(area);
        self.log.view(&self.bench.cx(), area, &mut buf);
        text(&buf)
    }

    fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            let key = crossterm::event::KeyEvent::new(crossterm::event::KeyCode::Char(c), crossterm::event::KeyModifiers::NONE);
            self.send(TabMsg::Key(key));
        }
    }
}

fn asked(effects: &[Effect]) -> &Follow {
    match effects.iter().find_map(|e| if let Effect::Ask(_, Query::Follow(follow)) = e { Some(follow) } else { None }) {
        Some(follow) => follow,
        None => panic!("nothing was asked: {effects:?}"),
    }
}

#[test]
fn it_follows_until_one_goes_up_and_again_from_the_end() {
    let mut scene = Scene::new(80, 14, Log::of(pod("shop-web-6c4b-k8s2p")));
    assert!(scene.screen().contains("reading the log"));
    scene.numbered(0..50);
    assert!(scene.screen().contains("line 49") && scene.screen().contains("following"), "{}", scene.screen());
    scene.numbered(50..60);
    assert!(scene.screen().contains("line 59"));
    scene.command("scroll.up");
    let stood = scene.screen();
    assert!(stood.contains("stopped") && stood.contains("line 58") && !stood.contains("line 59"), "{stood}");
    scene.numbered(60..80);
    assert!(scene.screen().contains("line 58") && !scene.screen().contains("line 59"), "it stands still: {}", scene.screen());
    scene.command("scroll.last");
    assert!(scene.screen().contains("line 79") && scene.screen().contains("following"));
    scene.command("scroll.down");
    assert!(scene.screen().contains("following"), "going down at the end is no wish to stop");
    scene.command("log.follow");
    scene.numbered(80..90);
    assert!(scene.screen().contains("stopped") && !scene.screen().contains("line 89"));
}

#[test]
fn older_lines_are_let_go_and_that_is_said() {
    let mut scene = Scene::new(90, 12, Log::of(pod("web-0")));
    let most = u32::try_from(MOST).unwrap();
    scene.numbered(0..most + 25);
    assert!(scene.screen().contains("25 older let go") && scene.screen().contains("10000 lines"), "{}", scene.screen());
    scene.command("scroll.first");
    assert!(scene.screen().contains("line 25"), "{}", scene.screen());
    // What one reads moves away only when it is let go itself.
    scene.numbered(most + 25..most + 30);
    assert!(scene.screen().contains("line 30"), "{}", scene.screen());
    scene.came += 7;
    scene.numbered(0..1);
    assert!(scene.screen().contains("7 lost on the way"), "{}", scene.screen());
}

#[test]
fn a_text_is_found_and_lines_are_narrowed_to_it() {
    let mut scene = Scene::new(100, 16, Log::of(pod("web-0")));
    scene.numbered(0..40);
    scene.command("log.search");
    assert!(scene.log.typing(&scene.bench.cx()));
    scene.type_in("LINE 3");
    assert!(scene.screen().contains(" 0"), "a capital is meant: {}", scene.screen());
    scene.command("log.clear-search");
    scene.command("log.search");
    scene.type_in("line 3");
    assert!(scene.screen().contains("11/11"), "the last one in sight first: {}", scene.screen());
    scene.command("log.keep-search");
    scene.command("log.next-match");
    assert!(scene.screen().contains("1/11") && scene.screen().contains("line 3 "), "round and round: {}", scene.screen());
    scene.command("log.previous-match");
    assert!(scene.screen().contains("11/11"), "{}", scene.screen());
    scene.command("log.only");
    let only = scene.screen();
    assert!(only.contains("line 30") && !only.contains("line 29") && only.contains("only these"), "{only}");
    scene.numbered(40..50);
    assert!(!scene.screen().contains("line 4"), "what comes is narrowed, too");
    scene.command("log.clear-search");
    assert!(scene.screen().contains("line 4 "), "all lines again: {}", scene.screen());
}

#[test]
fn choices_ask_anew_and_take_back_what_was_asked() {
    let mut scene = Scene::new(100, 16, Log::of(pod("web-0")));
    scene.numbered(0..3);
    let before = scene.ticket;
    let effects = scene.command("log.previous");
    assert!(effects.contains(&Effect::Forget(before)) && asked(&effects).previous);
    assert!(!scene.screen().contains("line 2"), "another run, other lines");
    scene.numbered(0..3);
    let chosen = |scene: &mut Scene| asked(&scene.command("log.container")).containers.clone();
    assert_eq!(chosen(&mut scene), Containers::Named("migrate".into()));
    scene.numbered(0..1);
    assert_eq!(chosen(&mut scene), Containers::All);
    scene.numbered(0..1);
    assert_eq!(chosen(&mut scene), Containers::Named("web".into()));
    for want in [Some(60), Some(300), Some(3600), None] {
        assert_eq!(asked(&scene.command("log.since")).since, want);
    }
    // An answer to what was taken back is nothing.
    let late = Answer::Lines(Arc::new(batch(0, vec![line("web-0", "late")])));
    scene.send(TabMsg::Reply(before, Ok(late)));
    assert!(!scene.screen().contains("late"));
}

#[test]
fn colours_marks_and_pods_are_shown() {
    let mut scene = Scene::new(100, 16, Log::of(ObjectKey::new(&ContextName::from("prod-eu"), "Deployment", "shop", "shop-web")));
    let mark = |pod: &str, mark| Line { from: Some(from(pod)), time: Some(now()), what: What::Mark(mark) };
    let (a, b) = ("shop-web-6c4b-k8s2p", "shop-web-6c4b-zz9d1");
    let lines = vec![
        line(a, "\u{1b}[33mWARN\u{1b}[0m cache \u{1b}[2Jis cold"),
        line(b, "level=error msg=\"no route\""),
        mark(b, Mark::Ended(1, "Error".to_owned())),
        mark(b, Mark::Began(2)),
    ];
    let batch = Batch { reading: Arc::new(vec![from(a), from(b)]), ..batch(0, lines) };
    scene.send(TabMsg::Reply(scene.ticket, Ok(Answer::Lines(Arc::new(batch)))));
    let screen = scene.screen();
    for want in [
        "k8s2p WARN cache is cold",
        "zz9d1 level=error",
        "zz9d1 ── the container ended: exit code 1 Error",
        "restart 2",
        "2 Pods",
    ] {
        assert!(screen.contains(want), "{want}: {screen}");
    }
    scene.command("log.stamps");
    assert!(scene.screen().contains("14:02:30.000 k8s2p WARN"), "{}", scene.screen());
    let copied = scene.command("log.copy");
    assert!(
        matches!(&copied[..], [Effect::Copy(text)] if text.contains("shop-web-6c4b-k8s2p WARN cache is cold\n")),
        "{copied:?}"
    );
}

#[test]
fn long_lines_are_wrapped_when_wanted() {
    let mut scene = Scene::new(60, 10, Log::of(pod("web-0")));
    let long = format!("begin {} end-of-it", "中文 words ".repeat(9));
    scene.come(vec![line("web-0", "first"), line("web-0", &long)]);
    assert!(!scene.screen().contains("end-of-it"));
    scene.command("log.wrap");
    assert!(scene.screen().contains("end-of-it"), "{}", scene.screen());
    // A line that is longer than the screen shows its end while it follows.
    scene.come(vec![line("web-0", &format!("{}THE-END", "x".repeat(2000)))]);
    assert!(scene.screen().contains("THE-END"), "{}", scene.screen());
}

#[test]
fn a_refusal_and_an_end_are_said() {
    let mut scene = Scene::new(100, 16, Log::of(pod("web-0")));
    let refused = Trouble::refused("The cluster refused", "log of Pod/shop/web-0").why("403: pods/log is forbidden");
    scene.send(TabMsg::Reply(scene.ticket, Err(refused)));
    assert!(scene.screen().contains("pods/log is forbidden") && scene.screen().contains("not read"), "{}", scene.screen());
    scene.command("log.again");
    let over = Batch { over: true, ..batch(0, vec![line("web-0", "done")]) };
    scene.send(TabMsg::Reply(scene.ticket, Ok(Answer::Lines(Arc::new(over)))));
    assert!(scene.screen().contains("done") && scene.screen().contains("ended"), "{}", scene.screen());
}

#[test]
fn lines_are_written_to_a_file_that_is_asked_for() {
    let mut scene = Scene::new(90, 12, Log::of(pod("web-0")));
    assert!(!scene.log.commands(&scene.bench.cx()).iter().any(|c| c.id == "log.save"), "nothing to write yet");
    scene.numbered(0..3);
    scene.command("log.save");
    assert!(scene.screen().contains("pod-web-0.log"), "{}", scene.screen());
    scene.type_in("2");
    let wanted = scene.command("log.write");
    let [Effect::Editor(first, Errand::Save { file, text })] = wanted.as_slice() else { unreachable!("{wanted:?}") };
    assert_eq!((file.as_str(), text.text()), ("pod-web-0.log2", "line 0\nline 1\nline 2\n"));
    let refused = Trouble::failed("The text cannot be written to a file", file).why("File exists (os error 17)");
    scene.send(TabMsg::Written(*first, Box::new(Err(refused))));
    assert!(scene.screen().contains("File exists") && scene.screen().contains("pod-web-0.log2"), "{}", scene.screen());
    scene.type_in("3");
    let wanted = scene.command("log.write");
    let [Effect::Editor(ticket, _)] = wanted.as_slice() else { unreachable!("{wanted:?}") };
    let written = || Box::new(Ok(Written { text: domain::live::Private::new(""), changed: false, file: "/srv/x.log".into() }));
    assert!(scene.send(TabMsg::Written(*first, written())).is_empty(), "of the first one nothing is expected any more");
    let said = scene.send(TabMsg::Written(*ticket, written()));
    let [Effect::Toast(toast)] = said.as_slice() else { unreachable!("{said:?}") };
    assert_eq!(toast.text, "3 lines are in /srv/x.log");
    assert!(!scene.log.typing(&scene.bench.cx()));
    scene.command("log.save");
    scene.command("log.cancel");
    assert!(!scene.log.typing(&scene.bench.cx()), "{}", scene.screen());
}
