//! Answers that are none: what stands between a client and a server says in its place, or what is left of what the server said.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::{BodyExt, Full, combinators::BoxBody};

/// Says what is wrong with every answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// A gateway answers with 502 and a page.
    Gateway,
    /// A portal answers with 200 and a page that asks for a login.
    Portal,
    /// The second half is missing, of what is sent at once and of each line of a watch.
    Half,
}

const GATEWAY: &str =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n";
const PORTAL: &str = "<!DOCTYPE html><html><body><form action=\"/login\"><input name=\"user\"></form></body></html>";

/// Spoils an answer.
pub(crate) async fn spoiled(
    spoil: Option<Spoil>,
    reply: Response<BoxBody<Bytes, Infallible>>,
) -> Response<BoxBody<Bytes, Infallible>> {
    match spoil {
        None => reply,
        Some(Spoil::Gateway) => page(StatusCode::BAD_GATEWAY, GATEWAY),
        Some(Spoil::Portal) => page(StatusCode::OK, PORTAL),
        Some(Spoil::Half) if reply.body().size_hint().exact().is_some() => {
            let (head, body) = reply.into_parts();
            let Ok(whole) = body.collect().await;
            let whole = whole.to_bytes();
            Response::from_parts(head, Full::new(half(&whole)).boxed())
        }
        Some(Spoil::Half) => {
            let torn = |piece: Bytes| Bytes::from([&half(&piece)[..], b"\n"].concat());
            reply.map(|body| body.map_frame(move |frame| frame.map_data(torn)).boxed())
        }
    }
}

fn half(whole: &Bytes) -> Bytes {
    whole.slice(..whole.len() / 2)
}

fn page(status: StatusCode, text: &'static str) -> Response<BoxBody<Bytes, Infallible>> {
    let mut reply = Response::new(Full::new(Bytes::from_static(text.as_bytes())).boxed());
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
    reply
}
