//! What the server says about itself and about us.

use std::time::Duration;

use domain::Time;
use http::Method;
use serde::Deserialize;
use tokio::time::Instant;

use crate::connection::{ACTION, Connection, Purpose};
use crate::error::Error;
use crate::lean::owned;
use crate::wire::{self, Call};

/// Says what a server is and how far away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// Its version: `v1.36.3`, `v1.36.3+k3s1`.
    pub version: String,
    /// How long one question took.
    pub latency: Duration,
    /// What its clock says, to the second, when it tells.
    pub date: Option<Time>,
}

/// Says who we are to the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The user's name.
    pub name: String,
    /// The groups.
    pub groups: Vec<String>,
}

/// Asks for the server's version and measures how long the answer takes.
pub async fn probe(connection: &Connection) -> Result<ServerInfo, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    let began = Instant::now();
    let answer = wire::fetch(&connection.client(Purpose::Act), Call::get("/version"), ACTION).await;
    let (headers, bytes) = answer.map_err(|fault| connection.error(fault, "Asking", "the server's version"))?;
    let latency = began.elapsed();
    let version: Version = wire::parse(&bytes).map_err(|fault| connection.error(fault, "Asking", "the server's version"))?;
    let date = headers.get(http::header::DATE).and_then(|value| value.to_str().ok()).and_then(http_date);
    Ok(ServerInfo { version: owned(version.git_version), latency, date })
}

/// Reads a date as HTTP writes it (IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`).
fn http_date(text: &str) -> Option<Time> {
    let mut words = text.split_once(", ")?.1.split(' ');
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? + 1;
    format!("{year}-{month:02}-{day}T{time}Z").parse().ok()
}

/// Asks the server who it takes us for (SelfSubjectReview).
pub async fn whoami(connection: &Connection) -> Result<Identity, Error> {
    #[derive(Deserialize)]
    struct Review {
        status: Status,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Status {
        user_info: User,
    }
    #[derive(Deserialize)]
    struct User {
        #[serde(default)]
        username: String,
        #[serde(default)]
        groups: Vec<String>,
    }
    let body = serde_json::json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let call = Call::send(Method::POST, path, "application/json", body.to_string().into_bytes());
    let bytes = connection.act(call, "Asking", "who we are").await?;
    let review: Review = wire::parse(&bytes).map_err(|fault| connection.error(fault, "Asking", "who we are"))?;
    let User { username, groups } = review.status.user_info;
    Ok(Identity { name: owned(username), groups: groups.into_iter().map(owned).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_clock_is_read_from_its_date() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT").map(|t| t.to_string()).as_deref(), Some("1994-11-06T08:49:37Z"));
        assert_eq!(http_date("yesterday"), None);
    }
}
