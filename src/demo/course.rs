//! What happened to an application over four weeks: which version went where, when, by whom, and how it ended.
//!
//! Drawn from a seed: the same on every day, counted back from the moment at which the demo begins. Nothing is made here.

use domain::Time;
use domain::project::EnvironmentType;

use super::fleet::Application;

/// How many days are told.
pub(super) const DAYS: f64 = 28.0;
const DAY: f64 = 86_400.0;

/// Throws dice that fall the same way each time.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Takes dice for a name.
    pub(super) fn of(name: &str) -> Self {
        Self(name.bytes().fold(0x9e37_79b9_7f4a_7c15, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// Returns the next number, any of them.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// Returns a number from `from` to `to`, both of them among it.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let sides = u64::try_from(to - from + 1).unwrap_or(1).max(1);
        from + i64::try_from(self.next() % sides).unwrap_or(0)
    }

    /// Tells whether it falls so, once in so many throws.
    fn once_in(&mut self, throws: i64) -> bool {
        self.between(1, throws) == 1
    }
}

/// Says how a change came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the form.
    Form,
    /// Somebody pushed it.
    Push,
    /// The image automation pushed it.
    Automation,
    /// The deployment before it was taken back.
    Rollback,
}

/// Says how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Healthy.
    Well,
    /// A container crashed again and again.
    Crash,
    /// An image could not be pulled.
    Pull,
}

/// Holds one change of one environment.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Where.
    pub(super) kind: EnvironmentType,
    /// When it was asked for.
    pub(super) at: Time,
    /// The tag that is to run.
    pub(super) tag: String,
    /// How it came about.
    pub(super) way: Way,
    /// How it ended.
    pub(super) end: End,
}

/// Returns what happened to an application, the oldest first.
pub(super) fn steps(application: &Application, now: Time) -> Vec<Step> {
    let mut dice = Dice::of(application.slug);
    let mut steps = Vec::new();
    let versions = application.versions;
    #[expect(clippy::cast_precision_loss, reason = "a dozen versions")]
    let apart = DAYS / (versions.len() as f64 + 0.5);
    for (at, version) in versions.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a dozen versions")]
        let released = apart * (versions.len() - at) as f64 - apart;
        let next = versions.get(at + 1).is_none();
        release(&mut dice, (application, &mut steps), (version, released, apart, next), now);
    }
    for kind in application.environments {
        let wanted = today(application, *kind);
        mend(&mut steps, *kind, &wanted);
    }
    steps.sort_by_key(|step| step.at);
    steps
}

/// Returns the tag that runs in an environment today.
pub(super) fn today(application: &Application, kind: EnvironmentType) -> String {
    tag_of(application.text(&super::fleet::overlay(kind))).to_owned()
}

/// Returns the tag that an overlay names.
pub(super) fn tag_of(text: &str) -> &str {
    let rest = text.split_once("newTag: ").map_or("", |(_, rest)| rest);
    rest.split_whitespace().next().unwrap_or("")
}

/// Lets one version go its way through the environments.
fn release(
    dice: &mut Dice,
    (application, steps): (&Application, &mut Vec<Step>),
    (version, released, apart, unreleased): (&str, f64, f64, bool),
    now: Time,
) {
    let has = |kind| application.environments.contains(&kind);
    let candidates = application.slug == "shop";
    let count = if candidates { dice.between(2, 3) } else { 1 };
    let mut put = |dice: &mut Dice, kind: EnvironmentType, share: f64, tag: String| {
        let late = dice.between(-40, 40) * 60;
        let ago = (released + apart * share) * DAY;
        #[expect(clippy::cast_possible_truncation, reason = "a few weeks in seconds")]
        let at = now.as_second() - ago as i64 - late;
        // What is under way now is not told here.
        if !has(kind) || at > now.as_second() - 3 * 3600 {
            return;
        }
        let automatic = application.slug == "beacon" && kind == EnvironmentType::Development;
        let way = match kind {
            EnvironmentType::Development if automatic => Way::Automation,
            _ if dice.once_in(4) => Way::Push,
            _ => Way::Form,
        };
        let end = match (application.slug, kind, version) {
            ("shop", EnvironmentType::Production, "1.7.0") | ("ledger", EnvironmentType::Production, "5.3.0") => End::Crash,
            (_, EnvironmentType::Production, _) => End::Well,
            (_, EnvironmentType::Development, _) if automatic => {
                if dice.once_in(7) {
                    End::Pull
                } else {
                    End::Well
                }
            }
            _ if dice.once_in(9) => End::Crash,
            _ if dice.once_in(14) => End::Pull,
            _ => End::Well,
        };
        let Ok(at) = Time::from_second(at) else { return };
        steps.push(Step { kind, at, tag: tag.clone(), way, end });
        if end == End::Crash && kind == EnvironmentType::Production {
            let minutes = dice.between(9, 26);
            let Ok(at) = Time::from_second(at.as_second() + minutes * 60) else { return };
            steps.push(Step { kind, at, tag: String::new(), way: Way::Rollback, end: End::Well });
        }
    };
    let candidate = |n: i64| if candidates { format!("{version}-rc{n}") } else { version.to_owned() };
    for n in 1..=count {
        #[expect(clippy::cast_precision_loss, reason = "three at most")]
        let share = 0.92 - 0.16 * (n - 1) as f64;
        put(dice, EnvironmentType::Development, share, candidate(n));
    }
    if unreleased {
        put(dice, EnvironmentType::Testing, 0.7, candidate(1));
        return put(dice, EnvironmentType::Staging, 0.6, candidate(1));
    }
    put(dice, EnvironmentType::Testing, 0.46, candidate(count));
    put(dice, EnvironmentType::Staging, 0.3, version.to_owned());
    put(dice, EnvironmentType::Production, 0.08, version.to_owned());
}

/// Sees to it that what happened last in an environment is what its files say today, and that it went well.
fn mend(steps: &mut Vec<Step>, kind: EnvironmentType, wanted: &str) {
    // Later versions than today's never got there; a rollback has no tag of its own and goes with what it takes back.
    let last = steps.iter().filter(|s| s.kind == kind && s.tag == wanted).map(|s| s.at).max();
    let Some(last) = last else { return };
    steps.retain(|step| step.kind != kind || step.at <= last);
    for step in steps.iter_mut().filter(|step| step.kind == kind && step.at == last) {
        step.end = End::Well;
    }
}
