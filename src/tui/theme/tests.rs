//! Every theme loads at every depth, has every role, can be read on every ground that it lays, and says the same by attributes
//! where colours are missing.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use super::*;

const STATES: [Role; 6] = [Role::Ok, Role::Busy, Role::Warn, Role::Bad, Role::Off, Role::Unknown];

#[test]
fn every_theme_loads_at_every_depth() {
    for (name, _) in BUILT_IN {
        for depth in [Depth::None, Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let theme = Theme::load(name, BUILT_IN, depth).unwrap();
            let coloured = Role::ALL.iter().any(|r| theme.style(*r).fg.is_some());
            assert_eq!(coloured, depth != Depth::None && *name != "mono", "{name} {depth:?}");
        }
    }
}

/// A ground out of sixteen colours brings its ink along: what is laid over is read whatever it was.
#[test]
fn grounds_out_of_sixteen_colours_have_an_ink() {
    for (name, _) in BUILT_IN {
        let theme = Theme::load(name, BUILT_IN, Depth::Ansi16).unwrap();
        for role in [Role::Selection, Role::Match, Role::Fresh] {
            let style = theme.style(role);
            let Some(ground) = style.bg else { continue };
            let ink = style.fg.unwrap_or(ground);
            assert!(ink != ground && [Color::Black, Color::White].contains(&ink), "{name}: {role:?} is {ink:?} on {ground:?}");
        }
    }
}

#[test]
fn a_theme_is_chosen_by_name_by_ground_and_by_what_the_terminal_can() {
    let own = vec![("dark".to_owned(), "inherits = \"dark\"\n[palette]\ngreen = \"#010203\"".to_owned())];
    let choose = |name, ground, depth| Theme::choose(name, &[], ground, depth).0.name;
    assert_eq!(choose(None, Ground::Light, Depth::True), "light");
    assert_eq!(choose(Some("auto"), Ground::Dark, Depth::Ansi16), "dark");
    assert_eq!(choose(Some("kelp"), Ground::Light, Depth::True), "kelp");
    assert_eq!(choose(Some("kelp"), Ground::Light, Depth::None), "mono");
    let (theme, trouble) = Theme::choose(Some("klep"), &[], Ground::Light, Depth::True);
    assert_eq!((theme.name.as_str(), trouble.is_some()), ("light", true));
    let (theme, trouble) = Theme::choose(Some("dark"), &own, Ground::Dark, Depth::True);
    assert_eq!((theme.style(Role::Ok).fg, trouble), (Some(Color::Rgb(1, 2, 3)), None));
    assert_eq!(Theme::names(&own).iter().filter(|n| **n == "dark").count(), 1);
}

#[test]
fn without_colours_the_selection_and_failures_still_stand_out() {
    let theme = Theme::load("mono", BUILT_IN, Depth::None).unwrap();
    for role in [Role::Selection, Role::Bad, Role::Accent, Role::Added, Role::RemovedWord] {
        assert!(!theme.style(role).add_modifier.is_empty(), "{role:?}");
    }
}

/// Returns a colour as the eye takes it: linear red, green and blue. Numbers are those of xterm's cube and greys.
fn light(color: Color) -> Option<[f64; 3]> {
    let parts = match color {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(n @ 232..) => [8 + (n - 232) * 10; 3],
        Color::Indexed(n @ 16..) => {
            let step = |v: u8| if v == 0 { 0 } else { 55 + 40 * v };
            [step((n - 16) / 36), step((n - 16) / 6 % 6), step((n - 16) % 6)]
        }
        _ => return None,
    };
    Some(parts.map(|v| {
        let v = f64::from(v) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    }))
}

