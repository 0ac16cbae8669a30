//! Environments side by side, and what a commit changed, as they look: wide, narrow, in both languages, with few colours.
#![expect(clippy::panic, reason = "a test says which input failed by failing")]

use std::sync::Arc;

use domain::change::FileChange;
use domain::project::EnvironmentType;
use domain::query::{Answer, Query};
use domain::revision::Revision;
use domain::sides::{Place, Side, Sides};
use domain::trouble::Trouble;

use crate::capabilities::Depth;
use crate::effects::{Reply, Wish};
use crate::fixture::{Stage, commit};
use crate::words::Language;

fn place(field: &str, container: Option<&str>, sides: (Option<&str>, Option<&str>), drift: bool) -> Place {
    let text = |side: Option<&str>| side.map(str::to_owned);
    Place { container: text(container), field: field.to_owned(), git: text(sides.0), running: text(sides.1), drift: Some(drift) }
}

fn side(name: &str, head: &str, agrees: Option<bool>, fields: Vec<Place>) -> Side {
    Side {
        environment: format!("shop/{name}").parse().unwrap_or_else(|_| panic!("{name}")),
        kind: EnvironmentType::Development,
        branch: "main".to_owned(),
        head: Some(commit(head)),
        applied: Some(Revision(format!("main@sha1:{}", commit(head)).as_str().into())),
        agrees,
        stale: false,
        workload: "Deployment/shop-web".to_owned(),
        fields,
        git_trouble: None,
        live_trouble: None,
    }
}

fn sides() -> Sides {
    let web = Some("web");
    let fields = |tag: &'static str, runs: &'static str, replicas: &'static str| {
        let image = place("image", web, (Some(tag), Some(runs)), tag != runs);
        vec![image, place("replicas", None, (Some(replicas), Some(replicas)), false)]
    };
    let stale = Side {
        applied: None,
        agrees: None,
        stale: true,
        live_trouble: Some(Trouble::failed("The cluster does not answer", "prod-eu").why("connection refused")),
        ..side("production", "9e1c21d", None, fields("1.8.4", "1.8.4", "6"))
    };
    Sides {
        project: "shop".parse().unwrap_or_else(|_| panic!("shop")),
        sides: vec![
            side("development", "1f0c2a9", Some(true), fields("1.9.0-rc2", "1.9.0-rc2", "1")),
            side("staging", "a41f09c", Some(false), fields("1.9.0-rc1", "1.8.9", "2")),
            stale,
        ],
    }
}

/// Opens the comparison, or the commit of a deployment, and answers what it asks.
fn opened(stage: &mut Stage, keys: &str) {
    stage.keys(keys.split_once('|').map_or(keys, |(before, _)| before));
    stage.wishes();
    stage.keys(keys.split_once('|').map_or("", |(_, key)| key));
    let wishes = stage.wishes();
    let answered = wishes.iter().find_map(|wish| match wish {
        Wish::Ask(ticket, Query::Sides(_)) => Some((*ticket, Answer::Sides(Arc::new(sides())))),
        Wish::Ask(ticket, Query::Changed(_)) => Some((*ticket, Answer::Changed(Arc::new(changed())))),
        _ => None,
    });
    let Some((ticket, answer)) = answered else { panic!("{wishes:?}") };
    stage.reply(Reply::Answer(ticket, Ok(answer)));
}

fn changed() -> Vec<FileChange> {
    let text =
        |tag: &str| format!("images:\n- name: shop\n  newName: ghcr.io/acme/shop\n  newTag: {tag}  # keep in step with api\n");
    vec![
        FileChange {
            path: "k8s/production/kustomization.yaml".to_owned(),
            before: Some(text("1.8.4")),
            after: Some(text("1.8.5")),
        },
        FileChange { path: "k8s/production/notes.txt".to_owned(), before: None, after: Some("Ship it.\n".to_owned()) },
    ]
}

const VIEWS: [(&str, &str); 2] = [("sides", "2 G|v"), ("changed", "7 g g j|D")];

#[test]
fn they_look_as_they_should() {
    for (name, keys) in VIEWS {
        for (size, language) in [((80, 24), Language::English), ((120, 36), Language::English), ((120, 36), Language::Chinese)] {
            let mut stage = Stage::new(size.0, size.1, language);
            opened(&mut stage, keys);
            insta::assert_snapshot!(format!("{name}-{}-{}", size.0, language.tag()), stage.frame());
        }
        for (depth, word) in [(Depth::Ansi16, "sixteen"), (Depth::None, "mono")] {
            let mut stage = Stage::in_depth(depth);
            opened(&mut stage, keys);
            insta::assert_snapshot!(format!("{name}-{word}"), stage.frame());
        }
    }
}
