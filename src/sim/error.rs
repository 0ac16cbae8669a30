//! What can go wrong with a simulated cluster as seen by the program that starts it.

use std::net::SocketAddr;

use domain::Trouble;

use crate::fault::Fault;

/// Says why something could not be done with a simulated cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address could not be listened on.
    #[error("the simulated cluster cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The address is not on this machine alone.
    #[error("the simulated cluster listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// A manifest is no YAML, or names nothing that is served.
    #[error("the manifest of {object} cannot be used: {why}")]
    Manifest {
        /// The object, as far as it is known.
        object: String,
        /// What is wrong.
        why: String,
    },
    /// The simulated API server refused.
    #[error("the simulated cluster refused {object}: {why}")]
    Refused {
        /// The object.
        object: String,
        /// The server's words.
        why: String,
    },
}

impl Error {
    /// Builds the error for a refusal.
    pub(crate) fn refused(object: impl Into<String>, fault: &Fault) -> Self {
        Self::Refused { object: object.into(), why: fault.message.clone() }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Listen { address, source } => Self::failed("The simulated cluster cannot be reached", address)
                .why(source)
                .next("Let the system choose a port: use port 0."),
            Error::NotLoopback(address) => Self::usage("The simulated cluster would be open to others", address)
                .next("Use an address on loopback, such as 127.0.0.1:0."),
            Error::Manifest { object, why } => {
                Self::usage("A manifest cannot be used", object).why(why).next("Mend the manifest.")
            }
            Error::Refused { object, why } => {
                Self::failed("The simulated cluster refused an object", object).why(why).next("Mend the object.")
            }
        }
    }
}
