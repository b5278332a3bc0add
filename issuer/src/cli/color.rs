//! Whether words are coloured.

use clap::ColorChoice;
use clap::builder::styling::{AnsiColor, Style};
use std::ffi::OsString;

/// What stands before a sentence on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    Error,
    Warning,
    Hint,
}

impl Label {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error:",
            Self::Warning => "warning:",
            Self::Hint => "hint:",
        }
    }

    /// As usage errors have it, so that all errors look alike.
    pub(crate) const fn style(self) -> Style {
        match self {
            Self::Error => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Hint => AnsiColor::Green.on_default(),
        }
    }
}

/// The choice in the form that streams take.
pub(crate) const fn of_stream(choice: ColorChoice) -> anstream::ColorChoice {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

/// The choice as it stands on the command line, for what is printed when the line is not understood, and for help.
pub(crate) fn asked(arguments: &[OsString]) -> ColorChoice {
    let words = || arguments.iter().skip(1).take_while(|word| *word != "--").filter_map(|word| word.to_str());
    let apart =
        words().zip(words().skip(1)).filter(|(option, _)| *option == "--color").map(|(_, value)| value);
    let joined = words().filter_map(|word| word.strip_prefix("--color="));
    apart.chain(joined).next().and_then(|value| value.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_found_where_the_grammar_would_find_it() {
        for (line, choice) in [
            ("lictor", ColorChoice::Auto),
            ("lictor --color never key", ColorChoice::Never),
            ("lictor key list --color=always --json", ColorChoice::Always),
            ("lictor --color purple", ColorChoice::Auto),
            ("lictor key --color", ColorChoice::Auto),
            ("lictor explain -- --color always", ColorChoice::Auto),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(Into::into).collect();
            assert_eq!(asked(&arguments), choice, "{line}");
        }
    }
}
