//! Connecting to the server, straight or through the proxy that the environment names. Knows no TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use super::{Noted, Reason, Shared, basic};
use crate::address::Origin;
use crate::transport::proxy::Proxy;

/// The longest answer of a proxy to our wish, in bytes.
const LONGEST: usize = 16 * 1024;

/// Connects to the server; stopping the forwarder ends the connection.
pub(super) fn dial(shared: &Arc<Shared>) -> Result<(TcpStream, Noted), Reason> {
    let origin = &shared.secure.origin;
    let proxy = Proxy::named(origin).map_err(Reason::Unreachable)?;
    let (host, port) = proxy.as_ref().map_or((origin.host(), origin.port()), |proxy| (&proxy.host, &proxy.port));
    let stream = connect(shared, host, port)?;
    let local = |error: io::Error| Reason::Unreachable(format!("on this machine: {error}"));
    let noted = shared.note(&stream).map_err(local)?;
    stream.set_nodelay(true).map_err(local)?;
    if let Some(proxy) = &proxy {
        tunnel(&stream, proxy, origin, shared.secure.longest)?;
    }
    Ok((stream, noted))
}

fn connect(shared: &Shared, host: &str, port: &str) -> Result<TcpStream, Reason> {
    let unknown = |why: &dyn std::fmt::Display| Reason::Unreachable(format!("failed to resolve address for {host}: {why}"));
    let number: u16 = port.parse().map_err(|error| unknown(&error))?;
    let mut last = unknown(&"it has no address");
    for address in (host, number).to_socket_addrs().map_err(|error| unknown(&error))? {
        if shared.is_stopped() {
            break;
        }
        match TcpStream::connect_timeout(&address, shared.secure.longest) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Reason::Unreachable(format!("failed to connect to {host}: {error}")),
        }
    }
    Err(last)
}

/// Asks the proxy for a connection to the server.
fn tunnel(mut stream: &TcpStream, proxy: &Proxy, origin: &Origin, longest: Duration) -> Result<(), Reason> {
    let broken = |error: &dyn std::fmt::Display| Reason::Unreachable(format!("the proxy {}: {error}", proxy.host));
    let place = origin.place();
    let login = proxy.login.as_ref().map(|(user, password)| format!("Proxy-Authorization: {}\r\n", basic(user, password)));
    let login = login.unwrap_or_default();
    let wish = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n");
    stream.set_read_timeout(Some(longest)).map_err(|error| broken(&error))?;
    stream.write_all(wish.as_bytes()).map_err(|error| broken(&error))?;
    let (mut head, mut byte) = (Vec::new(), [0; 1]);
    // One byte at a time: what follows the head is not ours to read.
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => broken(&"it closed the connection"),
            _ => broken(&error),
        })?;
        head.extend_from_slice(&byte);
        if head.len() > LONGEST {
            return Err(broken(&"its answer is no HTTP"));
        }
    }
    let status = String::from_utf8_lossy(&head).split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    match status {
        Some(200..=299) => Ok(()),
        Some(407) => Err(Reason::Proxy(proxy.refused())),
        Some(status) => Err(broken(&format!("it answers with status {status}"))),
        None => Err(broken(&"its answer is no HTTP")),
    }
}
