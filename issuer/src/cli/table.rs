//! Tables: columns side by side where they fit, else a block for each row.

use tabled::builder::Builder;
use tabled::grid::util::string::{get_char_width, get_line_width};
use tabled::settings::{Padding, Style};

/// Spaces between two columns.
const GAP: usize = 2;

/// Columns of the terminal that a name gets at least, if it needs them.
const NAME_WIDTH: usize = 8;

/// The same of a sentence.
const PROSE_WIDTH: usize = 24;

/// The same of a value in a block.
const VALUE_WIDTH: usize = 12;

/// Holds words together, in a command that shall be copied; shown as a space.
pub(crate) const GLUE: &str = "\u{a0}";

/// A column: its title, and where its cells may be broken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    breaks: Breaks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaks {
    /// Between words only, and no word is too long for it.
    Words,
    /// Inside a word too, if it is longer than the column.
    Anywhere,
    /// Between words only; a longer word runs over the edge.
    Loose,
}

impl Column {
    /// Ids, dates and words of registers, which are never broken.
    pub(crate) const fn words(title: &'static str) -> Self {
        Self { title, breaks: Breaks::Words }
    }

    /// Names that are read and not copied, so that long ones may be broken.
    pub(crate) const fn names(title: &'static str) -> Self {
        Self { title, breaks: Breaks::Anywhere }
    }

    /// Sentences; the last column.
    pub(crate) const fn prose(title: &'static str) -> Self {
        Self { title, breaks: Breaks::Loose }
    }

    /// What it takes at least.
    fn least(self, natural: usize, longest_word: usize) -> usize {
        let title = get_line_width(self.title);
        match self.breaks {
            Breaks::Words => longest_word.max(title),
            Breaks::Anywhere => natural.min(NAME_WIDTH.max(title)),
            Breaks::Loose => natural.min(PROSE_WIDTH.max(title)),
        }
    }
}

/// Ids, dates and words of registers are never broken.
impl From<&'static str> for Column {
    fn from(title: &'static str) -> Self {
        Self::words(title)
    }
}

/// Rows in columns under a header, ended by a line feed, in a width.
pub(super) fn table<const N: usize>(columns: [Column; N], rows: &[[String; N]], width: usize) -> String {
    let laid_out = match widths(&columns, rows, width) {
        Some(widths) => side_by_side(&columns, rows, &widths),
        None => blocks(&columns, rows, width),
    };
    laid_out.replace(GLUE, " ")
}

/// The width of each column, or nothing if they do not fit side by side.
fn widths<const N: usize>(columns: &[Column; N], rows: &[[String; N]], width: usize) -> Option<Vec<usize>> {
    let (mut natural, mut least) = (Vec::new(), Vec::new());
    for (column, cells) in columns.iter().zip(transposed(rows)) {
        let lines = || cells.iter().flat_map(|cell| cell.lines());
        let longest = lines().map(get_line_width).max().unwrap_or_default();
        let longest = longest.max(get_line_width(column.title));
        let word = lines().flat_map(|line| line.split(' ')).map(get_line_width).max();
        natural.push(longest);
        least.push(column.least(longest, word.unwrap_or_default()));
    }
    shared_out(&natural, least, width.saturating_sub(GAP * N.saturating_sub(1)))
}

/// The cells of each column.
fn transposed<const N: usize>(rows: &[[String; N]]) -> [Vec<&str>; N] {
    core::array::from_fn(|column| rows.iter().filter_map(|row| row.get(column).map(String::as_str)).collect())
}

/// Gives what is left of the room to the narrowest of the columns that lack some, time and again.
fn shared_out(natural: &[usize], least: Vec<usize>, room: usize) -> Option<Vec<usize>> {
    let mut left = room.checked_sub(least.iter().sum())?;
    let mut widths = least;
    while left > 0 {
        let lacking = widths.iter_mut().zip(natural).filter(|(width, natural)| **width < **natural);
        let Some((width, _)) = lacking.min_by_key(|(width, _)| **width) else { break };
        *width += 1;
        left -= 1;
    }
    Some(widths)
}

fn side_by_side<const N: usize>(columns: &[Column; N], rows: &[[String; N]], widths: &[usize]) -> String {
    let mut builder = Builder::default();
    builder.push_record(columns.iter().map(|column| column.title));
    for row in rows {
        let cells = row.iter().zip(columns).zip(widths);
        builder.push_record(cells.map(|((cell, column), width)| wrapped(cell, *width, column.breaks)));
    }
    let mut table = builder.build();
    table.with(Style::blank()).with(Padding::new(0, 1, 0, 0));
    table.to_string().lines().map(|line| line.trim_end().to_string() + "\n").collect()
}

