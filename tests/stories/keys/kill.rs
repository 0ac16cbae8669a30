//! Story 5: kill -9 of the console at several moments after yes was said. The next one brings it to an end.

use super::*;
use crate::support::gitserver::Fault;
use crate::support::wait;

story!(killed_console);
fn killed_console(ground: &Ground) {
    let operator = prepared(ground, "development");
    for (round, moment) in MOMENTS.into_iter().enumerate() {
        let wanted = format!("2.0.{round}");
        let before = ground.repo.log("main").len();
        let mut first = console(&operator);
        form(&mut first, "development");
        tag(&mut first, &wanted);
        // What the screen says to be kept survives whatever comes.
        first.until("the draft kept", SOON, |screen| line(screen, "DEPLOY").contains("draft kept"));
        review(&mut first);
        reach(moment, &mut first, ground);
        first.kill();
        ground.repo.fault(Fault::None);

        let mut second = console(&operator);
        let history = operator.run(&["history", &ground.app, "development", "-o", "json"]).json();
        let begun = history[0]["summary"].as_str().is_some_and(|summary| summary.contains(&wanted));
        assert!(begun || moment == Moment::Yes, "{moment:?}: what the server was asked to take is known");
        if begun {
            second.keys("7");
            second.until("the end", ground.patience(), |screen| {
                line(screen, &format!("→ {wanted}")).contains("succeeded") && green(screen)
            });
        } else {
            // Nothing was begun; the draft waits in the form.
            form(&mut second, "development");
            second.until("the draft", SOON, |screen| line(screen, "Tag").contains(&wanted));
        }
        let log = ground.repo.log("main");
        assert_eq!(log.len(), before + usize::from(begun), "{moment:?}: committed once or not at all");
        assert_eq!(log.iter().filter(|commit| commit.subject.contains(&wanted)).count(), usize::from(begun), "{moment:?}");
        operator.run(&["audit", "verify"]).ok();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Right after the key.
    Yes,
    /// While the server holds the push and has not answered.
    Pushing,
    /// When the server has the commit and the console has not heard so.
    Unheard,
    /// When the commit is on the branch.
    Landed,
    /// While Flux applies it.
    Applying,
}

const MOMENTS: [Moment; 5] = [Moment::Yes, Moment::Pushing, Moment::Unheard, Moment::Landed, Moment::Applying];

/// Says yes and returns at that moment.
fn reach(moment: Moment, console: &mut Console, ground: &Ground) {
    let asked = |what: &str| ground.repo.requests().iter().filter(|line| line.contains(what)).count();
    let (pushes, head) = (asked("service=git-receive-pack"), ground.repo.head("main"));
    let landed = || wait("the push", SOON, || (ground.repo.head("main") != head).then_some(()));
    match moment {
        Moment::Yes => console.keys("y"),
        Moment::Pushing => {
            console.keys("y");
            wait("the push begins", SOON, || (asked("service=git-receive-pack") > pushes).then_some(()));
            ground.repo.fault(Fault::Stall);
        }
        Moment::Unheard => {
            ground.repo.fault(Fault::CutAfterPack);
            console.keys("y");
            landed();
        }
        Moment::Landed => {
            console.keys("y");
            landed();
        }
        Moment::Applying => {
            yes(console);
            console.until("Flux has it", ground.patience(), |screen| screen.contains("✓ Flux sync"));
        }
    }
}
