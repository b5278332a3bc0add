//! Shell sessions in documents, run as they stand.
//!
//! A fenced block ```` ```console ```` holds commands behind `$ ` (continued behind `> `) and what they print, standard output
//! and standard error as a terminal shows them. All blocks of a document are one session in one empty folder whose name has a
//! space in it. The program's clock stands still at [`NOW`], so that what is printed is the same in any year; a session can set
//! the variable `NOW` to another time.
//!
//! What is random (ids, keys, tokens, list entries) is compared by its form. `LICTOR_DOCUMENTS=overwrite` writes
//! what was printed into the document instead of comparing it; read the difference before you commit it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The time that documents tell of.
pub const NOW: &str = "2026-11-22T09:00:00Z";

/// A folder that is removed when it is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder with a space in its name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let unique = format!("lictor {name} {}-{:?}", std::process::id(), std::thread::current().id());
        let path = std::env::temp_dir().join(unique.replace(['(', ')'], ""));
        let _absent = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(path)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// A command of a document, and what the document says that it prints.
struct Step {
    command: String,
    says: String,
}

/// A command line of the program that a session ran, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What follows the program's name.
    pub arguments: Vec<String>,
    /// The exit code.
    pub exit: u8,
}

/// Runs the sessions of a document with `lictor` being `program`, and tells what it was asked.
///
/// # Panics
/// If a command prints anything else than the document says, or the document has no session.
pub fn run(document: &Path, program: &Path) -> Vec<Ran> {
    run_beside(document, program, &[])
}

/// The same with other commands beside `lictor`: names, and the shell scripts that they are.
///
/// # Panics
/// As [`run`].
pub fn run_beside(document: &Path, program: &Path, others: &[(&str, String)]) -> Vec<Ran> {
    let text = fs::read_to_string(document).unwrap_or_else(|error| panic!("{}: {error}", document.display()));
    let steps = steps(&text);
    assert!(!steps.is_empty(), "{} has no session", document.display());
    let session = Session::new(program);
    others.iter().for_each(|(name, script)| session.provide(name, script));
    let printed = session.run(&steps);
    if std::env::var_os("LICTOR_DOCUMENTS").is_some_and(|wish| wish == "overwrite") {
        let written = rewrite(&text, &settled(&steps, printed));
        fs::write(document, written).unwrap_or_else(|error| panic!("{}: {error}", document.display()));
        return session.ran();
    }
    let mut differences = String::new();
    for (Step { command, says }, printed) in steps.iter().zip(&printed) {
        if form(printed) != form(says) {
            differences += &format!("\n$ {command}\n--- the document says:\n{says}--- printed:\n{printed}");
        }
    }
    assert!(differences.is_empty(), "{} is not what happens:\n{differences}", document.display());
    session.ran()
}

