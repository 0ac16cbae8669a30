//! `git http-backend` as a CGI program: a request in, a response out, both whole.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode};
use http_body_util::Full;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::repository;

/// Returns where git keeps its backend.
pub(super) fn find() -> PathBuf {
    let output = std::process::Command::new("git").arg("--exec-path").output().expect("git is installed");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("git-http-backend")
}

/// Lets the backend answer a request for a repository below `root`.
pub(super) async fn run(backend: &Path, root: &Path, request: &Parts, body: Bytes) -> Response<Full<Bytes>> {
    let mut command = Command::new(backend);
    command.env_clear().envs(repository::environment()).env("PATH", env::var_os("PATH").unwrap_or_default());
    command.env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_USER", "operator");
    command.env("REMOTE_ADDR", "127.0.0.1").env("SERVER_PROTOCOL", "HTTP/1.1");
    command.env("REQUEST_METHOD", request.method.as_str()).env("PATH_INFO", request.uri.path());
    command.env("QUERY_STRING", request.uri.query().unwrap_or_default());
    command.env("CONTENT_LENGTH", body.len().to_string());
    let passed =
        [("content-type", "CONTENT_TYPE"), ("content-encoding", "HTTP_CONTENT_ENCODING"), ("git-protocol", "GIT_PROTOCOL")];
    for (header, variable) in passed {
        if let Some(value) = request.headers.get(header).and_then(|value| value.to_str().ok()) {
            command.env(variable, value);
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("git has an HTTP backend");
    let mut stdin = child.stdin.take().expect("it was asked for");
    // At the same time as reading: neither side may wait for the other's full pipe. A backend that refuses reads nothing.
    let write = tokio::spawn(async move { drop(stdin.write_all(&body).await) });
    let output = child.wait_with_output().await.expect("the backend ends");
    drop(write.await);
    parse(&output.stdout).unwrap_or_else(|| {
        let mut response = Response::new(Full::new(Bytes::from_static(b"the backend gave no answer\n")));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// Returns what a CGI program wrote as a response: headers, an empty line, the body.
fn parse(output: &[u8]) -> Option<Response<Full<Bytes>>> {
    let end = output.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut status = StatusCode::OK;
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(&output[..end]).ok()?.split("\r\n") {
        let (name, value) = line.split_once(": ")?;
        if name == "Status" {
            status = StatusCode::from_bytes(value.get(..3)?.as_bytes()).ok()?;
        } else {
            headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
        }
    }
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(&output[end + 4..])));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Some(response)
}
