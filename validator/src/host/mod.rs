//! What needs an operating system: files, the clock, the deployment's key and its state. The rules never reach for any of it.

mod admit;
mod candidate;
mod choice;
mod clock;
mod custody;
mod desk;
mod digest;
mod entropy;
mod file;
#[cfg(unix)]
mod folder;
mod guard;
mod held;
mod holdings;
mod holds;
mod identity;
mod limits;
mod product;
mod recall;
mod request;
mod shelf;
mod signal;
mod snapshot;
mod state;
mod store;
mod trouble;
mod usage;
mod watched;
mod watermark;

pub use candidate::{Outcome, Refused};
pub use clock::{ClockError, system_time};
pub use entropy::EntropyError;
pub use file::{FileError, read_file, read_stream};
#[cfg(unix)]
pub use folder::Folder;
pub use guard::{Current, Guard, Installed, Notice, Opening, Ticking};
pub use held::{Article, Held, Standing};
pub use identity::{Identity, IdentityError};
pub use lictor_shared::RequestKind;
pub use product::Product;
pub use request::{Ask, AskError};
pub use shelf::is_own_name;
pub use signal::{GuessableId, Signal};
pub use store::{StateStore, StoreError, Swap};
pub use trouble::{Offered, Trouble};
pub use usage::{RecordError, ReportError};
