//! Settling where an environment's record and its Flux objects say different things: one of them becomes as the other.

use super::apply::undone;
use super::{Question, Sentence, Terms};
use crate::actor::Role;
use crate::departure::{self, Departure};
use crate::flux::ObjectKey;
use crate::ident::EnvironmentId;
use crate::origin::Origin;
use crate::world::World;

/// Says which of the two is right; the other one is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The record: the objects in the cluster are changed.
    Record,
    /// The cluster: the record is changed.
    Cluster,
}

/// Makes record and cluster say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settle {
    /// The environment.
    pub environment: EnvironmentId,
    /// Which side is right.
    pub to: Side,
    /// Where they part, as it was shown; if they part otherwise by then, nothing is done.
    pub departures: Vec<Departure>,
    /// Where the objects come from that would be changed, when Flux applied them.
    pub origins: Vec<Origin>,
}

impl Settle {
    /// Settles what was found, with where the objects come from.
    pub fn of(world: &World, environment: EnvironmentId, to: Side, departures: Vec<Departure>) -> Self {
        let mut keys: Vec<&ObjectKey> = departures.iter().filter(|d| d.field != "objects").map(|d| &d.object).collect();
        keys.dedup();
        let origins = keys.into_iter().filter_map(|key| departure::origin(world, key)).collect();
        Self { environment, to, departures, origins }
    }

    /// Returns a field's two values, that which is and that which will be.
    fn values<'a>(&self, departure: &'a Departure) -> (&'a str, &'a str) {
        match self.to {
            Side::Record => (&departure.cluster, &departure.record),
            Side::Cluster => (&departure.record, &departure.cluster),
        }
    }

    fn line(&self, departure: &Departure) -> String {
        let (is, will) = self.values(departure);
        match (departure.field, self.to) {
            ("objects", Side::Record) => format!("{} is created", departure.object),
            ("objects", Side::Cluster) => format!("{} is not there: GitOps is switched off", departure.object),
            (field, _) => format!("{field} {is} \u{2192} {will}"),
        }
    }
}

impl Terms for Settle {
    fn permission(&self) -> Role {
        match self.to {
            Side::Record => Role::Operator,
            Side::Cluster => Role::Admin,
        }
    }

    fn question(&self) -> Question {
        let lines: Vec<String> = self.departures.iter().map(|departure| self.line(departure)).collect();
        let what = match self.to {
            Side::Record => "Change the cluster to what the record of",
            Side::Cluster => "Change the record to what the cluster has for",
        };
        let mut text = format!("{what} {} says? {}.", self.environment, lines.join("; "));
        if self.to == Side::Cluster {
            text = text.replacen(" says?", "?", 1);
            if self.departures.iter().any(|departure| departure.field == "url") {
                text.extend([" The URL is that of the whole project ", self.environment.project.as_str(), "."]);
            }
        }
        for origin in self.origins.iter().filter(|_| self.to == Side::Record) {
            text.extend([" It comes from ", &origin.line(), ". ", &origin.warning()]);
        }
        Question::Confirm { text }
    }

    fn sentences(&self) -> Vec<Sentence> {
        let side = if self.to == Side::Record { "record" } else { "cluster" };
        let mut out = vec![Sentence::new(format!("settle.to-{side}"), [("object", self.object())])];
        for departure in &self.departures {
            let (is, will) = self.values(departure);
            let values = [("is", is.to_owned()), ("will", will.to_owned()), ("object", departure.object.to_string())];
            let key = if departure.field == "objects" {
                format!("settle.objects-{side}")
            } else {
                format!("settle.{}", departure.field)
            };
            out.push(Sentence::new(key, values));
        }
        if self.to == Side::Cluster && self.departures.iter().any(|departure| departure.field == "url") {
            out.push(Sentence::new("settle.project", [("project", self.environment.project.to_string())]));
        }
        if self.to == Side::Record {
            out.extend(self.origins.iter().flat_map(undone));
        }
        out
    }

    fn act(&self) -> &'static str {
        match self.to {
            Side::Record => "environment.settle-to-record",
            Side::Cluster => "environment.settle-to-cluster",
        }
    }

    fn object(&self) -> String {
        self.environment.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn the_question_names_both_values_of_each_field() {
        let object = ObjectKey::new(&"c".into(), "Kustomization", "flux-system", "shop-dev");
        let departure = |field, record: &str, cluster: &str| Departure {
            field,
            object: object.clone(),
            record: record.to_owned(),
            cluster: cluster.to_owned(),
        };
        let departures = vec![departure("path", "k8s/dev", "k8s"), departure("auto-sync", "on", "off")];
        let environment: EnvironmentId = "shop/dev".parse().unwrap();
        let ask =
            |to| Settle { environment: environment.clone(), to, departures: departures.clone(), origins: Vec::new() }.question();
        let confirm = |text: &str| Question::Confirm { text: text.to_owned() };
        assert_eq!(
            ask(Side::Record),
            confirm(
                "Change the cluster to what the record of shop/dev says? path k8s \u{2192} k8s/dev; auto-sync off \u{2192} on."
            )
        );
        assert_eq!(
            ask(Side::Cluster),
            confirm(
                "Change the record to what the cluster has for shop/dev? path k8s/dev \u{2192} k8s; auto-sync on \u{2192} off."
            )
        );
    }
}
