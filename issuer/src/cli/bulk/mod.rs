//! Files that ask for many changes, a row each.

mod cells;
mod folder;
mod handing;
mod table;
mod terms;

pub(crate) use self::cells::Cells;
pub(crate) use self::folder::Folder;
pub(crate) use self::handing::{Handing, To};
pub(crate) use self::table::{Column, Defaults, Kind, Table, Takes};
pub(crate) use self::terms::{distinct, terms};
