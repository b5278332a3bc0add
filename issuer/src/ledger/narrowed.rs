//! Statements of which the conditions depend on what is asked for.

use core::ops::ControlFlow;
use rusqlite::{Connection, Row, ToSql};

use super::fault::OrFault;
use crate::error::Failure;

/// Conditions that all must hold, and the parameters of the statement that they are part of.
#[derive(Default)]
pub(super) struct Narrowed<'s> {
    conditions: Vec<String>,
    parameters: Vec<(&'static str, Box<dyn ToSql + 's>)>,
}

impl<'s> Narrowed<'s> {
    /// A parameter that is always there.
    pub(super) fn with(mut self, name: &'static str, value: impl ToSql + 's) -> Self {
        self.parameters.push((name, Box::new(value)));
        self
    }

    /// A condition, if its parameter is given.
    pub(super) fn by(
        mut self,
        condition: impl Into<String>,
        name: &'static str,
        value: Option<impl ToSql + 's>,
    ) -> Self {
        let Some(value) = value else { return self };
        self.conditions.push(condition.into());
        self.with(name, value)
    }

    /// All conditions, as they stand behind `WHERE`.
    pub(super) fn conditions(&self) -> String {
        if self.conditions.is_empty() { "TRUE".into() } else { self.conditions.join(" AND ") }
    }

    /// Reads what a statement with these parameters selects, row by row.
    pub(super) fn each(
        &self,
        connection: &Connection,
        statement: &str,
        visit: &mut dyn FnMut(&Row<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.until(connection, statement, &mut |row| visit(row).map(ControlFlow::Continue))
    }

    /// The same until a visit breaks off.
    pub(super) fn until(
        &self,
        connection: &Connection,
        statement: &str,
        visit: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        let parameters: Vec<(&str, &dyn ToSql)> =
            self.parameters.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        let mut statement = connection.prepare(statement).or_fault()?;
        let mut rows = statement.query(parameters.as_slice()).or_fault()?;
        while let Some(row) = rows.next().or_fault()? {
            if visit(row)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}
