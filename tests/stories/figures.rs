//! What was done, looked back at: the history by a filter, the figures of delivery, the environments side by side, the journal.

use super::story;
use crate::support::ground::Ground;

story!(what_was_done_is_counted_and_compared);
fn what_was_done_is_counted_and_compared(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development", "production"]);
    let app = ground.app.as_str();
    operator.run(&["deploy", app, "development", "--tag", "1.2.0", "--yes", "--wait", "2m"]).ok();

    let fitting = |filter: &str| {
        let found = operator.run(&["history", "--filter", filter, "-o", "json"]).json();
        found.as_array().expect("a list").len()
    };
    assert_eq!(fitting("status=succeeded method=gitops-ui env=development age<1h"), 1);
    assert_eq!(fitting("status=failed"), 0);
    assert_eq!(fitting("env=production"), 0);
    let listed = operator.run(&["get", "deployments", "--filter", "commit=*", "-o", "name"]).ok();
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(operator.run(&["history", "--filter", "state~failed nonsense=1"]).failed(2).contains("filter"));

    let found = operator.run(&["monitor", "--since", "24h", "-o", "json"]).json();
    assert_eq!((found["all"]["deployments"].as_u64(), found["all"]["success_rate"].as_f64()), (Some(1), Some(1.0)), "{found:#}");
    assert!(found["environments"][0]["healthy_p50"].as_i64().is_some(), "{found:#}");
    assert!(found["objects"].as_array().expect("a list").iter().any(|o| o["kind"] == "Kustomization"), "{found:#}");
    operator.run(&["monitor", "--since", "soon"]).failed(2);

    // Development runs what Git says; production waits for a sync and runs nothing yet.
    let sides = operator.run(&["environment", "compare", app, "-o", "json"]).json();
    let image = |at: usize| {
        let fields = sides["sides"][at]["fields"].as_array().expect("fields").clone();
        fields.into_iter().find(|f| f["field"] == "image").expect("an image")
    };
    assert_eq!(
        (sides["sides"][0]["agrees"].as_bool(), sides["sides"][1]["agrees"].as_bool()),
        (Some(true), Some(false)),
        "{sides:#}"
    );
    assert!(image(0)["running"].as_str().is_some_and(|image| image.ends_with(":1.2.0")), "{sides:#}");
    assert!(image(1)["running"].is_null() && image(1)["drift"] == true, "{sides:#}");

    let entries = operator.run(&["audit", "--filter", "action=deploy result=done age<1h", "-o", "json"]).json();
    assert!(entries.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(|e| e["act"] == "deploy")), "{entries:#}");
    let lines = operator.run(&["audit", "export", "--filter", "action=project.*"]).ok();
    assert!(lines.lines().count() > 0 && lines.lines().all(|line| line.contains("\"act\":\"project.")), "{lines}");
    operator.run(&["audit", "verify"]).ok();

    let mut console = operator.console(120, 36);
    console.see("● live");
    console.keys("8");
    console.see("commit to healthy");
    console.keys("2");
    console.see("IN GIT");
    console.keys("v");
    console.see(&format!("{app} side by side"));
    console.see("agrees");
    console.keys("qq");
}

story!(a_changed_entry_is_named);
fn a_changed_entry_is_named(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development", "production"]);
    let journal = operator.state().join("journal/000001.jsonl");
    let text = std::fs::read_to_string(&journal).expect("a journal");
    assert_eq!(operator.run(&["audit", "export"]).ok(), text, "what is exported is what is kept, byte for byte");
    let csv = operator.run(&["audit", "export", "--csv"]).ok();
    assert!(csv.starts_with("seq,time,actor,act,object,phase,detail,hash\r\n1,"), "{csv}");
    assert_eq!(csv.lines().count(), text.lines().count() + 1);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in lines.iter_mut().skip(2) {
        *line = line.replacen(ground.app.as_str(), "another", 1);
    }
    std::fs::write(&journal, lines.join("\n") + "\n").expect("a journal that was changed");
    let why = operator.run(&["audit", "verify"]).failed(1);
    assert!(why.contains("000001.jsonl line 3") && why.contains("entry 3: its hash does not match its content"), "{why}");
}
