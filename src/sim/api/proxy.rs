//! `pods/proxy`: what a controller of Flux measures of itself; nothing else in the simulation listens.

use http::StatusCode;

use crate::api::path::Target;
use crate::api::{Call, Reply, plain};
use crate::fault::Fault;
use crate::json;
use crate::resource;
use crate::state::State;

/// Answers for a Pod.
pub(crate) fn serve(state: &State, call: &Call, target: &Target) -> Result<Reply, Fault> {
    let pods = resource::of("Pod");
    let (namespace, name) = (target.namespace.as_deref().unwrap_or_default(), target.name.as_deref().unwrap_or_default());
    let pod = state.get(pods, namespace, name).ok_or_else(|| Fault::not_found(pods, name))?;
    let controller = json::text(&pod, "/spec/containers/0/image").contains("fluxcd/");
    let runs = json::text(&pod, "/status/phase") == "Running";
    if !(controller && runs && call.path.ends_with(":8080/proxy/metrics")) {
        return Err(Fault::other(503));
    }
    let app = json::label(&pod, "app").unwrap_or_default();
    let text = format!(
        "# HELP workqueue_depth Current depth of workqueue by workqueue and priority\n# TYPE workqueue_depth gauge\n\
         workqueue_depth{{controller=\"{app}\",name=\"{app}\",priority=\"\"}} 0\n"
    );
    Ok(plain(StatusCode::OK, &text))
}
