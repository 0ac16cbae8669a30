//! How risky a change is: points for what is found, added up to at most 100.
//!
//! | what | points |
//! |---|---|
//! | nothing changes | 0, whatever is found |
//! | it goes to production | 20 |
//! | a rule of the change or of the objects that it touches | the points of [`POINTS`]; for each further finding of the same rule a quarter more, at most double |
//! | any other error / warning | 20 / 5 |
//! | more than one object | 1 for each further one, at most 10 |
//!
//! What is good to know costs nothing unless the table says so. Findings at objects that the change leaves alone count
//! nothing: they were there before.

use std::collections::BTreeMap;

use domain::change::{Finding, Risk, Severity};

use crate::check::change::Context;

/// The points of the first finding of a rule.
const POINTS: &[(&str, u8)] = &[
    ("namespace-deleted", 60),
    ("crd-deleted", 60),
    ("data-deleted", 50),
    ("replicas-to-zero", 40),
    ("workload-deleted", 35),
    ("privilege-added", 30),
    ("rights-added", 30),
    ("yaml-syntax", 40),
    ("build", 40),
    ("duplicate-key", 30),
    ("immutable-field", 35),
    ("root-refused", 30),
    ("mixed-script", 30),
    ("plain-secret", 25),
    ("secret-in-config", 20),
    ("hidden-character", 20),
    ("tag-loosened", 20),
    ("volume-removed", 20),
    ("replicas-cut", 20),
    ("tag-back", 15),
    ("exposed", 15),
    ("reference-key", 20),
    ("reference-missing", 20),
    ("service-selector", 15),
    ("service-port", 15),
    ("backend-port", 15),
    ("probe-removed", 10),
    ("limit-removed", 10),
    ("image-latest", 10),
    ("privileged", 10),
    ("host-path", 8),
    ("host-namespace", 8),
    ("capabilities", 8),
    ("image-changed", 8),
    ("pruned", 5),
    ("orphaned", 3),
    ("no-limits", 5),
    ("runs-as-root", 5),
    ("replicas-zero", 5),
    ("not-rendered", 5),
];
/// The points of a change that goes to production.
const PRODUCTION: u8 = 20;
/// The most points for the number of objects.
const BREADTH: usize = 10;

/// Returns how risky a change is and what that comes from; the same findings always give the same.
pub fn risk(findings: &[Finding], context: &Context) -> Risk {
    if context.touched.is_empty() {
        return Risk::default();
    }
    let mut rules: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.object.as_ref().is_none_or(|object| context.touched.contains(object))) {
        rules.entry(&finding.rule).or_default().push(finding);
    }
    let mut reasons: Vec<(u8, String)> = rules.iter().filter_map(|(rule, list)| reason(rule, list)).collect();
    if context.production {
        reasons.push((PRODUCTION, "it goes to production".to_owned()));
    }
    let objects = context.touched.len();
    if let Some(points) = u8::try_from(objects.saturating_sub(1).min(BREADTH)).ok().filter(|points| *points > 0) {
        reasons.push((points, format!("it touches {objects} objects")));
    }
    reasons.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let total: u32 = reasons.iter().map(|(points, _)| u32::from(*points)).sum();
    Risk { score: u8::try_from(total.min(100)).unwrap_or(100), reasons }
}

/// Returns the points of a rule and what it says; nothing when it costs nothing.
fn reason(rule: &str, list: &[&Finding]) -> Option<(u8, String)> {
    let gravest = list.iter().map(|f| f.severity).max()?;
    let first = list.iter().find(|f| f.severity == gravest)?;
    let listed = POINTS.iter().find(|(id, _)| *id == rule).map(|(_, points)| *points);
    let costly = matches!(rule, "image-changed" | "pruned" | "orphaned" | "replicas-zero" | "not-rendered");
    let base = match gravest {
        Severity::Info if !costly => return None,
        Severity::Info => listed?,
        Severity::Warning => listed.unwrap_or(5),
        Severity::Error => listed.unwrap_or(20).max(20),
    };
    let counted = list.iter().filter(|f| f.severity == gravest).count();
    let more = usize::from(base) * (counted - 1) / 4;
    let points = usize::from(base) + more.min(usize::from(base));
    let others = if counted > 1 { format!(" (and {} more)", counted - 1) } else { String::new() };
    Some((u8::try_from(points).unwrap_or(u8::MAX), format!("{}{others}", first.message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(production: bool, touched: &[&str]) -> Context {
        Context { production, prune: true, touched: touched.iter().map(|t| (*t).to_owned()).collect() }
    }

    #[test]
    fn points_add_up_and_reasons_come_by_weight() {
        let zero =
            Finding::new(Severity::Warning, "replicas-to-zero", "Deployment web goes from 3 replicas to 0").of("Deployment/web");
        let limits = |name: &str| Finding::new(Severity::Warning, "no-limits", format!("{name} has no limit")).of(name);
        let probes = Finding::new(Severity::Info, "no-probes", "no probe").of("Deployment/web");
        let web = ["Deployment/web"];
        for (findings, context, expect) in [
            (vec![], context(true, &[]), 0),
            (vec![zero.clone()], context(true, &[]), 0),
            (vec![], context(false, &web), 0),
            (vec![], context(true, &web), 20),
            (vec![probes], context(false, &web), 0),
            (vec![zero.clone()], context(false, &web), 40),
            (vec![zero.clone()], context(true, &web), 60),
            (vec![limits("Deployment/web"), limits("Deployment/other")], context(false, &web), 5),
            (vec![limits("Deployment/web"); 9], context(false, &web), 10),
            (vec![], context(false, &["A/a", "A/b", "A/c"]), 2),
        ] {
            assert_eq!(risk(&findings, &context).score, expect, "{findings:?} {context:?}");
        }
        let all = risk(&[limits("Deployment/web"), zero], &context(true, &web));
        assert_eq!(all.score, 65);
        assert_eq!(all.reasons.iter().map(|(points, _)| *points).collect::<Vec<_>>(), [40, 20, 5]);
        assert!(all.reasons[0].1.contains("to 0"));
    }

    #[test]
    fn it_never_passes_a_hundred_and_every_rule_of_the_table_is_there() {
        let all: Vec<Finding> = POINTS.iter().map(|(id, _)| Finding::new(Severity::Warning, *id, "x").of("A/a")).collect();
        assert_eq!(risk(&all, &context(true, &["A/a"])).score, 100);
        for (id, _) in POINTS {
            assert!(crate::check::RULES.iter().any(|rule| rule.id == *id), "{id}");
        }
    }
}
