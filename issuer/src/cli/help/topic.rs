//! The topics of the help that belong to no command, each made from the register that the program itself uses.

use lictor_shared::Code;
use lictor_shared::json::Value;

use super::Format;
use crate::cli::environment::Variable;
use crate::cli::exits::{Exit, exits};
use crate::cli::shown;
use crate::register::register;

register! {
    /// A topic of the help.
    Topic {
        /// What each exit code means
        ExitCodes = "exit-codes",
        /// Which environment variables are read
        Environment = "environment",
        /// How files, times and names are written
        Formats = "formats",
    }
}

impl Topic {
    /// The topic for people.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::ExitCodes => exit_codes(),
            Self::Environment => environment(),
            Self::Formats => formats(),
        }
    }

    /// The topic for programs.
    #[must_use]
    pub fn to_value(self) -> Value {
        let entries: Vec<Value> = match self {
            Self::ExitCodes => exits().iter().map(exit_value).collect(),
            Self::Environment => Variable::ALL.iter().map(|variable| variable_value(*variable)).collect(),
            Self::Formats => Format::ALL.iter().map(|format| format_value(*format)).collect(),
        };
        entries.into()
    }
}

/// What the other columns leave of 80.
const WHEN_WIDTH: usize = 36;
const VARIABLE_WIDTH: usize = 55;
const FORMAT_WIDTH: usize = 45;

fn exit_codes() -> String {
    let row = |exit: &Exit| {
        let http = exit.code.map_or("-".to_string(), |code| code.http_status().to_string());
        let code = exit.code.map_or("-", Code::as_str).to_string();
        [exit.number.to_string(), code, http, shown::folded(&plain(&exit.when), WHEN_WIDTH)]
    };
    let table = shown::table(["EXIT", "CODE", "HTTP", "WHEN"], exits().iter().map(row));
    format!("{table}\n{}\n", folded(ENDS))
}

const ENDS: &str = "\
CODE is the code of the verdict, or of the envelope that --json writes; HTTP is the status that goes with it. What a code \
or a reason means in full: lictor explain\n\
Who closes the other end of a pipe has read enough: the command says nothing of it and ends with the exit code that it \
would have had. Only a license or a status list that was signed and could not be handed over is an error (31), which says \
how to get it again.\n\
Ctrl-C ends a command as a shell expects (130): what was begun is taken back, and the terminal is as it was.";

fn environment() -> String {
    let row = |variable: &Variable| [variable.to_string(), shown::folded(variable.meaning(), VARIABLE_WIDTH)];
    let table = shown::table(["VARIABLE", "MEANING"], Variable::ALL.iter().map(row));
    format!("{table}\n{}\n", folded(EMPTY))
}

const EMPTY: &str =
    "A variable that is set to nothing counts as not set. None of them names or replaces trust anchors.";

fn formats() -> String {
    let row = |format: &Format| {
        let meaning = shown::folded(format.meaning(), FORMAT_WIDTH);
        [format.to_string(), meaning, format.document().to_string()]
    };
    let table = shown::table(["FORMAT", "HOW IT IS WRITTEN", "MORE IN"], Format::ALL.iter().map(row));
    format!("{table}\n{}\n", folded(STREAMS))
}

const STREAMS: &str = "Data goes to standard output, words to standard error.";

/// Each line as a paragraph.
fn folded(text: &str) -> String {
    text.lines().map(|line| shown::folded(line, shown::WIDTH)).collect::<Vec<_>>().join("\n\n")
}

/// Without the marks that documents have around literal words.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

fn exit_value(exit: &Exit) -> Value {
    Value::object([
        ("exit", u64::from(exit.number).into()),
        ("code", exit.code.map(Code::as_str).into()),
        ("http", exit.code.map(|code| u64::from(code.http_status())).into()),
        ("when", plain(&exit.when).into()),
    ])
}

fn variable_value(variable: Variable) -> Value {
    Value::object([("variable", variable.as_str().into()), ("meaning", variable.meaning().into())])
}

fn format_value(format: Format) -> Value {
    Value::object([
        ("format", format.as_str().into()),
        ("meaning", format.meaning().into()),
        ("document", format.document().into()),
    ])
}
