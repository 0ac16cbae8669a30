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
        let link = Link {
            world: worlds,
            wishes,
            replies,
            clock: Arc::new(clock),
            news: mpsc::channel(1).1,
            mouse: None,
            editor: None,
            opener: None,
            keep: None,
        };
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
        let link = Link {
            world: worlds,
            wishes,
            replies,
            clock: Arc::new(fixture::now),
            news: mpsc::channel(1).1,
            mouse: None,
            editor: None,
            opener: None,
            keep: None,
        };
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
