//! What is known of the selected project: where it lies, how its environments are doing, what was deployed last.

use domain::flux::Health;
use domain::project::Project;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::pane::Room;
use crate::widgets::put::{Piece, piece, width};
use crate::widgets::recent::{self, Recent};

/// Returns the lines of the pane below the list.
pub(super) fn lines(cx: &Cx, project: &Project, recent: &Recent, room: Room) -> Vec<Vec<Piece<'static>>> {
    let mut title = vec![piece(project.name.clone(), Role::Accent)];
    if !project.description.is_empty() {
        title.push(piece(format!("  {}", domain::text::one_line(&project.description)), Role::Text));
    }
    let repository = &project.repository;
    let place = vec![
        piece(repository.url.clone(), Role::Muted),
        piece(format!("  {}", cx.tf("projects.default-branch", &[("branch", repository.default_branch.as_str())])), Role::Muted),
    ];
    let mut out = vec![title, place, Vec::new()];
    out.extend(environments(cx, project));
    out.push(Vec::new());
    let ours = recent.of(&cx.world.deployments, project.slug.to_string(), |d| d.environment().project == project.slug);
    out.extend(recent::lines(cx, &ours, true, room));
    out
}

fn environments(cx: &Cx, project: &Project) -> Vec<Vec<Piece<'static>>> {
    let ours: Vec<_> = cx.world.environments.iter().filter(|e| e.id.project == project.slug).collect();
    if ours.is_empty() {
        return vec![vec![piece(cx.t("projects.no-environments").to_owned(), Role::Muted)]];
    }
    let wide = ours.iter().map(|e| width(e.id.name.as_str())).max().unwrap_or(0);
    let healths: Vec<_> =
        ours.iter().map(|e| cx.world.environment_health(e)).map(|(h, why)| (h, format::reason(cx, h, &why))).collect();
    let words = healths.iter().map(|(_, why)| width(why)).max().unwrap_or(0);
    let line = |(environment, (health, why)): (&&std::sync::Arc<domain::project::Environment>, &(Health, String))| {
        let health = *health;
        let name = environment.id.name.as_str();
        let pad = " ".repeat(wide - width(name));
        let workloads = cx.world.workloads_of(environment);
        let images = workloads.iter().filter_map(|w| w.containers.first()).map(|c| format::version(&c.image));
        vec![
            piece(cx.glyph(health), health.into()),
            piece(format!(" {name}{pad}  "), Role::Text),
            piece(format!("{why}{}", " ".repeat(words - width(why))), health.into()),
            piece(format!("  {}", images.collect::<Vec<_>>().join(" ")), Role::Muted),
            piece(format!("  {}", environment.gitops.branch), Role::Faint),
        ]
    };
    ours.iter().zip(&healths).map(line).collect()
}
