//! Story 1: from an empty console to healthy Pods, every step by keys.

use super::*;

story!(first_voyage);
fn first_voyage(ground: &Ground) {
    let operator = ground.operator();
    let base = ground.seed();
    let mut console = operator.console(150, 44);
    add_project(&mut console, ground);
    add_environments(&mut console, ground);

    // The form of development: another tag, and three replicas.
    console.keys("gg");
    console.until("development is healthy", ground.patience(), |screen| line(screen, " development ").contains("1/1"));
    form(&mut console, "development");
    tag(&mut console, "1.1.0");
    console.keys(&format!("{TAB}{TAB}{EMPTY}3"));
    let screen = console.until("both changes", SOON, |screen| screen.contains("count: 3") && screen.contains("✓ no findings"));
    assert_eq!(changes(&screen), CHANGES, "{screen}");
    assert!(screen.contains("image 1.0.0 → 1.1.0") && screen.contains("replicas 1 → 3"), "{screen}");

    // The Diff tab says the same, one side under the other, and the YAML tab shows what will run in colours.
    console.keys(DIFF);
    console.see("@@ -");
    console.keys("v");
    let screen = console.until("one side", SOON, |screen| !screen.contains('│'));
    assert_eq!(changes(&screen), CHANGES, "{screen}");
    console.keys("e");
    console.see("WILL CHANGE");
    console.keys(YAML);
    console.see("image: ghcr.io/acme/shop:1.1.0");
    let (key, value) = (console.colour("image:"), console.colour("ghcr.io/acme/shop:1.1.0"));
    assert!(key.is_some() && value.is_some() && key != value, "keys and values have colours of their own: {key:?} {value:?}");
    console.keys("e");
    console.see("WILL CHANGE");
    assert_eq!(ground.repo.head("main").as_deref(), Some(base.as_str()), "nothing is pushed before it is confirmed");

    // Review, commit, push, and four green stages.
    review(&mut console);
    let screen = console.see("Ada Byron <ada@acme.example>");
    assert!(screen.contains("kustomization.yaml  +2 -2"), "{screen}");
    yes(&mut console);
    console.until("four green stages", ground.patience(), green);
    told(&mut console, ground, &operator);
}

const CHANGES: [&str; 4] =
    ["- newTag: 1.0.0  # keep in step with api", "+ newTag: 1.1.0  # keep in step with api", "- count: 1", "+ count: 3"];

/// Returns the lines that a screen shows as changed, without their numbers: beside the form they follow the sign, on the Diff
/// tab they stand before it, one of them for each side that has the line.
fn changes(screen: &str) -> Vec<String> {
    let pattern = regex::Regex::new(r"(?:│ ([-+]) +\d+ |^ *(?:\d+ {2,}|  +\d+ )([-+]) )(.*)$").expect("a valid pattern");
    let found = screen.lines().filter_map(|line| pattern.captures(line.trim_end()));
    let part = |found: &regex::Captures, at| found.get(at).map_or("", |part| part.as_str().trim()).to_owned();
    found.map(|found| format!("{}{} {}", part(&found, 1), part(&found, 2), part(&found, 3))).collect()
}

fn add_project(console: &mut Console, ground: &Ground) {
    console.see("Welcome aboard");
    console.keys("a");
    console.see("Add a project");
    console.keys(&ground.repo.url);
    // The slug follows the repository's name.
    console.until("the slug", SOON, |screen| line(screen, "Slug").contains(&ground.app));
    console.keys(TEST);
    console.see("✓ It answers");
    console.keys(SUBMIT);
    console.until("the project", SOON, |screen| screen.lines().any(|line| line.starts_with('▌') && line.contains(&ground.app)));
}

fn add_environments(console: &mut Console, ground: &Ground) {
    console.keys(ENTER);
    console.see("No environments in");
    // Everything is filled in; only the branch is another one here.
    console.keys("a");
    console.see("Add an environment to");
    console.keys(&TAB.repeat(7));
    console.until("the branch has the focus", SOON, |screen| line(screen, "Branch").contains('▌'));
    console.keys(&format!("{EMPTY}main"));
    console.until("another branch", SOON, |screen| line(screen, "Branch").contains("main"));
    console.keys(SUBMIT);
    // What is created in the cluster is named before.
    console.until("the question", SOON, |screen| screen.contains("Sure?") && screen.contains("Kustomization/flux-system/"));
    console.keys("y");
    console.until("development", SOON, |screen| !screen.contains("Add an environment to") && screen.contains("development"));
    // The second is production; its branch is main by itself.
    console.keys("a");
    console.see("Add an environment to");
    console.keys("p");
    console.until("production's defaults", SOON, |screen| {
        line(screen, "Name").contains("production")
            && line(screen, "Auto sync").contains("off")
            && line(screen, "Branch").contains("main")
    });
    console.keys(SUBMIT);
    console.until("the question", SOON, |screen| screen.contains("Sure?"));
    console.keys("y");
    console.until("production", SOON, |screen| !screen.contains("Add an environment to") && screen.contains("production"));
    assert!(ground.repo.log("main").len() == 1, "adding an environment commits nothing");
}

/// Checks what the console, the server and the journal say afterwards.
fn told(console: &mut Console, ground: &Ground, operator: &Operator) {
    let log = ground.repo.log("main");
    assert_eq!(log.len(), 2);
    let commit = &log[0];
    assert_eq!(commit.author, "Ada Byron <ada@acme.example>");
    assert!(commit.subject.contains("1.1.0") && commit.subject.contains("development"), "{}", commit.subject);
    let trailer = |name: &str| commit.trailers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(trailer("Environment"), Some(format!("{}/development", ground.app).as_str()));
    assert_eq!(trailer("Deployment-Method"), Some("gitops-ui"));
    let id = trailer("Deployment-Id").expect("a trailer with the deployment's id");
    console.see(id);

    console.keys("2");
    let screen = console.until("the new image", SOON, |screen| {
        let row = line(screen, " development ");
        row.contains("3/3") && row.matches("1.1.0").count() == 2
    });
    assert!(screen.contains(&format!("main@{}", &commit.id[..7])), "{screen}");
    assert!(line(&screen, " production ").contains("manual"), "{screen}");

    console.keys("9");
    let screen = console.until("the journal", SOON, |screen| screen.contains("RESULT") && screen.contains("deploy "));
    let of_deploy: Vec<&str> = screen.lines().filter(|line| line.contains(" deploy ")).collect();
    assert!(of_deploy.len() == 3 && of_deploy[0].contains("done") && of_deploy[1].contains("begun"), "{screen}");
    for act in ["project.add", "environment.add"] {
        assert!(screen.contains(act), "{act} in {screen}");
    }
    operator.run(&["audit", "verify"]).ok();
    let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
    assert_eq!((history[0]["id"].as_str(), history[0]["status"].as_str()), (Some(id), Some("succeeded")));
}
