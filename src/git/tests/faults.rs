//! Fetches and pushes while everything fails in every way that is known: what is called landed is at the server, what is called
//! refused is not, what is unknown is found out by asking again, and nothing is there twice.
//!
//! A seed decides everything, and the first ones are lived through twice to show it. `QUARTERDECK_GIT_SEEDS=from-to` runs others.

use std::time::Duration;

use domain::Trouble;
use domain::revision::CommitId;
use git::{Access, Cancel, Error, FileChange, Limits, Mirror, NewCommit, PushOutcome};

use crate::dice::{Dice, assert_same, seeds_and_again};
use crate::place::{Place, access, author, git_command, push, text, time};
use crate::server::{Fault, Server};

const ROUNDS: u64 = 6;
/// The four requests of which a fetch and a push are made.
const REQUESTS: [&str; 4] = ["service=git-upload-pack", "/git-upload-pack", "service=git-receive-pack", "/git-receive-pack"];
const STATUSES: [u16; 10] = [401, 403, 404, 407, 410, 429, 500, 502, 503, 504];
/// A page, a page that calls itself an answer, half a line, a line that is none, and a line that promises more than there is.
const WORDS: [(&str, &[u8]); 5] = [
    ("text/html", b"<html><body>Please log in</body></html>"),
    ("application/x-git-receive-pack-result", b"<html><body>Please log in</body></html>"),
    ("application/x-git-receive-pack-advertisement", b"001f# service"),
    ("application/x-git-upload-pack-advertisement", b"zzzz\x1b[31m\xff"),
    ("application/x-git-upload-pack-result", b"fff0PACK"),
];

/// Says what others do to the server's repository while we are at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Nothing,
    /// Somebody commits.
    Moved,
    /// The last commit is taken back.
    Rewound,
    /// The last commit is written anew.
    Rewritten,
    /// The branch is gone.
    Deleted,
    /// A process died and left the branch locked.
    Locked,
    /// A hook refuses.
    Refused,
    /// A hook kills the one who runs it, after the pack.
    Killed,
    /// Everything is packed again, and what no branch holds is gone.
    Packed,
}

const EVENTS: [Event; 10] = [
    Event::Nothing,
    Event::Nothing,
    Event::Moved,
    Event::Rewound,
    Event::Rewritten,
    Event::Deleted,
    Event::Locked,
    Event::Refused,
    Event::Killed,
    Event::Packed,
];

