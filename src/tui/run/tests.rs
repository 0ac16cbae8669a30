//! The loop over a scripted stream and a buffer: every key lands, nothing is written when nothing changes.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use std::sync::{Arc, Mutex};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use futures::channel::mpsc as stream;
use ratatui::layout::Size;

use super::*;
use crate::fixture;

/// A writer whose bytes can be counted from outside.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Connects a session to these channels and to nothing else, at the fixture's moment.
fn link(world: watch::Receiver<Arc<World>>, wishes: mpsc::Sender<Wish>, replies: mpsc::Receiver<Reply>) -> Link {
    Link {
        world,
        wishes,
        replies,
        clock: Arc::new(fixture::now),
        news: mpsc::channel(1).1,
        mouse: None,
        editor: None,
        opener: None,
        keep: None,
    }
}

fn key(c: char) -> Event {
    Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))
}

#[test]
fn a_session_runs_draws_once_and_rests() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = Arc::new(World::default());
        let stage = fixture::Stage::over(World::default(), 80, 24, crate::words::Language::English);
        let paper = Paper::default();
        let (keys, input) = stream::unbounded();
        let (publish, worlds) = watch::channel(Arc::clone(&world));
        let (wishes, _engine) = mpsc::channel(8);
        let (_reply, replies) = mpsc::channel(8);
        let start = Instant::now();
        let clock = move || {
            Time::from_millisecond(fixture::now().as_millisecond() + i64::try_from(start.elapsed().as_millis()).unwrap()).unwrap()
        };
        let link = Link { clock: Arc::new(clock), ..link(worlds, wishes, replies) };
        let mut screen = Screen::new(paper.clone(), Size::new(80, 24), crate::capabilities::Capabilities::full());
        let session = stage.session;
        let running = async { run(session, Vec::new(), input, &mut screen, link).await };
        let script = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let first = paper.0.lock().unwrap().len();
            assert!(first > 0);
            // The clock in the header turns in 30 s; before that nothing may be written.
            publish.send(Arc::clone(&world)).unwrap();
            tokio::time::sleep(Duration::from_secs(20)).await;
            assert_eq!(paper.0.lock().unwrap().len(), first);
            keys.unbounded_send(key('6')).unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(paper.0.lock().unwrap().len() > first);
            keys.unbounded_send(key('q')).unwrap();
        };
        let (ended, ()) = tokio::join!(running, script);
        assert_eq!(ended.unwrap(), Ended::Quit);
    });
}

#[test]
fn a_terminal_that_is_gone_ends_the_session() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let stage = fixture::Stage::over(World::default(), 80, 24, crate::words::Language::English);
        let (_publish, worlds) = watch::channel(Arc::new(World::default()));
        let (wishes, _engine) = mpsc::channel(8);
        let (_reply, replies) = mpsc::channel(8);
        let link = link(worlds, wishes, replies);
        let mut screen = Screen::new(Vec::new(), Size::new(80, 24), crate::capabilities::Capabilities::full());
        let ended = run(stage.session, Vec::new(), futures::stream::empty(), &mut screen, link).await;
        assert_eq!(ended.unwrap(), Ended::InputGone);
    });
}

#[test]
fn the_clipboard_gets_base_64() {
    for (text, coded) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("shop", "c2hvcA==")] {
        assert_eq!(base64(text.as_bytes()), coded);
    }
}

#[test]
fn what_reaches_the_terminal_beside_frames_cannot_end_its_sequence() {
    let hostile = "done\u{7}\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}\\\u{9c}\u{202e}; now\nand\tthen";
    for (notes, head) in [(Notes::Nine, "\u{1b}]9;"), (Notes::Seven, "\u{1b}]777;notify;Quarterdeck;")] {
        let told = notification(hostile, notes);
        let said = told.strip_prefix(head).and_then(|rest| rest.strip_suffix('\u{7}')).unwrap();
        assert!(!said.chars().any(domain::text::hidden), "{said:?}");
        assert!(said.starts_with("done") && said.ends_with("now and then"), "{said:?}");
        // A semicolon would begin another field.
        assert!(notes == Notes::Nine || !said.contains(';'), "{said:?}");
    }
}

#[test]
fn acts_become_sequences_of_the_terminal_and_calls_outside() {
    let stage = fixture::Stage::over(World::default(), 80, 24, crate::words::Language::English);
    let visited = Arc::new(Mutex::new(Vec::new()));
    let visits = Arc::clone(&visited);
    let (_publish, world) = watch::channel(Arc::new(World::default()));
    let link = Link {
        opener: Some(Arc::new(move |url: &str| visits.lock().unwrap().push(url.to_owned()))),
        ..link(world, mpsc::channel(8).0, mpsc::channel(8).1)
    };
    let mut screen = Screen::new(Vec::new(), Size::new(80, 24), crate::capabilities::Capabilities::full());
    let acts = vec![
        Act::Copy("sh\u{1b}op\u{7}".to_owned()),
        Act::Bell,
        Act::Visit("https://acme.example/$(id)".to_owned()),
        Act::Notify("ended".to_owned()),
        Act::Quit,
    ];
    let (mut backlog, mut errands) = (VecDeque::new(), VecDeque::new());
    let ended = perform(acts, &mut screen, (&mut backlog, &mut errands), (&stage.session, &link)).unwrap();
    assert_eq!(ended, Some(Ended::Quit));
    assert_eq!(String::from_utf8_lossy(screen.writer()), "\u{1b}]52;c;c2gbb3AH\u{7}\u{7}\u{1b}]9;ended\u{7}");
    assert_eq!(*visited.lock().unwrap(), ["https://acme.example/$(id)"]);
}

#[test]
fn an_order_that_was_given_is_handed_over_however_the_session_ends() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    for gone in ["the terminal", "the engine's answers"] {
        runtime.block_on(async {
            let stage = fixture::Stage::over(World::default(), 80, 24, crate::words::Language::English);
            let (_publish, world) = watch::channel(Arc::new(World::default()));
            let (wishes, mut engine) = mpsc::channel(1);
            let (reply, replies) = mpsc::channel(8);
            let (keys, input) = stream::unbounded();
            let cx = stage.session.cx();
            let order = domain::orders::Halt { context: "prod-eu".into() };
            let (ticket, given) = (cx.order_ticket(), cx.order_ticket());
            let acts = vec![Act::Wish(Wish::Give(ticket, order.clone().into())), Act::Wish(Wish::Give(given, order.into()))];
            if gone == "the terminal" {
                drop(keys);
            } else {
                drop(reply);
            }
            let link = link(world, wishes, replies);
            let mut screen = Screen::new(Vec::new(), Size::new(80, 24), crate::capabilities::Capabilities::full());
            let reading = async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let mut found = Vec::new();
                while let Some(wish) = engine.recv().await {
                    found.extend(if let Wish::Give(ticket, _) = wish { Some(ticket) } else { None });
                }
                found
            };
            let (_, found) = tokio::join!(run(stage.session, acts, input, &mut screen, link), reading);
            assert_eq!(found, [ticket, given], "{gone}");
        });
    }
}
