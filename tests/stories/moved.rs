//! Story 3: the branch moves between review and push.

use super::story;
use crate::support::ground::Ground;

story!(lands_on_a_head_that_moved);
fn lands_on_a_head_that_moved(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let ask = ["deploy", app, "development", "--tag", "1.2.0"];
    let reviewed =
        operator.run(&[&ask[..], &["--dry-run", "-o", "json"]].concat()).json()["digest"].as_str().expect("a digest").to_owned();

    // Somebody else pushes to another file: the reviewed content is the same, and goes out on top of theirs.
    let theirs = ground.repo.commit("main", &[("README.md", "# Shop\n\nMore.\n")], "Write more");
    operator.run(&[&ask[..], &["--yes", "--wait", "2m", "--reviewed", &reviewed]].concat()).ok();
    let log = ground.repo.log("main");
    assert_eq!(log[0].parents, [theirs.as_str()], "linear");
    assert_eq!(ground.repo.file("main", "README.md").as_deref(), Some("# Shop\n\nMore.\n"), "nobody's change is lost");
}

story!(asks_again_when_the_reviewed_content_differs);
fn asks_again_when_the_reviewed_content_differs(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let app = ground.app.as_str();
    let path = "k8s/overlays/development/kustomization.yaml";
    let ask = ["deploy", app, "development", "--tag", "1.2.0"];
    let reviewed =
        operator.run(&[&ask[..], &["--dry-run", "-o", "json"]].concat()).json()["digest"].as_str().expect("a digest").to_owned();
    let other = ground.repo.file("main", path).expect("the overlay").replace("count: 1", "count: 2");
    let theirs = ground.repo.commit("main", &[(path, &other)], "Scale");
    let why = operator.run(&[&ask[..], &["--yes", "--reviewed", &reviewed]].concat()).failed(3);
    assert!(why.contains("review"), "{why}");
    assert_eq!(ground.repo.head("main"), Some(theirs), "nothing was pushed");
    // Reviewed anew, it goes.
    operator.run(&[&ask[..], &["--yes", "--wait", "2m"]].concat()).ok();
    let now = ground.repo.file("main", path).expect("the overlay");
    assert!(now.contains("count: 2") && now.contains("newTag: 1.2.0"), "{now}");
}

story!(concurrent_writers_lose_nothing);
fn concurrent_writers_lose_nothing(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development", "production"]);
    let app = ground.app.clone();
    let children: Vec<_> = (0..4)
        .map(|n| {
            operator.start(&[
                "deploy",
                &app,
                if n % 2 == 0 { "development" } else { "production" },
                "--env",
                &format!("WRITER_{n}=x"),
                "--yes",
            ])
        })
        .collect();
    for child in children {
        let said = crate::support::console::Said::from(child.wait_with_output().expect("a child"));
        said.ok();
    }
    let log = ground.repo.log("main");
    assert_eq!(log.len(), 5, "four commits on one");
    assert!(log.iter().all(|c| c.parents.len() <= 1), "linear");
    for n in 0..4 {
        let environment = if n % 2 == 0 { "development" } else { "production" };
        let text = ground.repo.file("main", &format!("k8s/overlays/{environment}/kustomization.yaml")).expect("the overlay");
        assert!(text.contains(&format!("WRITER_{n}")), "{n} in {text}");
    }
}
