//! Story 4: the server refuses the push. Its words are on the screen, and the draft outlives the console.

use super::*;

story!(push_refused);
fn push_refused(ground: &Ground) {
    let operator = prepared(ground, "development");
    let base = ground.repo.head("main");
    ground.repo.set_hook("pre-receive", "#!/bin/sh\necho 'main is protected: open a merge request' >&2\nexit 1\n");
    let mut first = console(&operator);
    form(&mut first, "development");
    tag(&mut first, "1.2.0");
    review(&mut first);
    first.keys("y");
    let screen = first.see("main is protected: open a merge request");
    assert!(!screen.contains("✓ Git commit"), "nothing claims success");
    assert_eq!(ground.repo.head("main"), base, "nothing landed");
    // On the Deployments screen as well.
    first.keys("\u{1b}7");
    first.until("the failed deployment", SOON, |screen| screen.contains("✗ Git commit") && screen.contains("main is protected"));
    // The draft is there when one comes back to the form, and in the next console.
    first.keys("3");
    first.until("the draft", SOON, |screen| {
        line(screen, "Tag").contains("1.2.0") && line(screen, "DEPLOY ").contains("draft kept")
    });
    first.keys("\u{3}");
    assert_eq!(first.ended(SOON), 0);

    let mut second = console(&operator);
    form(&mut second, "development");
    second.until("the draft", SOON, |screen| {
        line(screen, "Tag").contains("1.2.0") && line(screen, "DEPLOY ").contains("draft kept")
    });
    // The server has changed its mind.
    ground.repo.set_hook("pre-receive", "#!/bin/sh\nexit 0\n");
    review(&mut second);
    yes(&mut second);
    second.until("four green stages", ground.patience(), green);
    assert_eq!(ground.repo.log("main").len(), 2);
    // What has gone out is no draft any more.
    form(&mut second, "development");
    second.until("the form as Git says", SOON, |screen| {
        line(screen, "Tag").contains("1.2.0") && !line(screen, "DEPLOY ").contains("draft kept")
    });
}
