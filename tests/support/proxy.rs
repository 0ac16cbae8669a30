//! A loopback proxy in front of an API server that cuts, stalls, delays and refuses, so that what is between console and
//! server can fail in every way that a network does. It knows bytes only; TLS passes through. Whoever asks it for a connection, as a
//! client asks its HTTP proxy, gets the one to the server, or is refused.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Says how the way to the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Weather {
    /// Nothing passes; connections stay open.
    pub(crate) stalled: bool,
    /// New connections are closed at once.
    pub(crate) refusing: bool,
    /// What the server says waits this long, each piece.
    pub(crate) delay: Duration,
    /// So many times as long every second connection waits, so that what was said first is not heard first; 0: all wait alike.
    pub(crate) uneven: u32,
    /// What becomes of those who ask for a connection.
    pub(crate) gate: Gate,
    /// Grows by one when every open connection is cut.
    cut: u64,
    /// Whether a cut lets half of a piece through first.
    halves: bool,
}

/// Says what becomes of those who ask for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Gate {
    /// They get it.
    #[default]
    Open,
    /// They are answered with this status.
    Refuses(u16),
    /// They hear half an answer.
    Torn,
}

/// Holds a running proxy; dropping it cuts everything.
pub(crate) struct Proxy {
    weather: watch::Sender<Weather>,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free loopback port in front of a server.
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let weather = watch::Sender::new(Weather::default());
        let seen = weather.clone();
        let task = tokio::spawn(async move {
            let mut count = 0_u32;
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                // Looked at once: a cut that comes after this concerns this connection too.
                let now = *seen.borrow();
                count = count.wrapping_add(1);
                if !now.refusing {
                    let born = Born { cut: now.cut, slower: count.is_multiple_of(2) };
                    tokio::spawn(carry(client, server, seen.subscribe(), born));
                }
            }
        });
        Self { weather, address, task }
    }

    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how the way is.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Weather)) {
        self.weather.send_modify(change);
    }

    /// Cuts every open connection, in the middle of a piece where one is under way.
    pub(crate) fn cut(&self, halves: bool) {
        self.weather.send_modify(|w| (w.cut, w.halves) = (w.cut + 1, halves));
    }

    /// Lets everything through again.
    pub(crate) fn clear(&self) {
        self.weather.send_modify(|w| *w = Weather { cut: w.cut, ..Weather::default() });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut(false);
    }
}

/// What a connection was born into.
#[derive(Clone, Copy)]
struct Born {
    /// How many cuts there had been.
    cut: u64,
    /// Whether it is one of those that wait longer when it is uneven.
    slower: bool,
}

async fn carry(mut client: TcpStream, server: SocketAddr, weather: watch::Receiver<Weather>, born: Born) {
    if !admitted(&mut client, weather.clone(), born).await {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    drop((client.set_nodelay(true), server.set_nodelay(true)));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::join!(
        pump((from_client, to_server), weather.clone(), born, false),
        pump((from_server, to_client), weather, born, true)
    );
}

/// Hears whoever asks for a connection; whoever speaks to the server at once is let through.
async fn admitted(client: &mut TcpStream, mut weather: watch::Receiver<Weather>, born: Born) -> bool {
    let mut first = [0; 8];
    let asks = client.peek(&mut first).await.is_ok_and(|count| first[..count].starts_with(b"CONNECT"));
    if !asks {
        return true;
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return false };
        head.push(byte);
    }
    let Ok(now) = weather.wait_for(|w| !w.stalled || w.cut != born.cut).await.map(|w| *w) else { return false };
    let (answer, open) = match now.gate {
        _ if now.cut != born.cut => return false,
        Gate::Open => ("HTTP/1.1 200 Connected\r\n\r\n".to_owned(), true),
        Gate::Refuses(status) => (format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"), false),
        Gate::Torn => ("HTTP/1.1 2".to_owned(), false),
    };
    client.write_all(answer.as_bytes()).await.is_ok() && open
}

/// Carries bytes one way until either end closes or the connection is cut.
async fn pump(
    (mut from, mut to): (OwnedReadHalf, OwnedWriteHalf),
    mut weather: watch::Receiver<Weather>,
    born: Born,
    slow: bool,
) {
    let mut piece = vec![0; 16 << 10];
    loop {
        let read = tokio::select! {
            read = from.read(&mut piece) => read,
            _cut_or_over = weather.wait_for(|w| w.cut != born.cut) => return,
        };
        let Ok(count @ 1..) = read else { return };
        let delay = {
            let now = weather.borrow();
            if born.slower { now.delay * now.uneven.max(1) } else { now.delay }
        };
        if slow && !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let Ok(now) = weather.wait_for(|w| !w.stalled || w.cut != born.cut).await.map(|w| *w) else { return };
        let cut = now.cut != born.cut;
        let end = match (cut, now.halves) {
            (true, true) => count / 2,
            (true, false) => 0,
            (false, _) => count,
        };
        if to.write_all(&piece[..end]).await.is_err() || cut {
            return;
        }
    }
}
