//! Where the identifiers of deployments come from.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use domain::Time;
use domain::ident::DeploymentId;

use crate::tasks::open;

/// Gives a new identifier for each moment; later ones sort after earlier ones.
pub type Ids = Arc<dyn Fn(Time) -> DeploymentId + Send + Sync>;

/// Returns a source of ULIDs: 48 bits of time and 80 bits of randomness, growing within one millisecond too.
pub fn ulids() -> Ids {
    let generator = Mutex::new(ulid::Generator::new());
    Arc::new(move |now| {
        let mut generator = open(&generator);
        let id = generator.generate_from_datetime(SystemTime::from(now)).unwrap_or_else(ulid::Overflow::commit_overflow_random);
        DeploymentId::new(id.to_string())
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn identifiers_of_one_moment_differ_and_grow() {
        let ids = ulids();
        let now = Time::from_second(1_700_000_000).unwrap();
        let later = Time::from_second(1_700_000_001).unwrap();
        let (a, b, c) = (ids(now), ids(now), ids(later));
        assert!(a < b && b < c, "{a} {b} {c}");
        assert_eq!(a.as_str().len(), 26);
    }
}
