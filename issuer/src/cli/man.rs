//! `lictor man`.

use clap::{Args, Command};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, roman};
use lictor_shared::json::Value;
use std::path::{Path, PathBuf};

use super::help::Topic;
use super::output::Output;
use crate::durable::{self, Readers, cannot_write};
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor man ~/.local/share/man/man1
  lictor man man1 --json

A page of the same name is replaced.";

/// Write the manual: a page for each command and each topic of the help
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Man {
    /// The folder to write to; it is created if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(&self, output: &mut Output) -> Result<u8, Failure> {
        let mut grammar = super::grammar();
        // Gives every command its full name, as `lictor-key-new`.
        grammar.build();
        durable::create_folders(&self.folder)?;
        let mut written = Vec::new();
        write(&grammar, &self.folder, &mut written)?;
        Topic::ALL.iter().try_for_each(|topic| write_topic(*topic, &self.folder, &mut written))?;
        output.say(format_args!("Wrote {} pages.", written.len()));
        let paths = || written.iter().map(|path| path.display().to_string());
        output.either(
            || paths().map(|path| path + "\n").collect(),
            || {
                let pages = paths().map(Value::from).collect::<Vec<_>>();
                Value::object([("folder", self.folder.display().to_string().into()), ("pages", pages.into())])
            },
        )?;
        Ok(0)
    }
}

/// A command's page, then those of the commands in it.
fn write(command: &Command, folder: &Path, written: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let page = Page::new(command.clone());
    let path = folder.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text).map_err(cannot_write(&path))?;
    durable::replace(&path, &text, Readers::Anyone)?;
    written.push(path);
    command.get_subcommands().try_for_each(|inner| write(inner, folder, written))
}

/// A topic's page: its name, and the text as `lictor help` lays it out.
fn write_topic(topic: Topic, folder: &Path, written: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let name = format!("lictor-{topic}");
    let page = Page::new(Command::new(name).about(topic.meaning()).version(env!("CARGO_PKG_VERSION")));
    let path = folder.join(page.get_filename());
    let mut body = Roff::new();
    body.control("SH", ["DESCRIPTION"]).control("nf", []);
    for line in topic.text().lines() {
        body.text([roman(line)]);
    }
    body.control("fi", []);
    let mut text = Vec::new();
    page.render_title(&mut text)
        .and_then(|()| page.render_name_section(&mut text))
        .and_then(|()| body.to_writer(&mut text))
        .map_err(cannot_write(&path))?;
    durable::replace(&path, &text, Readers::Anyone)?;
    written.push(path);
    Ok(())
}
