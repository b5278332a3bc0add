//! The name by which the program was called. What it says of itself bears that name, and no other.

use std::ffi::OsString;
use std::path::Path;

/// The name in the texts of this crate.
pub(crate) const NAME: &str = "lictor-agent";

/// The name by which the program was called.
#[derive(Clone, Debug)]
pub(crate) struct Called(String);

impl Called {
    /// By the first item of its command line.
    pub(crate) fn by(arguments: &[OsString]) -> Self {
        let name = arguments.first().map(Path::new).and_then(Path::file_name);
        Self(name.map_or_else(|| NAME.into(), |name| name.to_string_lossy().into_owned()))
    }

    /// The name.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// A text of this crate with this name wherever it shows a command line.
    pub(crate) fn in_text(&self, text: &str) -> String {
        text.replace(&format!("{NAME} "), &format!("{} ", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_bear_the_name_and_nothing_else_does() {
        let called = Called::by(&["/opt/dialer/dialer-license".into()]);
        assert_eq!(called.in_text("repeat it: lictor-agent request"), "repeat it: dialer-license request");
        assert_eq!(called.in_text("lictor-agent.toml"), "lictor-agent.toml");
        assert_eq!(Called::by(&[]).name(), NAME);
    }
}
