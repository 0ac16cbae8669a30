//! Story 4: the server refuses the push.

use super::story;
use crate::support::gitserver::Fault;
use crate::support::ground::Ground;

story!(shows_the_servers_words);
fn shows_the_servers_words(ground: &Ground) {
    let operator = ground.operator();
    let base = ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let ask = ["deploy", app, "development", "--tag", "1.2.0", "--yes"];

    ground.repo.set_hook("pre-receive", "#!/bin/sh\necho 'main is protected: open a merge request' >&2\nexit 1\n");
    let why = operator.run(&ask).failed(1);
    assert!(why.contains("main is protected: open a merge request"), "{why}");
    ground.repo.set_hook("pre-receive", "#!/bin/sh\nexit 0\n");

    for (fault, word) in [(Fault::Unauthorized, "401"), (Fault::Forbidden, "403")] {
        ground.repo.fault(fault);
        let why = operator.run(&ask).failed(1);
        assert!(why.contains(word) || why.to_lowercase().contains("auth"), "{word} in {why}");
        ground.repo.fault(Fault::None);
    }
    assert_eq!(ground.repo.head("main"), Some(base), "nothing landed");
    let history = operator.run(&["history", app, "-o", "json"]).json();
    for deployment in history.as_array().expect("a list") {
        assert_eq!(deployment["status"], "failed", "nothing claims success");
    }
    operator.run(&["audit", "verify"]).ok();

    // And then it works, from the same fields.
    operator.run(&[&ask[..], &["--wait", "2m"]].concat()).ok();
}

story!(finds_out_whether_a_cut_push_landed);
fn finds_out_whether_a_cut_push_landed(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    // The server takes the pack and dies before it answers: the commit is there, and that is found out.
    ground.repo.fault(Fault::CutAfterPack);
    let said = operator.run(&["deploy", &ground.app, "development", "--tag", "1.2.0", "--yes", "--wait", "2m"]);
    ground.repo.fault(Fault::None);
    let log = ground.repo.log("main");
    assert_eq!(log.len(), 2, "{}{}", said.out, said.err);
    said.ok();
}
