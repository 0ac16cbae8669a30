//! How a container is, right after its log ended: that decides whether more will come.

use cluster::Connection;
use cluster::act;
use domain::flux::ObjectKey;
use serde_json::Value;

/// Says how a container is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// It runs, after so many restarts.
    Running(i32),
    /// It ended, with this exit code and reason, after so many restarts, and is started again.
    Down { code: i32, reason: String, restarts: i32 },
    /// It ended and stays so.
    Over { code: i32, reason: String },
    /// It never ran yet.
    Waiting,
    /// Its Pod is gone, or another has its name.
    Gone,
}

/// Reads how a container is.
pub(super) async fn state(connection: &Connection, pod: &ObjectKey, uid: &str, container: &str) -> Result<State, cluster::Error> {
    match act::get(connection, pod).await {
        Ok(object) if object["metadata"]["uid"].as_str() != Some(uid) => Ok(State::Gone),
        Ok(object) => Ok(read(&object, container)),
        Err(cluster::Error::Refused { code: 404, .. }) => Ok(State::Gone),
        Err(error) => Err(error),
    }
}

/// Returns the statuses of all containers, and whether each is one that ends for good when all went well.
fn statuses(pod: &Value) -> impl Iterator<Item = (&Value, bool)> {
    ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"].into_iter().flat_map(|list| {
        let one_shot = list != "containerStatuses";
        pod["status"][list].as_array().into_iter().flatten().map(move |status| (status, one_shot))
    })
}

/// Returns how often each container of a Pod was started again.
pub(super) fn restarts(pod: &Value) -> Vec<(String, i32)> {
    statuses(pod).map(|(status, _)| (status["name"].as_str().unwrap_or_default().to_owned(), count(status))).collect()
}

fn count(status: &Value) -> i32 {
    i32::try_from(status["restartCount"].as_i64().unwrap_or(0)).unwrap_or(i32::MAX)
}

fn read(pod: &Value, container: &str) -> State {
    let Some((status, one_shot)) = statuses(pod).find(|(s, _)| s["name"].as_str() == Some(container)) else {
        return State::Waiting;
    };
    let restarts = count(status);
    if status["state"]["running"].is_object() {
        return State::Running(restarts);
    }
    let now = &status["state"]["terminated"];
    let ended = if now.is_object() { now } else { &status["lastState"]["terminated"] };
    if !ended.is_object() {
        return State::Waiting;
    }
    let code = i32::try_from(ended["exitCode"].as_i64().unwrap_or(0)).unwrap_or(i32::MAX);
    let reason = domain::text::one_line(ended["reason"].as_str().unwrap_or_default());
    let finished = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    let never = pod["spec"]["restartPolicy"].as_str() == Some("Never");
    let done = code == 0 && (one_shot || pod["spec"]["restartPolicy"].as_str() == Some("OnFailure"));
    if now.is_object() && (finished || never || done) {
        return State::Over { code, reason };
    }
    State::Down { code, reason, restarts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_state_says_whether_more_will_come() {
        let ended = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
        let done = json!({"terminated": {"exitCode": 0, "reason": "Completed"}});
        let pod = |policy: &str, list: &str, state: &Value, last: &Value| {
            json!({"spec": {"restartPolicy": policy}, "status": {"phase": "Running",
                list: [{"name": "web", "restartCount": 2, "state": state, "lastState": last}]}})
        };
        let none = json!({});
        let waits = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let down = State::Down { code: 1, reason: "Error".into(), restarts: 2 };
        let main = "containerStatuses";
        for (pod, want) in [
            (pod("Always", main, &json!({"running": {}}), &ended), State::Running(2)),
            (pod("Always", main, &ended, &none), down.clone()),
            (pod("Always", main, &waits, &ended), down),
            (pod("Always", main, &json!({"waiting": {}}), &none), State::Waiting),
            (pod("Never", main, &ended, &none), State::Over { code: 1, reason: "Error".into() }),
            (pod("Always", "initContainerStatuses", &done, &none), State::Over { code: 0, reason: "Completed".into() }),
            (json!({}), State::Waiting),
        ] {
            assert_eq!(read(&pod, "web"), want, "{pod}");
        }
    }
}
