//! One request and its answer between libgit2's plain connection and the server's TLS connection.
//!
//! One thread serves both directions, because the server may answer before it has the whole request. At most a piece or
//! two wait in each direction, so a pack of any size passes in little memory.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Error as TlsError};

use super::{LONGEST_HEAD, Reason, Shared, head};

/// What is read at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Holds what was heard of the server's answer.
#[derive(Default)]
struct Answer {
    /// The head as far as it came; absent once it has been passed on.
    head: Option<Vec<u8>>,
    /// What libgit2 has not taken yet.
    waiting: Vec<u8>,
    /// The server sends no more.
    ended: bool,
}

struct Pump<'a> {
    shared: &'a Shared,
    local: &'a TcpStream,
    remote: &'a TcpStream,
    tls: ClientConnection,
    may_redirect: bool,
    answer: Answer,
    /// The server takes no more; what libgit2 still sends is thrown away.
    deaf: bool,
    piece: Vec<u8>,
}

/// Forwards one request, of which `first` is here already, and its answer.
///
/// Once the answer has begun, a connection that breaks is closed and nothing more: libgit2 knows how much it lacks.
pub(super) fn run(
    shared: &Shared,
    (local, remote): (&TcpStream, &TcpStream),
    may_redirect: bool,
    first: &[u8],
) -> Result<(), Reason> {
    let origin = &shared.secure.origin;
    let name = ServerName::try_from(origin.host().to_owned()).map_err(|error| unreachable(&error))?;
    let mut tls = ClientConnection::new(Arc::clone(&shared.config), name).map_err(|error| unreachable(&error))?;
    // What is asked of the sockets is the limit: nothing is read from libgit2 while something waits to be sent.
    tls.set_buffer_limit(None);
    tls.writer().write_all(first).map_err(|error| unreachable(&error))?;
    for stream in [local, remote] {
        stream.set_nonblocking(true).map_err(|error| unreachable(&error))?;
    }
    let answer = Answer { head: Some(Vec::new()), ..Answer::default() };
    let mut pump = Pump { shared, local, remote, tls, may_redirect, answer, deaf: false, piece: vec![0; PIECE] };
    pump.forward()?;
    pump.take_leave();
    Ok(())
}

fn unreachable(error: &dyn std::fmt::Display) -> Reason {
    Reason::Unreachable(error.to_string())
}

/// Says what became of a socket that was ready.
enum Step {
    On,
    /// It was closed or broke.
    Over,
}

