//! What needs an operating system: files and the clock. The rules never reach for either.

mod clock;
mod file;

pub use clock::{ClockError, system_time};
pub use file::{FileError, read_file, read_stream};