/// Each row as a block under its first cell.
fn blocks<const N: usize>(columns: &[Column; N], rows: &[[String; N]], width: usize) -> String {
    let titles = columns.iter().skip(1).map(|column| get_line_width(column.title)).max().unwrap_or_default();
    let room = width.saturating_sub(GAP + titles + GAP).max(VALUE_WIDTH);
    let block = |row: &[String; N]| {
        let mut block = String::new();
        for (number, (cell, column)) in row.iter().zip(columns).enumerate() {
            match number {
                0 => block += &(wrapped(cell, width, column.breaks) + "\n"),
                _ if cell.is_empty() => {}
                _ => block += &member(column.title, titles, &wrapped(cell, room, column.breaks)),
            }
        }
        block
    };
    rows.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn member(title: &str, titles: usize, value: &str) -> String {
    let mut lines = String::new();
    for (number, line) in value.lines().enumerate() {
        let title = if number == 0 { title } else { "" };
        lines += &format!("{:GAP$}{title:<titles$}{:GAP$}{line}\n", "", "");
    }
    lines
}

/// Every line of a text in lines of at most `width` columns of the terminal.
fn wrapped(text: &str, width: usize, breaks: Breaks) -> String {
    let lines = text.lines().map(|line| match get_line_width(line) <= width {
        true => line.to_string(),
        false => folded(line, width, breaks),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn folded(line: &str, width: usize, breaks: Breaks) -> String {
    let (mut folded, mut used) = (String::new(), 0);
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let length = get_line_width(word);
        if used > 0 && used + 1 + length <= width {
            folded.push(' ');
            folded.push_str(word);
            used += 1 + length;
            continue;
        }
        if used > 0 {
            folded.push('\n');
        }
        used = match breaks {
            Breaks::Anywhere => broken(&mut folded, word, width),
            Breaks::Words | Breaks::Loose => {
                folded.push_str(word);
                length
            }
        };
    }
    folded
}

/// Puts a word at the beginning of a line, broken behind its hyphens and the like, else where the line ends; how much of the last
/// line it takes.
fn broken(folded: &mut String, word: &str, width: usize) -> usize {
    let mut used = 0;
    for part in word.split_inclusive(['-', '.', '_', '/', '@']) {
        if used > 0 && used + get_line_width(part) > width {
            folded.push('\n');
            used = 0;
        }
        for c in part.chars() {
            let length = get_char_width(c);
            if used > 0 && used + length > width {
                folded.push('\n');
                used = 0;
            }
            folded.push(c);
            used += length;
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01a2027b-d680-7501-a2d0-c1fcc781b8fd";

    fn columns() -> [Column; 4] {
        ["LICENSE".into(), "STATE".into(), Column::names("PRODUCT"), Column::names("CUSTOMER")]
    }

    fn row(cells: [&str; 4]) -> [String; 4] {
        cells.map(ToString::to_string)
    }

    fn shown(customer: &str, width: usize) -> String {
        table(columns(), &[row([ID, "suspended", "dialer", customer])], width)
    }

    #[test]
    fn what_fits_stands_side_by_side() {
        let expected = "LICENSE                               STATE      PRODUCT  CUSTOMER\n\
                        01a2027b-d680-7501-a2d0-c1fcc781b8fd  suspended  dialer   Acme GmbH\n";
        for width in [67, 80, 200] {
            assert_eq!(shown("Acme GmbH", width), expected, "at {width}");
        }
    }

    #[test]
    fn what_nearly_fits_is_wrapped_between_words() {
        assert_eq!(
            shown("Acme Gesellschaft mbH & Co. KG", 72),
            "LICENSE                               STATE      PRODUCT  CUSTOMER\n\
             01a2027b-d680-7501-a2d0-c1fcc781b8fd  suspended  dialer   Acme\n\
             \x20                                                         Gesellschaft\n\
             \x20                                                         mbH & Co. KG\n"
        );
        let long = shown("Acme Gesellschaft mbH & Co. KG", 200);
        assert!(long.contains("Acme Gesellschaft mbH & Co. KG"), "{long}");
    }

    #[test]
    fn a_long_name_is_broken_and_an_id_never() {
        let name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk";
        let shown = shown(name, 70);
        assert!(shown.contains(ID) && !shown.contains(name), "{shown}");
        let letters: String = shown.lines().skip(1).filter_map(|line| line.get(58..)).collect();
        assert_eq!(letters, name, "nothing of it is lost");
    }

    #[test]
    fn wide_letters_count_twice() {
        let shown = shown("株式会社アクメ", 70);
        assert!(shown.contains("株式会社アク\n") && shown.ends_with(" メ\n"), "{shown}");
    }

    #[test]
    fn what_does_not_fit_becomes_blocks() {
        let rows =
            [row([ID, "active", "dialer", "Acme Gesellschaft mbH & Co. KG"]), row([ID, "ended", "", "Bolt"])];
        assert_eq!(
            table(columns(), &rows, 40),
            "01a2027b-d680-7501-a2d0-c1fcc781b8fd\n\
             \x20 STATE     active\n\
             \x20 PRODUCT   dialer\n\
             \x20 CUSTOMER  Acme Gesellschaft mbH & Co.\n\
             \x20           KG\n\
             \n\
             01a2027b-d680-7501-a2d0-c1fcc781b8fd\n\
             \x20 STATE     ended\n\
             \x20 CUSTOMER  Bolt\n"
        );
    }

    #[test]
    fn a_command_in_a_sentence_is_not_broken() {
        let finding = format!(
            "home is open to other users.\nfix: {}",
            "chmod 700 /a/folder/far/away".replace(' ', GLUE)
        );
        let columns = ["STATE".into(), Column::prose("FINDING")];
        assert_eq!(
            table(columns, &[["warning".into(), finding]], 33),
            "STATE    FINDING\n\
             warning  home is open to other\n\
             \x20        users.\n\
             \x20        fix:\n\
             \x20        chmod 700 /a/folder/far/away\n"
        );
    }

    /// Whatever the width, no id is broken, and no line is longer than the width unless an id alone is.
    #[test]
    fn at_every_width_ids_are_whole() {
        for width in 10..=220 {
            let shown = shown("Acme Gesellschaft mbH & Co. KG", width);
            assert!(shown.contains(ID), "at {width}: {shown}");
            let longest = shown.lines().map(get_line_width).max().unwrap();
            assert!(longest <= width.max(36), "at {width}: {longest}: {shown}");
        }
    }
}