impl Pump<'_> {
    fn forward(&mut self) -> Result<(), Reason> {
        loop {
            if self.answer.ended && self.answer.waiting.is_empty() {
                if self.answer.head.is_some() {
                    return Err(unreachable(&"the server closed the connection without an answer"));
                }
                self.take_leave();
                self.let_finish();
                return Ok(());
            }
            let (of_local, of_remote) = self.ready().map_err(|error| unreachable(&error))?;
            // An error of a socket shows itself at whatever is tried with it.
            if !of_remote.is_empty() {
                self.speak()?;
                if self.wants_answer() {
                    self.hear()?;
                }
            }
            if !of_local.is_empty() && matches!(self.give(), Step::Over) {
                return Ok(());
            }
            if of_local.intersects(!PollFlags::OUT) && self.wants_request() && matches!(self.take(), Step::Over) {
                return Ok(());
            }
        }
    }

    fn wants_answer(&self) -> bool {
        !self.answer.ended && self.answer.waiting.len() < PIECE
    }

    fn wants_request(&self) -> bool {
        self.deaf || (!self.tls.is_handshaking() && !self.tls.wants_write())
    }

    /// Waits until something can be done, and returns what can be for libgit2's socket and the server's.
    fn ready(&self) -> io::Result<(PollFlags, PollFlags)> {
        let flags = |read, write| {
            let read = if read { PollFlags::IN } else { PollFlags::empty() };
            read | if write { PollFlags::OUT } else { PollFlags::empty() }
        };
        let of_local = flags(self.wants_request(), !self.answer.waiting.is_empty());
        let of_remote = flags(self.wants_answer(), !self.deaf && !self.answer.ended && self.tls.wants_write());
        // A socket of which nothing is wanted is left out: it would report its end again and again.
        let (mut fds, mut at) = (Vec::with_capacity(2), [None, None]);
        for (which, (stream, wanted)) in [(self.local, of_local), (self.remote, of_remote)].into_iter().enumerate() {
            if !wanted.is_empty() {
                at[which] = Some(fds.len());
                fds.push(PollFd::new(stream, wanted));
            }
        }
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let found = |at: Option<usize>| at.and_then(|at| fds.get(at)).map_or(PollFlags::empty(), PollFd::revents);
        Ok((found(at[0]), found(at[1])))
    }

    /// Sends the server what waits for it.
    fn speak(&mut self) -> Result<(), Reason> {
        while !self.deaf && self.tls.wants_write() {
            match self.tls.write_tls(&mut self.remote) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if self.tls.is_handshaking() => return Err(unreachable(&error)),
                // It may have answered before it closed.
                Err(_) => self.deaf = true,
            }
        }
        Ok(())
    }

    /// Reads what the server says.
    fn hear(&mut self) -> Result<(), Reason> {
        match self.tls.read_tls(&mut self.remote) {
            Ok(0) if self.tls.is_handshaking() => {
                return Err(unreachable(&"the server closed the connection during the TLS handshake"));
            }
            Ok(0) => self.answer.ended = true,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(()),
            Err(error) if self.answer.head.is_some() => return Err(unreachable(&error)),
            Err(_) => self.answer.ended = true,
        }
        if let Err(error) = self.tls.process_new_packets() {
            // The server is told why, if it still listens.
            drop(self.speak());
            if self.answer.head.is_none() {
                self.answer.ended = true;
                return Ok(());
            }
            return Err(match error {
                TlsError::InvalidCertificate(_) | TlsError::NoCertificatesPresented => Reason::Untrusted(error.to_string()),
                _ => unreachable(&error),
            });
        }
        loop {
            match self.tls.reader().read(&mut self.piece) {
                Ok(0) => {
                    self.answer.ended = true;
                    return Ok(());
                }
                Ok(count) => {
                    let piece = self.piece.get(..count).unwrap_or_default();
                    self.answer.waiting.extend_from_slice(piece);
                    self.pass_head()?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nothing more for now; or the end without a farewell, which has been noted.
                Err(_) => return Ok(()),
            }
        }
    }

    /// Keeps the answer back until its head is whole and has been turned into libgit2's.
    fn pass_head(&mut self) -> Result<(), Reason> {
        while let Some(mut head) = self.answer.head.take() {
            head.append(&mut self.answer.waiting);
            let Some(end) = head::end(&head) else {
                if head.len() > LONGEST_HEAD {
                    return Err(unreachable(&"the head of its answer is too long"));
                }
                self.answer.head = Some(head);
                return Ok(());
            };
            let rest = head.split_off(end);
            if let Some(mut ours) = self.shared.route.answer(&head, self.may_redirect)? {
                ours.extend(rest);
                self.answer.waiting = ours;
            } else {
                // The real answer follows.
                self.answer.waiting = rest;
                self.answer.head = Some(Vec::new());
                if self.answer.waiting.is_empty() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Gives libgit2 what waits for it.
    fn give(&mut self) -> Step {
        while !self.answer.waiting.is_empty() {
            match self.local.write(&self.answer.waiting) {
                Ok(count) => drop(self.answer.waiting.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Step::Over,
            }
        }
        Step::On
    }

    /// Takes what libgit2 sends.
    fn take(&mut self) -> Step {
        match self.local.read(&mut self.piece) {
            Ok(0) => Step::Over,
            Ok(count) => {
                let piece = self.piece.get(..count).unwrap_or_default();
                // Its buffer has no limit, so this fails only when the connection is over, which shows itself elsewhere.
                if !self.deaf && self.tls.writer().write_all(piece).is_ok() {
                    drop(self.speak());
                }
                Step::On
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Step::On,
            Err(_) => Step::Over,
        }
    }

    /// Tells the server that nothing more is wanted; it may be gone already.
    fn take_leave(&mut self) {
        self.tls.send_close_notify();
        drop(self.speak());
    }

    /// Lets libgit2 send the rest of a request that was answered early, so that it reads the answer.
    fn let_finish(&mut self) {
        drop(self.remote.shutdown(Shutdown::Both));
        drop(self.local.shutdown(Shutdown::Write));
        if self.local.set_nonblocking(false).is_ok() && self.local.set_read_timeout(None).is_ok() {
            // Ends when libgit2 closes, or the operation ends.
            drop(io::copy(&mut self.local, &mut io::sink()));
        }
    }
}
