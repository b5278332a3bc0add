//! `lictor man`.

use clap::{Arg, Args, Command};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, roman};
use lictor_shared::json::Value;
use std::path::{Path, PathBuf};

use super::help::Topic;
use super::outfile::Force;
use super::output::Output;
use crate::durable::{self, Readers, cannot_write};
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor man ~/.local/share/man/man1
  lictor man man1 --json

A page that this command wrote before is replaced; any other file only with
--force.";

/// The first line of every page: a comment, by which one that was written here is known.
const MARK: &str = ".\\\" Written by lictor man, which replaces it.\n";

/// Write the manual: a page for each command and each topic of the help
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, mut_arg("force", of_pages))]
pub(crate) struct Man {
    /// The folder to write to; it is created if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    force: Force,
}

fn of_pages(force: Arg) -> Arg {
    force.help("Overwrite any file that has the name of a page; never one with a private key")
}

impl Man {
    pub(crate) fn run(&self, output: &mut Output) -> Result<u8, Failure> {
        let pages = self.pages()?;
        // Every page is written, or none.
        pages.iter().try_for_each(|(path, _)| self.may_be_replaced(path))?;
        durable::create_folders(&self.folder)?;
        pages.iter().try_for_each(|(path, text)| durable::replace(path, text, Readers::Anyone))?;
        output.say(format_args!("Wrote {} pages.", pages.len()));
        let paths = || pages.iter().map(|(path, _)| path.display().to_string());
        output.either(
            || paths().map(|path| path + "\n").collect(),
            || {
                let pages = paths().map(Value::from).collect::<Vec<_>>();
                Value::object([("folder", self.folder.display().to_string().into()), ("pages", pages.into())])
            },
        )?;
        Ok(0)
    }

    /// The pages with the files that they belong in.
    fn pages(&self) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
        let mut grammar = super::grammar();
        // Gives every command its full name, as `lictor-key-new`.
        grammar.build();
        let mut pages = Vec::new();
        page(&grammar, &self.folder, &mut pages)?;
        for topic in Topic::ALL {
            pages.push(topic_page(*topic, &self.folder)?);
        }
        Ok(pages)
    }

    /// A page that was written here makes way for a newer one; any other file needs to be given up.
    fn may_be_replaced(&self, path: &Path) -> Result<(), Failure> {
        let found = durable::found(path).unwrap_or_default();
        match found.starts_with(MARK.as_bytes()) {
            true => Ok(()),
            false => self.force.allows_anywhere(path).map_err(|failure| {
                let helps = path.is_file() && !self.force.is_given();
                let force = if helps { ", or give --force to overwrite it" } else { "" };
                failure.hint(format!("name another folder{force}"))
            }),
        }
    }
}

/// A command's page, then those of the commands in it.
fn page(command: &Command, folder: &Path, pages: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<(), Failure> {
    let page = Page::new(command.clone());
    let path = folder.join(page.get_filename());
    let mut text = Vec::from(MARK);
    page.render(&mut text).map_err(cannot_write(&path))?;
    pages.push((path, text));
    command.get_subcommands().try_for_each(|inner| self::page(inner, folder, pages))
}

/// A topic's page: its name, and the text as `lictor help` lays it out.
fn topic_page(topic: Topic, folder: &Path) -> Result<(PathBuf, Vec<u8>), Failure> {
    let name = format!("lictor-{topic}");
    let page = Page::new(Command::new(name).about(topic.meaning()).version(env!("CARGO_PKG_VERSION")));
    let path = folder.join(page.get_filename());
    let mut body = Roff::new();
    body.control("SH", ["DESCRIPTION"]).control("nf", []);
    for line in topic.text().lines() {
        body.text([roman(line)]);
    }
    body.control("fi", []);
    let mut text = Vec::from(MARK);
    page.render_title(&mut text)
        .and_then(|()| page.render_name_section(&mut text))
        .and_then(|()| body.to_writer(&mut text))
        .map_err(cannot_write(&path))?;
    Ok((path, text))
}
