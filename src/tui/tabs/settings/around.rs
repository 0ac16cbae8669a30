//! What stands around Flux: every cluster and repository with how its connection is, and how this console is set.

use domain::actor::Role as Permission;
use domain::link::{Link, LinkOf, LinkState};

use crate::cx::Cx;
use crate::preferences::Notice;
use crate::theme::Role;
use crate::widgets::put::{cut_middle, piece, width};
use crate::widgets::sheet::Row;
use crate::widgets::{format, link};

/// How many connections are named.
const MOST: usize = 40;
/// How wide a name is at most.
const NAME: usize = 44;

/// Adds clusters, repositories, and whatever else is not live: the worst first.
pub(super) fn connections(cx: &Cx, rows: &mut Vec<Row>) {
    let matters = |link: &&Link| !matches!(link.of, LinkOf::Kind { .. }) || !link.state.is_live();
    let mut links: Vec<&Link> = cx.world.links.iter().filter(matters).collect();
    if links.is_empty() {
        return;
    }
    links.sort_by_key(|link| (link.state.health(), &link.of));
    rows.extend([Row::Blank, Row::heading(cx.t("settings.connections"))]);
    let names: Vec<String> = links.iter().take(MOST).map(|link| name(&link.of)).collect();
    let wide = names.iter().map(|name| width(name)).max().unwrap_or(0);
    for (link, name) in links.iter().zip(&names) {
        let mut line = link::pieces(cx, &link.state);
        let word = line.split_off(2);
        line.push(piece(format!("{name}{}  ", " ".repeat(wide - width(name))), Role::Text));
        line.extend(word);
        rows.push(Row::Line(line));
        if let LinkState::Stale { why, .. } | LinkState::Unreached { why, .. } = &link.state
            && !why.is_empty()
        {
            rows.push(Row::text("  ", Role::Muted, cx.said(why), Role::Muted));
        }
    }
    if links.len() > MOST {
        rows.push(Row::text("  ", Role::Muted, cx.tf("link.more", &[("count", &(links.len() - MOST).to_string())]), Role::Muted));
    }
}

fn name(of: &LinkOf) -> String {
    let name = match of {
        LinkOf::Repository(url) => format::url(url).to_owned(),
        other => other.to_string(),
    };
    cut_middle(&name, NAME).into_owned()
}

/// Adds who one is here and what the configuration says, as it holds now.
pub(super) fn console(cx: &Cx, rows: &mut Vec<Row>) {
    let likes = cx.preferences;
    let own = likes.theme.as_deref().is_some_and(|name| name == cx.theme.name);
    let theme = if own { cx.theme.name.clone() } else { cx.tf("settings.theme-found", &[("theme", &cx.theme.name)]) };
    let ends = cx.t(match likes.ends {
        Notice::Off => "settings.ends-off",
        Notice::Bell => "settings.ends-bell",
        Notice::Desktop => "settings.ends-desktop",
        Notice::Both => "settings.ends-both",
    });
    let mouse = cx.t(if likes.mouse { "settings.mouse-on" } else { "settings.mouse-off" });
    let role = match cx.actor.role {
        Permission::Viewer => "viewer",
        Permission::Operator => "operator",
        Permission::Admin => "admin",
    };
    let filters: Vec<&str> = likes.filters.iter().map(|(name, _)| name.as_str()).collect();
    let mut all = vec![
        ("settings.operator", cx.tf("settings.as", &[("login", &cx.actor.login), ("role", role)])),
        ("settings.theme", theme),
        ("settings.language", likes.language.name().to_owned()),
        ("settings.mouse", mouse.to_owned()),
        ("settings.ends", ends.to_owned()),
    ];
    if !filters.is_empty() {
        all.push(("settings.filters", filters.join("  ")));
    }
    rows.extend([Row::Blank, Row::heading(cx.t("settings.console"))]);
    let wide = all.iter().map(|(key, _)| width(cx.words.get(key))).max().unwrap_or(0);
    for (key, value) in all {
        let label = cx.words.get(key);
        rows.push(Row::text(format!("{label}{}  ", " ".repeat(wide - width(label))), Role::Muted, value, Role::Text));
    }
    rows.push(Row::text("", Role::Muted, cx.t("settings.config-file"), Role::Muted));
}
