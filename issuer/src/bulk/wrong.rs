//! What is wrong with the rows of a file: told by line and column, all of it at once.

use core::fmt;
use lictor_shared::json::{Members, Value};

use crate::error::{Failure, FailureKind};

/// Mistakes that a message shows.
const SHOWN: usize = 20;
/// Mistakes that are told to programs.
const TOLD: usize = 1000;
/// Characters of a message, and of what it blames: a cell that is quoted in it may have a quarter of a million.
const LONGEST: usize = 400;
/// Characters that are kept of either end of a longer one.
const END: usize = 160;

/// Something that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The line, from 1.
    pub line: u64,
    /// The column; `None`: the row as it is.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Wrong {
    /// A cell that does not say what it should.
    #[must_use]
    pub fn cell(line: u64, column: impl Into<String>, message: impl Into<String>) -> Self {
        let (column, message) = (Some(shortened(column.into())), shortened(message.into()));
        Self { line, column, message, kind: FailureKind::Validation, hint: None }
    }

    /// A row that cannot be read as one.
    #[must_use]
    pub fn row(line: u64, message: impl Into<String>) -> Self {
        let message = shortened(message.into());
        Self { line, column: None, message, kind: FailureKind::Validation, hint: None }
    }

    /// What stands against a row, each field by itself; a failure that no row is to blame for is given back.
    pub(crate) fn of(line: u64, failure: Failure) -> Result<Vec<Self>, Failure> {
        if !is_of_a_row(failure.kind) {
            return Err(failure);
        }
        let wrong = |column: Option<&str>, message: String| Self {
            line,
            column: column.map(Into::into),
            message: shortened(message),
            kind: failure.kind,
            hint: failure.hint.clone(),
        };
        let Some(fields) = failure.details.get("fieldErrors").and_then(Value::as_object) else {
            return Ok(vec![wrong(blamed(&failure.details), failure.message.clone())]);
        };
        let wrongs = fields.iter().flat_map(|(field, messages)| {
            let messages = messages.as_array().unwrap_or_default().iter().filter_map(Value::as_str);
            messages.map(|message| wrong(column(field), message.to_owned()))
        });
        Ok(wrongs.collect())
    }

    /// Passes if nothing is wrong with a file.
    ///
    /// # Errors
    /// All that is wrong, of the kind that all of it is, else [`FailureKind::Validation`].
    pub(crate) fn all(wrong: Vec<Self>, file: &str) -> Result<(), Failure> {
        let mut all = Wrongs::default();
        all.add(wrong);
        all.into_result(file)
    }

    fn to_value(&self) -> Value {
        Value::object([
            ("line", self.line.into()),
            ("column", self.column.as_deref().into()),
            ("message", self.message.as_str().into()),
        ])
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A text without its middle, if it is long: what is quoted in it stands in front, and what to do about it at the end.
fn shortened(text: String) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return text;
    }
    let front: String = text.chars().take(END).collect();
    let end: String = text.chars().skip(count - END).collect();
    format!("{front} [… {} characters …] {end}", count - 2 * END)
}

/// Whether such a failure is about what a row asks for.
const fn is_of_a_row(kind: FailureKind) -> bool {
    use FailureKind::{Conflict, NotFound, RequestReused, SigningNotConfigured, Validation};
    matches!(kind, Conflict | NotFound | RequestReused | SigningNotConfigured | Validation)
}

/// The column of the fact that a failure is about.
fn blamed(details: &Members) -> Option<&'static str> {
    let facts = [
        ("requestId", "request_id"),
        ("plan", "plan"),
        ("product", "product"),
        ("products", "product"),
        ("customerId", "customer_id"),
        ("candidates", "customer_id"),
        ("path", "request_id"),
        ("license", "license"),
    ];
    facts.into_iter().find(|(fact, _)| details.contains_key(*fact)).map(|(_, column)| column)
}

/// The column of a field of an order.
fn column(field: &str) -> Option<&str> {
    Some(match field {
        "products" => "product",
        "features" => "feature",
        "limits" => "limit",
        "environments" => "environment",
        "origins" => "origin",
        "maintenance" => "maintenance_until",
        "revocationGrace" => "revocation_grace",
        "statusGrace" => "status_grace",
        "activationGrace" => "activation_grace",
        "maintenanceGrace" => "maintenance_grace",
        "maxStatusAge" => "max_status_age",
        "customerId" => "customer_id",
        // The license as it would be.
        "license" => return None,
        field => field,
    })
}

/// All that is wrong with a file.
#[derive(Debug, Default)]
pub(super) struct Wrongs {
    told: Vec<Wrong>,
    count: u64,
}

impl Wrongs {
    pub(super) fn add(&mut self, wrongs: Vec<Wrong>) {
        for wrong in wrongs {
            self.count += 1;
            if self.told.len() < TOLD {
                self.told.push(wrong);
            }
        }
    }

    /// Passes if nothing is wrong.
    pub(super) fn into_result(mut self, file: &str) -> Result<(), Failure> {
        self.told.sort_by_key(|wrong| wrong.line);
        let Some(first) = self.told.first() else { return Ok(()) };
        // One kind of mistake has its own exit code.
        let alike = self.told.iter().all(|wrong| wrong.kind == first.kind);
        let kind = if alike { first.kind } else { FailureKind::Validation };
        let hint = match &first.hint {
            // One thing to do mends all of it.
            Some(hint) if self.told.iter().all(|wrong| wrong.hint.as_ref() == Some(hint)) => hint.clone(),
            _ => "Mend the file, and repeat the command.".into(),
        };
        let told: Vec<Value> = self.told.iter().map(Wrong::to_value).collect();
        Err(Failure::new(kind, self.message(file))
            .hint(hint)
            .with("file", file)
            .with("mistakes", self.count)
            .with("rows", told))
    }

    fn message(&self, file: &str) -> String {
        let shown = self.told.iter().take(SHOWN).map(|wrong| format!("{file} {wrong}"));
        let mut lines: Vec<String> = shown.collect();
        match self.count - u64::try_from(lines.len()).unwrap_or(self.count) {
            0 => {}
            1 => lines.push("and 1 mistake more.".into()),
            more => lines.push(format!("and {more} mistakes more.")),
        }
        lines.push("Nothing was done.".into());
        lines.join("\n")
    }
}
