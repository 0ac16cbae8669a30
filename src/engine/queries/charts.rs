//! Charts of a preview: what the HelmReleases that change would render to, before and after.

use domain::change::{ChartState, ChartView, Preview};

use crate::plan::Plan;
use crate::rendered;
use crate::scene::Scene;
use crate::shared::Core;

/// Takes the preview out of a plan and adds what the charts of its HelmReleases render to.
pub(crate) async fn preview(core: &Core, scene: &Scene, plan: Plan) -> Preview {
    let mut preview = plan.preview;
    for (before, after) in &plan.releases {
        let Some(key) = after.as_ref().or(before.as_ref()).map(|release| release.key.clone()) else { continue };
        let state = match rendered::both(core, scene, &preview.base, (before.as_ref(), after.as_ref())).await {
            Ok((old, new)) => {
                let changes = manifest::object_changes(&old, &new);
                let count = changes.len();
                preview.rendered.extend(changes);
                ChartState::Rendered(count)
            }
            Err(state) => state,
        };
        preview.charts.push(ChartView { release: key, state });
    }
    preview
}
