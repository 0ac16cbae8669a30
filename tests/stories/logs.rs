//! Logs by the command: of a workload, as JSON, followed while its Pods are replaced, and of a controller.

use std::time::Duration;

use serde_json::Value;

use super::story;
use crate::support::ground::{Ground, Kind};
use crate::support::sequences::{POISON, only_ours, plain};
use crate::support::wait;

const LIMIT: Duration = Duration::from_mins(1);

story!(logs_are_printed_and_followed_over_new_pods);
fn logs_are_printed_and_followed_over_new_pods(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let namespace = ground.namespace("development");
    let logs = |more: &[&str]| operator.run(&[&["logs", "deploy/shop-web", "-n", &namespace], more].concat());
    let started = |text: &str| text.contains("level=info msg=\"starting");
    let said = wait("the first lines", LIMIT, || Some(logs(&[])).filter(|said| started(&said.out)));
    assert!(!said.out.contains("--"), "no marks when all is well: {}", said.out);

    let json = logs(&["-o", "json", "--tail", "1"]).ok();
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!lines.is_empty() && lines.iter().all(|l| l["container"] == "web" && l["time"].is_string()), "{json}");
    let pod = lines[0]["pod"].as_str().expect("a Pod").to_owned();
    assert!(pod.starts_with("shop-web-"), "{pod}");

    let one = operator.run(&["logs", &format!("pod/{pod}"), "-n", &namespace, "--since", "1h", "-t"]).ok();
    assert!(started(&one) && one.starts_with("20"), "{one}");
    let absent = operator.run(&["logs", &format!("pod/{pod}"), "-n", &namespace, "-c", "nothing"]).failed(4);
    assert!(absent.contains("it has web"), "{absent}");
    let before = operator.run(&["logs", &format!("pod/{pod}"), "-n", &namespace, "--previous"]).failed(4);
    assert!(before.contains("previous terminated container"), "{before}");

    let follow = operator.console_with(160, 40, &["logs", "deploy/shop-web", "-n", &namespace, "-f"]);
    follow.see("starting");
    ground.remove("Pod", &namespace, &pod);
    follow.see("the Pod came");
    follow.until("the new Pod's lines", LIMIT, |text| {
        text.lines().any(|line| line.starts_with("shop-web-") && !line.starts_with(&pod) && line.contains("level=info"))
    });
}

story!(a_controller_tells_of_an_object);
fn a_controller_tells_of_an_object(ground: &Ground) {
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let name = format!("ks/{}-development", ground.app);
    // Where controllers are no Pods, it says what was looked for, and where.
    let said = wait("an answer", LIMIT, || {
        let said = operator.run(&["logs", &name, "--controller"]);
        (said.code != 0 || !said.out.is_empty()).then_some(said)
    });
    if said.code == 0 {
        assert!(said.out.to_lowercase().contains("revision"), "{}", said.out);
    } else {
        let why = said.failed(4);
        assert!(why.contains("kustomize-controller") && why.contains("app=kustomize-controller in flux-system"), "{why}");
    }
    let usage = operator.run(&["logs", "deploy/shop-web", "--controller"]).failed(2);
    assert!(usage.contains("Flux"), "{usage}");
}

#[test]
fn poisoned_lines_and_one_without_an_end_are_bounded_and_steer_nothing() {
    let ground = Ground::new(Kind::Sim, "poisoned").expect("the simulator is always there");
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let namespace = ground.namespace("development");
    let pod = wait("a Pod that runs", LIMIT, || {
        let ours =
            |o: &Value| o["kind"] == "Pod" && o["metadata"]["namespace"] == *namespace && o["status"]["phase"] == "Running";
        let found = ground.simulator().dump().into_iter().find(ours)?;
        found["metadata"]["name"].as_str().map(str::to_owned)
    });
    // A carriage return begins a line anew, and what stood before it is not seen.
    let poison = POISON.replace(['\r', '\n'], "");
    let mut bytes = format!("first {poison}\n{poison}m then red \u{1b}[31mERR\u{1b}[m {poison}\n").into_bytes();
    bytes.extend_from_slice(b"bytes \xff\xfe\xc0\xaf\xed\xa0\x80 \x00\x9b2J end\n");
    bytes.extend_from_slice(b"endless ");
    bytes.extend(std::iter::repeat_n(b"a\x1b]0;POISON", 1 << 20).flatten());
    ground.simulator().write_log(&namespace, &pod, bytes);
    let target = format!("pod/{pod}");
    for format in ["table", "json"] {
        let said = operator.run(&["logs", &target, "-n", &namespace, "-o", format]);
        plain(format, said.out.as_bytes());
        plain(format, said.err.as_bytes());
        let text = said.ok();
        for word in ["first", "then red", "bytes \u{fffd}", "endless", "bytes)"] {
            assert!(text.contains(word), "{word} in {format}:\n{text:.4000}");
        }
        assert!(text.len() < 64 << 10, "{} bytes of {format}", text.len());
    }
    let follow = operator.console_with(160, 40, &["logs", &target, "-n", &namespace, "-f"]);
    follow.see("then red");
    let drawn = only_ours("logs in a terminal", &follow.raw());
    assert!(drawn > 100, "{drawn} characters");
    let mut console = operator.console(160, 40);
    console.see("\u{25cf} live");
    console.keys("2");
    console.see("development");
    console.keys("l");
    // Followed, a line is shown when it has ended.
    console.until("the log", LIMIT, |screen| screen.contains("then red") && screen.contains("2J end"));
    console.keys("\u{1b}[H");
    console.see("first");
    only_ours("the console", &console.raw());
}
