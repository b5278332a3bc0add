//! The environment variables that `lictor` reads: the one place where it reads them.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::register::register;

register! {
    /// An environment variable.
    Variable {
        /// The issuer's home folder, where --home names none.
        LictorHome = "LICTOR_HOME",
        /// The file whose first line is the passphrase, or - for standard input, where no option gives it. It names a file, never the passphrase itself.
        PassphraseFile = "LICTOR_PASSPHRASE_FILE",
        /// The user's data folder, as an absolute path. The home is the folder lictor in it, where neither --home nor LICTOR_HOME names one.
        DataHome = "XDG_DATA_HOME",
        /// The user's own folder. The home is .local/share/lictor in it, where nothing above names one.
        Home = "HOME",
        /// Who acts, for the record, where --actor does not say it.
        Logname = "LOGNAME",
        /// The same, where LOGNAME is not set.
        User = "USER",
        /// Whatever it holds, nothing is coloured, unless --color always is given.
        NoColor = "NO_COLOR",
        /// Whatever it holds, help and words are coloured in files and pipes too, unless NO_COLOR is set or --color never is given.
        ColorForce = "CLICOLOR_FORCE",
        /// 0: nothing is coloured, unless CLICOLOR_FORCE is set or --color always is given.
        Color = "CLICOLOR",
        /// The kind of terminal. Without it, and if it is dumb, nothing is coloured, unless one of the above says otherwise.
        Term = "TERM",
        /// How wide help pages and tables are, where they do not go to a terminal.
        Columns = "COLUMNS",
        /// Where sh is found, which runs a passphrase command.
        Path = "PATH",
    }
}

impl Variable {
    /// What it holds; nothing at all is as good as not set.
    fn value(self) -> Option<OsString> {
        env::var_os(self.as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn path(self) -> Option<PathBuf> {
        self.value().map(PathBuf::from)
    }

    /// What it holds, if that is text.
    pub(super) fn text(self) -> Option<String> {
        self.value()?.into_string().ok()
    }
}
