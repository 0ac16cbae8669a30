//! Reading the schemas of the kinds that a cluster serves: once, and again when the cluster serves others.
//!
//! Nobody waits for them: who asks gets what is known at once, and the world says when there is more. A cluster that cannot be
//! reached, or does not let its schemas be read, is said to be so and is no error.

use std::sync::Arc;
use std::time::Duration;

use cluster::Served;
use domain::Trouble;
use domain::ident::ContextName;
use domain::world::ServedKinds;
use manifest::schema::Schemas;
use tokio::time::{Instant, timeout};

use crate::shared::Core;
use crate::tasks::open;

/// How long what is known counts before the cluster is asked whether it still serves the same.
const FRESH: Duration = Duration::from_mins(1);
/// How long it counts where the cluster cannot tell.
const AGE: Duration = Duration::from_mins(10);
/// How long a cluster may take to say which kinds it serves.
const PATIENCE: Duration = Duration::from_mins(1);

/// Returns the schemas of a cluster as far as they are known, and their version; sees to it that they are read, or looked
/// after when they have become old.
pub(crate) fn of(core: &Arc<Core>, context: &ContextName) -> (Arc<Schemas>, u64) {
    let mut all = open(&core.served.0);
    let kept = all.entry(context.clone()).or_default();
    if !kept.asking && kept.looked.is_none_or(|looked| looked.elapsed() > FRESH) {
        kept.asking = true;
        if kept.version == 0 {
            kept.state = ServedKinds::Asking;
        }
        let known = kept.mark.clone().filter(|_| kept.version > 0);
        let young = kept.version > 0 && kept.read.is_some_and(|read| read.elapsed() < AGE);
        core.spawn("reading a cluster's schemas", look(Arc::clone(core), context.clone(), known, young));
        core.nudge.notify_one();
    }
    (Arc::clone(&kept.schemas), kept.version)
}

/// Holds what a cluster said: its mark, and its schemas when they are others than those that are known.
type Said = (Option<String>, Option<Schemas>);

async fn look(core: Arc<Core>, context: ContextName, known: Option<String>, young: bool) {
    let late = || {
        Trouble::timed_out("The cluster did not say which kinds it serves", &context)
            .next("It is asked again with one of the next previews.")
    };
    let said = timeout(PATIENCE, ask(&core, &context, known.as_deref(), young)).await.unwrap_or_else(|_| Err(late()));
    {
        let mut all = open(&core.served.0);
        let kept = all.entry(context).or_default();
        (kept.asking, kept.looked) = (false, Some(Instant::now()));
        match said {
            Ok((mark, schemas)) => {
                kept.mark = mark;
                if let Some(schemas) = schemas {
                    (kept.schemas, kept.version, kept.read) = (Arc::new(schemas), kept.version + 1, kept.looked);
                }
                kept.state = ServedKinds::Known { version: kept.version };
            }
            Err(trouble) => kept.state = ServedKinds::Failed { why: trouble.to_string() },
        }
    }
    core.nudge.notify_one();
}

async fn ask(core: &Core, context: &ContextName, known: Option<&str>, young: bool) -> Result<Said, Trouble> {
    let connection = core.fleet.connection(context).await?;
    let mark = cluster::schemas_mark(&connection).await?;
    let same = if mark.is_some() { mark.as_deref() == known } else { young };
    if same {
        return Ok((mark, None));
    }
    let mut schemas = Schemas::built_in();
    let kinds: usize = match cluster::schemas(&connection).await? {
        Served::Definitions(all) => all.iter().map(|crd| schemas.add_crd(crd)).sum(),
        Served::Documents(all) => all.iter().map(|document| schemas.add_openapi(document)).sum(),
    };
    tracing::debug!(%context, kinds, "the cluster's own kinds are known");
    Ok((mark, Some(schemas)))
}
