//! The screen: how soon the first frame is there, and how silent it is when nothing changes.

use std::io::Read;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::median;

fn program() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    let path = here.parent()?.parent()?.join("quarterdeck");
    path.exists().then_some(path)
}

/// Returns the median time to the first frame in milliseconds and the bytes written in ten silent seconds.
pub(crate) fn measure(runs: usize) -> Option<(f64, usize)> {
    let program = program()?;
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut frames = Vec::new();
    for _ in 0..=runs {
        frames.push(watch(&program, home.path(), Duration::ZERO).0);
    }
    frames.remove(0);
    let (_, idle) = watch(&program, home.path(), Duration::from_secs(10));
    Some((median(frames), idle))
}

/// Starts the console, returns the time to its first frame and the bytes that came in the silence after it settled.
fn watch(program: &std::path::Path, home: &std::path::Path, silence: Duration) -> (Duration, usize) {
    let pair =
        native_pty_system().openpty(PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 }).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    command.env("HOME", home);
    command.env("TERM", "xterm-256color");
    command.env("QUARTERDECK_STATE", home.join("state"));
    let start = Instant::now();
    let mut child = pair.slave.spawn_command(command).expect("the program starts");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("a reader");
    let (send, got) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            if send.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                return;
            }
        }
    });
    let mut text = Vec::new();
    let frame = loop {
        let (at, bytes) = got.recv_timeout(Duration::from_secs(10)).expect("a first frame");
        text.extend(bytes);
        if String::from_utf8_lossy(&text).contains("Quarterdeck") {
            break at - start;
        }
    };
    let mut idle = 0;
    if !silence.is_zero() {
        // It settles first: the cluster and the repositories are heard of, or not.
        let settled = Instant::now() + Duration::from_secs(5);
        while got.recv_timeout(settled.saturating_duration_since(Instant::now())).is_ok() {}
        let end = Instant::now() + silence;
        while let Ok((_, bytes)) = got.recv_timeout(end.saturating_duration_since(Instant::now())) {
            idle += bytes.len();
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    (frame, idle)
}
