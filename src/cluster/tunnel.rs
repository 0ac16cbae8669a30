//! What the client library says of the way through a proxy, in plain words.

/// How everything begins that is said of a proxy.
const PROXY: &str = "the proxy ";

/// Returns plain words for what is said of a tunnel; other words come back as they are.
pub(crate) fn words(said: String) -> String {
    let Some(of) = said.strip_prefix("tunnel error: ") else { return said };
    let plain = match of {
        "proxy authorization required" => "the proxy wants a user name and a password that it accepts",
        "unsuccessful" => "the proxy does not let us through",
        "unexpected end of file" => "the proxy closed the connection",
        "failed to create underlying connection" => "the proxy cannot be reached",
        _ => "the proxy says what is not understood",
    };
    plain.to_owned()
}

/// Tells whether words speak of the proxy.
pub(crate) fn told(words: &str) -> bool {
    words.starts_with(PROXY)
}
