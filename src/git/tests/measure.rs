//! Edit, commit and push beside the `git` program, on a long history and on a wide tree. Run by hand:
//! `cargo test -p git -- --ignored measure --nocapture`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use git::{Cancel, ReadLimits};

use crate::place::{Place, git_command, push, set_image, write};
use crate::server::Server;

const ROUNDS: usize = 9;

/// Fills the server's repository with `commits` commits over `files` files.
fn grow(place: &Place, commits: usize, files: usize) {
    let mut stream = String::from("blob\nmark :1\ndata 1\nx\n");
    for number in 0..commits {
        write!(stream, "commit refs/heads/main\ncommitter A <a@example.org> {} +0000\ndata 1\nm\n", 1_600_000_000 + number * 60)
            .unwrap();
        if number == 0 {
            for file in 0..files {
                writeln!(stream, "M 100644 :1 k8s/apps/{}/{file}.yaml", file / 50).unwrap();
            }
            stream.push_str("M 100644 inline k8s/base/deployment.yaml\ndata 6\nimage\n\n");
        }
        writeln!(stream, "M 100644 inline k8s/log/{}.txt\ndata 8\n{number:08}", number % 20).unwrap();
    }
    let mut child = git_command(&place.origin()).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "a measurement, not a check; run by hand"]
#[expect(clippy::print_stdout, reason = "a measurement prints")]
fn measure_against_git() {
    for (name, commits, files) in [("30,000 commits", 30_000, 200), ("10,000 files", 300, 10_000)] {
        let place = Place::empty();
        grow(&place, commits, files);
        let server = Server::start(place.dir.path().to_owned());
        let begin = Instant::now();
        let mirror = place.mirror(&server.url());
        println!("{name}: first fetch {:?}", begin.elapsed());
        let work = place.path("work");
        place.git(&["clone", "-q", &server.url(), &work.to_string_lossy()]);
        let (mut ours, mut theirs, mut parts) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new(), Vec::new(), Vec::new()]);
        for round in 0..ROUNDS {
            let begin = Instant::now();
            let fetched = mirror.fetch(&Cancel::new()).unwrap();
            parts[0].push(begin.elapsed());
            let head = fetched.heads.get("main").unwrap().clone();
            let reader = mirror.tree_reader(&head, ReadLimits::default()).unwrap();
            assert!(reader.get("k8s/base/deployment.yaml").unwrap().is_some());
            parts[1].push(begin.elapsed());
            let commit = set_image(&mirror, &head, &format!("shop:{round}"));
            parts[2].push(begin.elapsed());
            push(&mirror, &commit, &head).unwrap();
            parts[3].push(begin.elapsed());
            ours.push(begin.elapsed());
            place.git_in(&work, &["pull", "-q"]);
            let begin = Instant::now();
            place.git_in(&work, &["pull", "-q"]);
            write(&work.join("k8s/base/deployment.yaml"), &format!("image: git:{round}\n"));
            place.git_in(&work, &["commit", "-q", "-am", "m"]);
            place.git_in(&work, &["push", "-q"]);
            theirs.push(begin.elapsed());
            mirror.fetch(&Cancel::new()).unwrap();
        }
        let parts = parts.map(median);
        println!("{name}: ours {:?} (fetched, read, committed, pushed at {parts:?}), git {:?}", median(ours), median(theirs));
    }
}