/// Which part of a document a line is.
enum Line<'a> {
    Prose(&'a str),
    Command(&'a str),
    More(&'a str),
    Printed(&'a str),
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut inside = false;
    text.lines().map(move |line| {
        let fence = line.trim_end();
        if !inside || fence == "```" {
            inside = fence == "```console";
            return Line::Prose(line);
        }
        match (line.strip_prefix("$ "), line.strip_prefix("> ")) {
            (Some(command), _) => Line::Command(command),
            (_, Some(more)) => Line::More(more),
            _ => Line::Printed(line),
        }
    })
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in lines(text) {
        match (line, steps.last_mut()) {
            (Line::Command(command), _) => steps.push(Step { command: command.into(), says: String::new() }),
            (Line::More(more), Some(step)) => step.command += &format!("\n{more}"),
            (Line::Printed(line), Some(step)) => step.says += &format!("{line}\n"),
            _ => {}
        }
    }
    steps
}

/// What is to be written: what the document says wherever that is what was printed but for what is random, and the same
/// ids and keys as there in the rest, so that only what has changed is seen to change.
fn settled(steps: &[Step], printed: Vec<String>) -> Vec<String> {
    let mut known = HashMap::new();
    for (Step { says, .. }, printed) in steps.iter().zip(&printed).filter(|(step, now)| alike(step, now)) {
        known.extend(random(printed).into_iter().zip(random(says)));
    }
    let settle = |(step, now): (&Step, String)| match alike(step, &now) {
        true => step.says.clone(),
        false => words(&now, |word, _| known.get(word).cloned().unwrap_or_else(|| word.to_owned())),
    };
    steps.iter().zip(printed).map(settle).collect()
}

fn alike(step: &Step, printed: &str) -> bool {
    form(printed) == form(&step.says)
}

/// The random words of a text, in order.
fn random(text: &str) -> Vec<String> {
    let mut random = Vec::new();
    let text = text.lines().map(|line| unsigned(line) + "\n").collect::<String>();
    words(&text, |word, before| {
        if kind(word, before) != word {
            random.push(word.to_owned());
        }
        String::new()
    });
    random
}

/// The document with what was printed in place of what it said.
fn rewrite(text: &str, printed: &[String]) -> String {
    let mut printed = printed.iter();
    let mut due = String::new();
    let mut written = String::new();
    for line in lines(text) {
        match line {
            Line::Prose(line) => written += &format!("{}{line}\n", std::mem::take(&mut due)),
            Line::Command(command) => {
                written += &format!("{}$ {command}\n", std::mem::take(&mut due));
                due = printed.next().cloned().unwrap_or_default();
            }
            Line::More(more) => written += &format!("> {more}\n"),
            Line::Printed(_) => {}
        }
    }
    written
}

/// An empty folder, a program of which the clock stands still, and nothing else.
struct Session {
    folder: Folder,
    here: PathBuf,
    bin: PathBuf,
    path: String,
}

/// Stands between what two commands print.
const MARK: &str = "\u{1e}\n";

/// Where the program's command lines are noted, and what ends one.
const RECORD: &str = "record";
const END: &str = "\u{1d}";

impl Session {
    fn new(program: &Path) -> Self {
        let folder = Folder::new("session");
        let (here, bin) = (folder.path().join("here"), folder.path().join("bin"));
        for path in [&here, &bin] {
            fs::create_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        // The end of a line of the record is an argument that no session gives.
        let wrapper = format!(
            "#!/bin/sh\n'{}' --now \"${{NOW:-{NOW}}}\" --actor alice \"$@\"\ncode=$?\nprintf '%s\\037' $code \"$@\" '{END}' >> '{}'\nexit $code\n",
            program.display(),
            folder.path().join(RECORD).display()
        );
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let session = Self { folder, here, bin, path };
        session.provide("lictor", &wrapper);
        session
    }

    /// Puts a script where its name finds it; by another process, since a file that this one has open for writing is open in
    /// whatever another thread is just starting, and cannot be run as long.
    fn provide(&self, name: &str, script: &str) {
        let path = self.bin.join(name);
        let mut writing = Command::new("sh");
        writing.args(["-c", "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\""]).arg(&path).arg(script);
        assert!(writing.status().is_ok_and(|status| status.success()), "{} was not written", path.display());
    }

    /// The program's command lines so far.
    fn ran(&self) -> Vec<Ran> {
        let record = fs::read_to_string(self.folder.path().join(RECORD)).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.split_terminator('\u{1f}').map(String::from);
            let exit = words.next().and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("{line:?}"));
            Ran { arguments: words.collect(), exit }
        };
        record.split_terminator(&format!("{END}\u{1f}")).map(line).collect()
    }

    /// What each step prints.
    fn run(&self, steps: &[Step]) -> Vec<String> {
        let commands = steps.iter().map(|step| format!("{}\nprintf '\\036\\n'\n", step.command));
        let script = format!("exec 2>&1\n{}", commands.collect::<String>());
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&self.here)
            .env_clear()
            .envs([("PATH", self.path.as_str()), ("LANG", "C.UTF-8")])
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("bash: {error}; install it"));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut printed: Vec<String> = text.split(MARK).map(Into::into).collect();
        printed.truncate(steps.len());
        assert_eq!(printed.len(), steps.len(), "the session ended early:\n{text}");
        printed
    }
}

/// A text with what is random in it replaced by its kind.
fn form(text: &str) -> String {
    let mut formed = String::new();
    let mut in_armor = false;
    for line in text.lines() {
        in_armor = line.starts_with("-----BEGIN ") || (in_armor && !line.starts_with("-----END "));
        let token = in_armor && !line.starts_with("-----");
        let line = if token { "TOKEN".to_string() } else { form_of_line(line) };
        // Tokens differ in length, so in their number of lines.
        if !(token && formed.ends_with("TOKEN\n")) {
            formed.push_str(line.trim_end());
            formed.push('\n');
        }
    }
    formed
}

fn form_of_line(line: &str) -> String {
    words(&unsigned(line), |word, before| kind(word, before).to_owned())
}

