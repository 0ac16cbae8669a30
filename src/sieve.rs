//! A writer behind which no known secret is written: lines are kept until they are whole, and masked.

use std::io::{self, Write};

use domain::redact;

/// Passes whole lines on, known secrets masked.
#[derive(Debug)]
pub(crate) struct Sieve<W: Write> {
    to: W,
    line: Vec<u8>,
}

impl<W: Write> Sieve<W> {
    /// Takes where lines go.
    pub(crate) const fn new(to: W) -> Self {
        Self { to, line: Vec::new() }
    }

    fn pass(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        if !redact::any() {
            return self.to.write_all(&line);
        }
        match str::from_utf8(&line) {
            Ok(text) => self.to.write_all(redact::clean(text).as_bytes()),
            Err(_) => self.to.write_all(redact::clean(&String::from_utf8_lossy(&line)).as_bytes()),
        }
    }
}

impl<W: Write> Write for Sieve<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if self.line.ends_with(b"\n") {
            self.pass()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.pass()?;
        }
        self.to.flush()
    }
}

impl<W: Write> Drop for Sieve<W> {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn a_value_that_comes_in_two_parts_is_masked_all_the_same() {
        redact::know("sieve-canary-4711");
        let mut out = Vec::new();
        let mut sieve = Sieve::new(&mut out);
        sieve.write_all(b"token sieve-can").unwrap();
        sieve.write_all(b"ary-4711 was sent\nrest \xff sieve-canary-4711").unwrap();
        drop(sieve);
        assert_eq!(String::from_utf8(out).unwrap(), "token ••• was sent\nrest \u{fffd} •••");
    }
}
