//! The operator's memory: a hash-chained journal that is the truth, and an index that is only quick.
//!
//! Several processes may open one store at once. Everything here blocks; nothing here reads a clock, an environment
//! variable or a home folder. Secrets are not kept here, and the store decides nothing: it is told what to write.

mod audit;
mod behind;
mod disk;
mod drafts;
mod error;
pub mod fault;
mod favourites;
mod follow;
mod index;
mod journal;
mod lease;
mod line;
mod lock;
mod notice;
mod open;
mod reader;
mod recall;
mod rows;
mod seen;
mod segments;
mod state;
mod store;
mod verify;

pub use audit::{AuditFilter, Fits, May, Wanted};
pub use drafts::Drafts;
pub use error::Error;
pub use favourites::Favourites;
pub use lease::Lease;
pub use line::{GENESIS, VERSION};
pub use notice::{Notice, NoticeKind};
pub use open::Options;
pub use reader::BadEntry;
pub use rows::Part;
pub use seen::{Mark, Seen};
pub use state::{State, TAIL};
pub use store::{Store, Subscriber};
pub use verify::{Verification, verify};
