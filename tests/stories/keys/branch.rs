//! Story 3: the branch moves while the review is on the screen.

use super::*;

const OVERLAY: &str = "k8s/overlays/development/kustomization.yaml";

story!(branch_moved);
fn branch_moved(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = console(&operator);
    form(&mut console, "development");
    tag(&mut console, "1.2.0");
    review(&mut console);
    let theirs = ground.repo.commit("main", &[("README.md", "# Shop\n\nMore.\n")], "Write more");
    yes(&mut console);
    console.until("four green stages", ground.patience(), green);
    let log = ground.repo.log("main");
    assert_eq!(log[0].parents, [theirs.as_str()], "linear");
    assert_eq!(ground.repo.file("main", "README.md").as_deref(), Some("# Shop\n\nMore.\n"), "nobody's change is lost");
}

story!(asked_again);
fn asked_again(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = console(&operator);
    form(&mut console, "development");
    tag(&mut console, "1.2.0");
    review(&mut console);
    let other = ground.repo.file("main", OVERLAY).expect("the overlay").replace("count: 1", "count: 2");
    let theirs = ground.repo.commit("main", &[(OVERLAY, &other)], "Scale");
    console.keys("y");
    console.see("What was reviewed has changed");
    assert_eq!(ground.repo.head("main").as_ref(), Some(&theirs), "nothing was pushed");
    // The form is read again and keeps what was typed; what is reviewed now goes.
    console.until("the form on the new head", SOON, |screen| {
        line(screen, "Tag").contains("1.2.0") && line(screen, "Replicas").contains(" 2 ") && screen.contains("newTag: 1.2.0")
    });
    review(&mut console);
    yes(&mut console);
    console.until("four green stages", ground.patience(), green);
    let now = ground.repo.file("main", OVERLAY).expect("the overlay");
    assert!(now.contains("count: 2") && now.contains("newTag: 1.2.0"), "{now}");
    assert_eq!(ground.repo.log("main")[0].parents, [theirs.as_str()], "linear");
}