struct Run {
    place: Place,
    server: Server,
    mirror: Mirror,
    dice: Dice,
    /// What was done so far; told when something does not hold.
    told: Vec<String>,
    /// What of it depends on nothing but the seed.
    same: Vec<String>,
    /// The files of our commits that landed and were not taken back.
    number: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let place = Place::new();
        let server = Server::start(place.dir.path().to_owned());
        let mirror = place.mirror(&server.url());
        Self { place, server, mirror, dice: Dice::new(seed), told: Vec::new(), same: Vec::new(), number: 0 }
    }

    /// Notes what is the same whenever it is lived through.
    fn tell(&mut self, what: String) {
        self.same.push(what.clone());
        self.told.push(what);
    }

    fn origin(&self, arguments: &[&str]) -> String {
        self.place.git(&[&["--git-dir", &self.place.origin().to_string_lossy()], arguments].concat())
    }

    /// Tells whether the server's branch holds a commit, by the git program.
    fn holds(&self, commit: &CommitId) -> bool {
        let asked = ["merge-base", "--is-ancestor", commit.as_str(), "main"];
        git_command(&self.place.origin()).args(asked).output().unwrap().status.success()
    }

    fn throw(&mut self) -> Fault {
        let at = self.dice.pick(&REQUESTS);
        let fault = match self.dice.roll(10) {
            0 => Fault::Status(self.dice.pick(&STATUSES), at),
            1 => Fault::CloseBefore(at),
            2 => Fault::CloseAfter(at),
            3 => Fault::Torn(at),
            4 => Fault::Early(self.dice.pick(&STATUSES), at),
            5 => {
                let (kind, words) = self.dice.pick(&WORDS);
                Fault::Says(at, kind, words)
            }
            6 => Fault::Silent(at),
            _ => Fault::Nothing,
        };
        self.tell(match &fault {
            Fault::Nothing => "a server that is well".to_owned(),
            Fault::Status(status, at) => format!("status {status} at {at}"),
            Fault::CloseBefore(at) => format!("closes before {at}"),
            Fault::CloseAfter(at) => format!("closes after {at}"),
            Fault::Torn(at) => format!("tears {at}"),
            Fault::Early(status, at) => format!("{status} before the end of {at}"),
            Fault::Says(at, kind, words) => format!("says {} as {kind} at {at}", text(words)),
            Fault::Silent(at) => format!("is silent at {at}"),
            _ => unreachable!("it is not thrown"),
        });
        fault
    }

    /// Does what others do, before our push.
    fn happen(&mut self, event: Event) {
        self.tell(format!("{event:?}"));
        let number = self.number.to_string();
        match event {
            Event::Nothing => {}
            Event::Moved => drop(self.place.somebody_commits("main", "NEWS", &number)),
            Event::Rewound if self.origin(&["rev-list", "--count", "main"]) != "1" => {
                self.origin(&["update-ref", "refs/heads/main", "main~1"]);
            }
            Event::Rewritten => {
                let tree = self.origin(&["rev-parse", "main^{tree}"]);
                let commit = self.origin(&["commit-tree", &tree, "-m", &format!("Anew {number}")]);
                self.origin(&["update-ref", "refs/heads/main", &commit]);
            }
            Event::Deleted => drop(self.origin(&["update-ref", "-d", "refs/heads/main"])),
            Event::Locked => std::fs::write(self.place.origin().join("refs/heads/main.lock"), "").unwrap(),
            Event::Refused => self.place.hook("pre-receive", "#!/bin/sh\nprintf 'no\\033[31m today\\n' >&2\nexit 1\n"),
            Event::Killed => self.place.hook("post-receive", "#!/bin/sh\nkill -9 $PPID\n"),
            Event::Rewound | Event::Packed => drop(self.origin(&["gc", "-q", "--prune=now"])),
        }
    }

    /// Mends what lasts; a branch that is gone begins again where it ended.
    fn mend(&self, event: Event, last: &CommitId) {
        self.server.fault(Fault::Nothing);
        drop(std::fs::remove_file(self.place.origin().join("refs/heads/main.lock")));
        for hook in ["pre-receive", "post-receive"] {
            drop(std::fs::remove_file(self.place.origin().join("hooks").join(hook)));
        }
        if event == Event::Deleted {
            self.origin(&["update-ref", "refs/heads/main", last.as_str()]);
        }
    }

    fn commit(&mut self, head: &CommitId) -> CommitId {
        self.number += 1;
        let content = format!("image: shop:{}\n", self.number);
        let new = NewCommit {
            parent: Some(head.clone()),
            changes: vec![FileChange::write(format!("k8s/{}", self.number % 3), content)],
            message: format!("Deploy\n\nNumber: {}\n", self.number),
            author: author(),
            time: time(0),
        };
        self.mirror.commit(&new).unwrap()
    }

    /// Looks that an error is told in words that can be drawn.
    fn words(&self, error: Error) {
        let said = Trouble::from(error).to_string();
        let plain = !said.trim().is_empty() && said.chars().all(|c| c == '\n' || !domain::text::hidden(c));
        assert!(plain, "{said:?} after {:#?}", self.told);
    }

    fn round(&mut self) {
        let told = || "the server is well".to_owned();
        let heads =
            self.mirror.fetch(&Cancel::new()).unwrap_or_else(|error| panic!("{}: {error:?}: {:#?}", told(), self.told)).heads;
        let head = heads.get("main").cloned().unwrap();
        assert_eq!(Some(&head), self.place.head("main").as_ref(), "{:#?}", self.told);
        let commit = self.commit(&head);
        let event = self.dice.pick(&EVENTS);
        self.happen(event);
        let fault = self.throw();
        // Only a server that says nothing is left soon; nobody hurries a busy machine.
        let silent = matches!(fault, Fault::Silent(_));
        // What is heard of an end in the middle, and how far one came in a while, is the machine's affair.
        let timed = silent || matches!(fault, Fault::Early(..)) || event == Event::Killed;
        let idle = if silent { Duration::from_millis(400) } else { Duration::from_mins(1) };
        let hasty = self.mirror.with_access(Access { limits: Limits { idle, total: Duration::from_mins(2) }, ..access() });
        self.server.fault(fault);
        if self.dice.roll(3) == 0 {
            match hasty.fetch(&Cancel::new()) {
                Ok(fetched) => assert_eq!(fetched.heads.get("main"), self.place.head("main").as_ref(), "{:#?}", self.told),
                Err(error) => self.words(error),
            }
        }
        let outcome = push(&hasty, &commit, &head);
        // Who was left soon may still be at work for us.
        self.server.await_quiet();
        let words =
            format!("{outcome:?}").replace(&self.server.url(), "origin").replace(&*self.place.dir.path().to_string_lossy(), "");
        if timed {
            self.told.push(words);
        } else {
            self.tell(words);
        }
        self.judge(outcome, &commit, silent);
        self.mend(event, &head);
        self.again(&commit, &head);
        self.tell(format!("the branch is at {:?}", self.place.head("main")));
    }

    /// Compares what was said of a push with what is at the server.
    fn judge(&self, outcome: git::Result<PushOutcome>, commit: &CommitId, silent: bool) {
        let there = self.holds(commit);
        match outcome {
            Ok(PushOutcome::Landed { head }) => {
                assert!(there, "it is not there: {:#?}", self.told);
                assert_eq!(Some(head), self.place.head("main"), "{:#?}", self.told);
            }
            Ok(PushOutcome::Moved { .. }) => assert!(!there, "it is there: {:#?}", self.told),
            Ok(PushOutcome::Rejected { words }) => {
                assert!(!there && !words.trim().is_empty(), "it is there, or nothing is said: {:#?}", self.told);
            }
            Ok(PushOutcome::Unknown { words }) => assert!(!words.trim().is_empty(), "{:#?}", self.told),
            Err(error) => {
                // Access that is refused after the pack was sent says nothing of what became of it.
                let late = matches!(error, Error::Auth { .. }) && self.told.iter().any(|t| t.contains(" /git-receive-pack"));
                assert!(!there || late || silent, "nothing was to be sent: {:#?}", self.told);
                self.words(error);
            }
        }
    }

    /// Asks once the server is well: the mirror and the git program say the same, and sent again it is there once.
    fn again(&mut self, commit: &CommitId, head: &CommitId) {
        let fetched = self.mirror.fetch(&Cancel::new()).unwrap_or_else(|error| panic!("{error:?}: {:#?}", self.told));
        assert_eq!(fetched.heads.get("main"), self.place.head("main").as_ref(), "{:#?}", self.told);
        assert_eq!(self.mirror.landed("main", commit).unwrap(), self.holds(commit), "{:#?}", self.told);
        match push(&self.mirror, commit, head).unwrap_or_else(|error| panic!("{error:?}: {:#?}", self.told)) {
            PushOutcome::Landed { .. } => assert!(self.holds(commit), "{:#?}", self.told),
            PushOutcome::Moved { .. } => assert!(!self.holds(commit), "{:#?}", self.told),
            other => panic!("{other:?} of a server that is well: {:#?}", self.told),
        }
        let numbers = self.origin(&["log", "--format=%(trailers:key=Number,valueonly,separator=)", "main"]);
        let mut numbers: Vec<&str> = numbers.lines().filter(|line| !line.is_empty()).collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all, "nothing is there twice: {:#?}", self.told);
        assert_eq!(self.origin(&["rev-list", "--merges", "--count", "main"]), "0");
    }
}

#[test]
fn what_is_said_of_a_push_is_what_became_of_it() {
    let seeds = seeds_and_again("QUARTERDECK_GIT_SEEDS", 1..9, 2);
    std::thread::scope(|scope| {
        // Half of the time is spent in waiting for processes.
        let parts: Vec<_> = (0..4)
            .map(|part| {
                let mine: Vec<u64> = seeds.iter().copied().skip(part).step_by(4).collect();
                scope.spawn(move || mine.into_iter().map(|seed| (seed, live_through(seed))).collect::<Vec<_>>())
            })
            .collect();
        let lived = parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        assert_same(lived);
    });
}

/// Lives through a seed's rounds. Returns what of them depends on nothing but the seed.
fn live_through(seed: u64) -> Vec<String> {
    let mut run = Run::new(seed);
    run.tell(format!("seed {seed}"));
    for round in 1..=ROUNDS {
        run.tell(format!("round {round}"));
        run.round();
    }
    run.origin(&["fsck", "--strict"]);
    run.same
}
