//! Everything that is known of a workload: what each family of fields finds, put together.

use domain::edit::{Field, Found, WorkloadRef};

use crate::edit::{container, generators, images, metadata, network, ports, probes, replicas, variables};
use crate::error::Error;
use crate::files::Files;
use crate::locate::{LISTS, Located, helm};

/// Holds what is known of a workload at an environment's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The workload that the fields belong to.
    pub workload: WorkloadRef,
    /// Every workload under the path.
    pub workloads: Vec<WorkloadRef>,
    /// The containers of the workload, in order; those that run before the others come last.
    pub containers: Vec<String>,
    /// Those of them that run before the others.
    pub init: Vec<String>,
    /// Where each field lives and what it says.
    pub found: Vec<Found>,
}

impl Facts {
    /// Returns the place of a field of a container (the first container when none is named).
    pub fn find(&self, container: Option<&str>, field: &Field) -> Option<&Found> {
        let meant = container.or_else(|| self.containers.first().map(String::as_str));
        self.found.iter().find(|f| &f.field == field && (f.container.is_none() || f.container.as_deref() == meant))
    }
}

/// Finds a workload under an environment's path (the first one when none is named) and where its fields live.
pub fn facts(files: &Files, path: &str, workload: Option<&WorkloadRef>) -> Result<Facts, Error> {
    let located = Located::new(files, path, workload)?;
    Ok(of(&located))
}

/// Returns everything that is known of a workload that was found.
pub(super) fn of(located: &Located) -> Facts {
    let mut found = Vec::new();
    if located.release.is_some() {
        helm::found(located, &mut found);
        metadata::found(located, &mut found);
    } else {
        pods(located, &mut found);
        network::found(located, &mut found);
    }
    generators::found(located, &mut found);
    let names = || located.containers().iter().map(|c| c.name.to_owned()).collect();
    Facts {
        workload: located.reference(),
        workloads: located.all.clone(),
        containers: if located.release.is_some() { helm::containers(located) } else { names() },
        init: located.containers().iter().filter(|c| c.list != LISTS[0]).map(|c| c.name.to_owned()).collect(),
        found,
    }
}

fn pods(located: &Located, found: &mut Vec<Found>) {
    replicas::found(located, found);
    for container in located.containers() {
        images::found(located, container, found);
        container::found(located, container, found);
        variables::found(located, container, found);
        ports::found(located, container, found);
        probes::found(located, container, found);
    }
    metadata::found(located, found);
}