fn luminance([r, g, b]: [f64; 3]) -> f64 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Returns the contrast of two colours as the WCAG counts it: 1 for none, 21 for black on white.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns how far apart two colours are for the eye (CIE 1976): 2 can just be told.
fn apart(one: [f64; 3], other: [f64; 3]) -> f64 {
    let lab = |[r, g, b]: [f64; 3]| {
        let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let (x, y, z) = (0.4124 * r + 0.3576 * g + 0.1805 * b, luminance([r, g, b]), 0.0193 * r + 0.1192 * g + 0.9505 * b);
        let (x, y, z) = (f(x / 0.9505), f(y), f(z / 1.0888));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    };
    lab(one).iter().zip(lab(other)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// What an eye without one of its three kinds of cones makes of a colour (Machado and others, 2009, at full strength).
fn seen_by(eye: [[f64; 3]; 3], color: [f64; 3]) -> [f64; 3] {
    eye.map(|row| row.iter().zip(color).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0))
}

/// Which contrast each role needs on each ground: `(roles, ground, ratio)`.
const NEEDS: &[(&[Role], Role, f64)] = &[
    (&[Role::Text], Role::Ground, 7.0),
    (&[Role::Text], Role::Panel, 4.5),
    (&[Role::Text], Role::Fresh, 4.5),
    (&[Role::Text], Role::Selection, 4.5),
    (&[Role::Text], Role::Match, 4.5),
    (&[Role::Text], Role::Added, 4.5),
    (&[Role::Text], Role::Removed, 4.5),
    (&[Role::Muted, Role::Accent, Role::Changed, Role::Key, Role::String, Role::Number], Role::Ground, 4.5),
    (&[Role::Muted, Role::Accent], Role::Panel, 4.0),
    (&[Role::Muted, Role::Accent], Role::Selection, 3.0),
    (&STATES, Role::Ground, 4.5),
    (&STATES, Role::Panel, 4.0),
    (&STATES, Role::Fresh, 4.0),
    (&STATES, Role::Selection, 3.0),
    (&[Role::Faint, Role::Comment], Role::Ground, 3.5),
    (&[Role::Faint], Role::Panel, 3.0),
    (&[Role::Faint], Role::Selection, 2.5),
    (&[Role::Line], Role::Ground, 1.25),
    (&[Role::Added], Role::Added, 4.0),
    (&[Role::Removed], Role::Removed, 4.0),
    (&[Role::AddedWord], Role::AddedWord, 4.5),
    (&[Role::RemovedWord], Role::RemovedWord, 4.5),
];

#[test]
fn every_role_can_be_read_on_every_ground() {
    let mut faults = Vec::new();
    for (name, _) in BUILT_IN {
        // The cube of 256 is coarse: what is rounded may lose a fifth.
        for (depth, share) in [(Depth::True, 1.0), (Depth::Ansi256, 0.8)] {
            let theme = Theme::load(name, BUILT_IN, depth).unwrap();
            for (roles, ground, ratio) in NEEDS {
                let Some(below) = theme.style(*ground).bg.and_then(light) else { continue };
                for role in *roles {
                    let Some(ink) = theme.style(*role).fg.and_then(light) else { continue };
                    let high = name.starts_with("contrast") && *ground == Role::Ground && *role != Role::Line;
                    let (found, need) = (contrast(ink, below), if high { 7.0 } else { *ratio } * share);
                    if found < need {
                        faults.push(format!("{name} {depth:?}: {role:?} on {ground:?} {found:.2}, not {need:.2}"));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn states_grounds_and_sides_of_a_diff_can_be_told_apart() {
    let mut faults = Vec::new();
    for (name, _) in BUILT_IN {
        let theme = Theme::load(name, BUILT_IN, Depth::True).unwrap();
        let ink = |role| theme.style(role).fg.and_then(light);
        let ground = |role| theme.style(role).bg.and_then(light);
        for (at, one) in STATES.iter().enumerate() {
            for other in &STATES[at + 1..] {
                let Some((a, b)) = ink(*one).zip(ink(*other)) else { continue };
                if apart(a, b) < 17.0 {
                    faults.push(format!("{name}: {one:?} and {other:?} {:.1}", apart(a, b)));
                }
            }
        }
        for (one, other, least) in
            [(Role::Selection, Role::Ground, 8.0), (Role::Added, Role::Removed, 8.0), (Role::Fresh, Role::Ground, 3.0)]
        {
            let Some((a, b)) = ground(one).zip(ground(other)) else { continue };
            if apart(a, b) < least {
                faults.push(format!("{name}: the grounds of {one:?} and {other:?} {:.1}", apart(a, b)));
            }
        }
        // With sixteen colours attributes count too; without any, glyphs and words say it.
        let sixteen = Theme::load(name, BUILT_IN, Depth::Ansi16).unwrap();
        for (at, one) in STATES.iter().enumerate().filter(|_| *name != "mono") {
            for other in &STATES[at + 1..] {
                if sixteen.style(*one) == sixteen.style(*other) {
                    faults.push(format!("{name} with sixteen colours: {one:?} and {other:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn clear_themes_are_clear_to_eyes_that_lack_a_kind_of_cones() {
    let eyes = [
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ];
    for name in ["clear", "clear-light"] {
        let theme = Theme::load(name, BUILT_IN, Depth::True).unwrap();
        for (nth, eye) in eyes.into_iter().enumerate() {
            for (at, one) in STATES.iter().enumerate() {
                for other in &STATES[at + 1..] {
                    let seen = |role| theme.style(role).fg.and_then(light).map(|c| seen_by(eye, c)).unwrap();
                    let found = apart(seen(*one), seen(*other));
                    assert!(found >= 13.0, "{name}, eye {nth}: {one:?} and {other:?} {found:.1}");
                }
            }
        }
    }
}

#[test]
fn a_wrong_theme_says_what_is_wrong_and_where() {
    let load =
        |text: &'static str| Theme::load("x", &[("x", text), ("dark", BUILT_IN[0].1)], Depth::True).unwrap_err().to_string();
    assert!(load("inherits = \"nowhere\"").contains("nowhere"));
    assert!(load("inherits = \"x\"").contains("circle"));
    assert!(load("inherits = \"dark\"\n[roles]\nok = \"#12\"").contains("#12"));
    assert!(load("inherits = \"dark\"\n[roles]\nhull = \"red\"").contains("unknown role"));
    assert!(load("inherits = \"dark\"\n[roles]\nok = \"reddish\"").contains("reddish"));
    assert!(load("[roles]\nok = \"red\"").contains("lacks"));
    let fault = load("inherits = \"dark\"\n\n[roles]\nok = { bg = 1 }");
    assert!(fault.contains("x.toml:4"), "{fault}");
}

#[test]
fn a_child_may_be_a_palette_alone() {
    let theme =
        Theme::load("x", &[("x", "inherits = \"dark\"\n[palette]\ngreen = \"#010203\""), ("dark", BUILT_IN[0].1)], Depth::True)
            .unwrap();
    assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(1, 2, 3)));
}