/// A line without the base64 of signed notes: roots, signatures and verifier keys, of which no part is a word.
fn unsigned(line: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ',');
    let of_note = |part: &str| {
        let text = part.trim_end_matches(ends);
        let after = &part[text.len()..];
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        match text {
            _ if text.starts_with("lictor/") && text.splitn(3, '+').count() == 3 => format!("NOTEKEY{after}"),
            _ if text.len() >= 44 && text.ends_with('=') && text.chars().all(is_base64) => {
                format!("BASE64{after}")
            }
            _ => part.to_owned(),
        }
    };
    line.split_inclusive(ends).map(of_note).collect()
}

/// The text with other words in place of its own. `other` sees a word and what stands before it.
fn words(text: &str, mut other: impl FnMut(&str, &str) -> String) -> String {
    let mut written = String::new();
    let mut start = 0;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    for (at, c) in text.char_indices().filter(|(_, c)| !is_part(*c)) {
        written.push_str(&other(&text[start..at], &text[..start]));
        written.push(c);
        start = at + c.len_utf8();
    }
    written.push_str(&other(&text[start..], &text[..start]));
    written
}

/// What a word is if it is random, else the word.
fn kind<'w>(word: &'w str, before: &str) -> &'w str {
    let hyphens =
        |word: &str| word.match_indices('-').map(|(at, _)| at).collect::<Vec<_>>() == [8, 13, 18, 23];
    let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_entry = ["entry ", "idx\": ", "idx\":", "statusIndex\":"].iter().any(|end| before.ends_with(end));
    match word.len() {
        36 if hyphens(word) => "UUID",
        // As much of one as tables show.
        23 if word.match_indices('-').map(|(at, _)| at).eq([8, 13, 18]) => "UUID-BEGINNING",
        // A thumbprint or the x of a key.
        43 => "KEY",
        // A hash in hex, or a part of a token.
        60.. => "LONG",
        _ if is_entry && number => "N",
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_random_is_compared_by_its_form() {
        let one = "license 0198c0d2-6c1e-7000-8000-2f6f2b1d9a10, entry 4711 of urn:x\n-----BEGIN X-----\nabc\nde\n-----END X-----";
        let other = "license 0198c0d2-6c1e-7000-8000-2f6f2b1d9a11, entry 12 of urn:x\n-----BEGIN X-----\nfgh\n-----END X-----";
        assert_eq!(form(one), form(other));
        assert_ne!(form("active"), form("revoked"));
        assert_ne!(form("in 3 days"), form("in 4 days"));
        let hash = "b2f8d66df4a6435e34932d187a2960df0fda740f0fc976248d94ca28d6e6db34";
        let other = format!("\"idx\": 8, {}", hash.replace('b', "c"));
        assert_eq!(form(&format!("\"idx\": 7, {hash}")), form(&other));
        assert_ne!(form("\"revision\": 7"), form("\"revision\": 8"));
    }

    #[test]
    fn notes_are_compared_by_their_form() {
        let note = |root: &str, id: &str| {
            let signature = format!("{id}{root}{root}");
            format!(
                "lictor/0198c0d2-6c1e-7000-8000-2f6f2b1d9a10\n5\n{root}\n\n\u{2014} lictor/0198c0d2-6c1e-7000-8000-2f6f2b1d9a10 {}=\n{{\"root\":\"{root}\"}}\nlictor/0198c0d2-6c1e-7000-8000-2f6f2b1d9a10+01abcdef+{root}",
                signature.replace('=', "")
            )
        };
        let (one, other) =
            ("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", "u+a2/eJnWj4k2jC9ZTB4bAvRZ2Z7YFqcxnC3kRrqyd8=");
        assert_eq!(form(&note(one, "ab+d")), form(&note(other, "/x/z")));
        assert_ne!(form(&note(one, "ab+d")), form(&note(one, "ab+d").replace("\n5\n", "\n6\n")));
        assert_eq!(random(&note(one, "ab+d")).len(), 2, "the name of the log alone, twice");
    }

    #[test]
    fn what_is_rewritten_changes_no_more_than_it_must() {
        let (old, new) = ("0198c0d2-6c1e-7000-8000-2f6f2b1d9a10", "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11");
        let step = |says: String| Step { command: String::new(), says };
        let steps = [step(format!("made {old}\n")), step(format!("shown {old}\n"))];
        let printed = vec![format!("made {new}\n"), format!("seen {new} and more\n")];
        assert_eq!(settled(&steps, printed), [format!("made {old}\n"), format!("seen {old} and more\n")]);
    }
}
