//! What is thrown at a console, and where it can be.

/// What can go wrong. The first six happen between console and server, the others at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Cut,
    /// Cut in the middle of a piece.
    Torn,
    Stalled,
    Refused,
    Delayed,
    /// What was said first is not heard first: connections wait differently.
    Uneven,
    /// The version that the console knows is no longer kept (410).
    Expired,
    /// The server ends every watch in order. Only the simulator is told to.
    Ended,
    /// Rights are taken (403).
    Forbidden,
    /// The token is no longer valid (401).
    Unauthorized,
    /// The kind is gone (404).
    Gone,
    /// The server answers and can do nothing (500).
    Broken,
    /// The server is killed and started. Only the real one can be.
    Restarted,
    /// The server has too many requests (429). Only the simulator is told to, as with all that follows.
    Limited,
    /// A gateway answers in its place (502, a page).
    Gateway,
    /// A portal answers in its place (200, a page).
    Portal,
    /// Half of what it says is missing, so that the rest is no JSON.
    Half,
    /// Each page of a list comes late.
    Slow,
    /// The HTTP proxy wants to know who we are (407). Only where one is on the way, as with all that follows.
    Stranger,
    /// The HTTP proxy does not find the server, or cannot reach it (502).
    Lost,
    /// The HTTP proxy breaks off in the middle of its answer.
    Mute,
}

/// What is thrown, in the order by which a seed picks.
pub(super) const FAULTS: [Fault; 21] = [
    Fault::Cut,
    Fault::Torn,
    Fault::Stalled,
    Fault::Refused,
    Fault::Delayed,
    Fault::Uneven,
    Fault::Expired,
    Fault::Ended,
    Fault::Restarted,
    Fault::Forbidden,
    Fault::Unauthorized,
    Fault::Gone,
    Fault::Broken,
    Fault::Limited,
    Fault::Gateway,
    Fault::Portal,
    Fault::Half,
    Fault::Slow,
    Fault::Stranger,
    Fault::Lost,
    Fault::Mute,
];

impl Fault {
    /// Tells whether it can be thrown at the real cluster, or at the simulator, behind an HTTP proxy or not.
    pub(super) const fn befits(self, real: bool, behind: bool) -> bool {
        match self {
            Self::Stranger | Self::Lost | Self::Mute => behind,
            Self::Restarted => real,
            Self::Ended | Self::Limited | Self::Gateway | Self::Portal | Self::Half | Self::Slow => !real,
            _ => true,
        }
    }

    /// Tells whether all looks stale when it lasts.
    pub(super) const fn stales(self) -> bool {
        matches!(self, Self::Stalled | Self::Refused | Self::Stranger | Self::Lost | Self::Mute)
    }

    /// Tells whether the server takes changes meanwhile.
    pub(super) const fn takes_changes(self, real: bool) -> bool {
        // Who makes the changes has a client that waits until a server has room again.
        !matches!(self, Self::Limited) && (!real || !matches!(self, Self::Restarted | Self::Broken))
    }
}
