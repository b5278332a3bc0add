//! `lictor help`: what `--help` says of a command, and the topics that belong to no command.

mod format;
mod topic;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Command};

pub use self::format::Format;
pub use self::topic::Topic;

use super::near;
use super::output::Output;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor help exit-codes
  lictor help license renew
  lictor help environment --json";

/// Explain a command, or a topic: exit-codes, environment, formats
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Help {
    /// A topic, or a command as license renew [default: all commands]
    #[arg(value_name = "TOPIC|COMMAND")]
    words: Vec<String>,
}

impl Help {
    pub(crate) fn run(&self, output: &mut Output) -> Result<u8, Failure> {
        let topic = match self.words.as_slice() {
            [word] => Topic::from_word(word),
            _ => None,
        };
        if let Some(topic) = topic {
            output.either(|| topic.text(), || topic.to_value())?;
            return Ok(0);
        }
        find(&super::grammar(), &self.words)?;
        page(&self.words, output)
    }
}

/// Makes sure that there is such a command.
fn find(grammar: &Command, words: &[String]) -> Result<(), Failure> {
    let mut command = grammar;
    let mut found: Vec<&str> = Vec::new();
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| unknown(command, &found, word))?;
        found.push(word);
    }
    Ok(())
}

/// `word` is nothing behind the words that were found.
fn unknown(command: &Command, found: &[&str], word: &str) -> Failure {
    let topics = Topic::ALL.iter().map(|topic| topic.as_str()).filter(|_| found.is_empty());
    let near = near::near(word, topics.chain(command.get_subcommands().map(Command::get_name)));
    let line = |last: &str| [found, &[last]].concat().join(" ");
    let hint = near.first().map_or("lictor help".to_string(), |near| format!("lictor help {}", line(near)));
    let message = format!("{:?} is no command and no topic", line(word));
    Failure::new(FailureKind::Usage, message).hint(hint)
}

/// What the command says itself when it is asked for help.
fn page(words: &[String], output: &mut Output) -> Result<u8, Failure> {
    let line = ["lictor"].into_iter().chain(words.iter().map(String::as_str)).chain(["--help"]);
    match super::grammar().try_get_matches_from(line) {
        Err(said) => Ok(output.grammar(&said)),
        Ok(_) => Err(Failure::new(FailureKind::Unexpected, "the grammar has no help for it")),
    }
}

/// The topics, for the end of the first help page.
pub(super) fn topics() -> String {
    let width = Topic::ALL.iter().map(|topic| topic.as_str().len()).max().unwrap_or_default();
    let line = |topic: &Topic| format!("\n  lictor help {:<width$}  {}", topic.as_str(), topic.meaning());
    format!("Topics:{}", Topic::ALL.iter().map(line).collect::<String>())
}

/// The grammar with the words that can stand behind `help`, for shells to complete.
pub(super) fn with_words(grammar: Command) -> Command {
    let topics = Topic::ALL.iter().map(|topic| PossibleValue::new(topic.as_str()).help(topic.meaning()));
    let commands = grammar.get_subcommands().map(|command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        PossibleValue::new(command.get_name().to_string()).help(about)
    });
    let words: Vec<PossibleValue> = topics.chain(commands).collect();
    grammar.mut_subcommand("help", |help| {
        help.mut_arg("words", |arg| arg.value_parser(PossibleValuesParser::new(words)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_topic_hides_a_command() {
        let grammar = super::super::grammar();
        for topic in Topic::ALL {
            assert!(grammar.find_subcommand(topic.as_str()).is_none(), "{topic}");
        }
    }
}
