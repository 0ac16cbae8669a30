//! The last lines of a container's log.

use domain::flux::ObjectKey;

use crate::connection::Connection;
use crate::error::Error;
use crate::lean::safe;
use crate::resource::Resource;
use crate::wire::Call;

/// The most bytes that are asked for.
const BYTES: &str = "4194304";
/// The most characters of a line that are kept.
const LINE: usize = 4096;

/// Says which log, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The Pod.
    pub pod: ObjectKey,
    /// The container; the Pod's only one when absent.
    pub container: Option<String>,
    /// Whether the run before the present one is meant, as after a crash.
    pub previous: bool,
    /// How many lines from the end.
    pub tail: u32,
}

/// Returns the lines, each safe to draw.
pub async fn logs(connection: &Connection, query: &LogQuery) -> Result<Vec<String>, Error> {
    let pods = Resource::new("", "v1", "pods", "Pod", true);
    let path = format!("{}/log", pods.object(&query.pod.namespace, &query.pod.name));
    let mut call = Call::get(path).with("tailLines", &query.tail.to_string()).with("limitBytes", BYTES);
    if let Some(container) = &query.container {
        call = call.with("container", container);
    }
    if query.previous {
        call = call.with("previous", "true");
    }
    let bytes = connection.act(call, "Reading", &format!("log of {}", query.pod)).await?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(|line| safe(&line.chars().take(LINE).collect::<String>())).collect())
}
