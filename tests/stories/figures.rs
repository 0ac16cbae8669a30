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
