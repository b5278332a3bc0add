//! Comma-separated values as RFC 4180 has them, safe to open in a spreadsheet.

pub(crate) mod read;

/// What a spreadsheet takes for the beginning of a formula, or leaves out on its way to one; the last four are the first four in
/// full width, which some spreadsheets take for the same.
const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// A record, ended by CR and LF.
pub(crate) fn record<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

/// A cell that could be run gets an apostrophe in front, which spreadsheets do not show.
fn cell(text: &str) -> String {
    let mark = if text.starts_with(FORMULA) { "'" } else { "" };
    if text.contains(['"', ',', '\r', '\n']) {
        return format!("\"{mark}{}\"", text.replace('"', "\"\""));
    }
    format!("{mark}{text}")
}

/// What a cell says: one that [record] would have written with an apostrophe is read without it.
pub(crate) fn said(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| text.starts_with(FORMULA)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::{record, said};

    #[test]
    fn what_was_marked_reads_back_without_the_mark() {
        for text in ["=1+1", "+49 30", "-2", "@x", "\tx", "＝1", "plain", "'quoted'", "", "a=1"] {
            let written = record([text]);
            assert_eq!(said(written.trim_end_matches("\r\n")), text);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        for (cells, expected) in [
            (&["a", "b c", "", "ü"][..], "a,b c,,ü\r\n"),
            (&["Acme, Inc.", "x"], "\"Acme, Inc.\",x\r\n"),
            (&["the \"best\""], "\"the \"\"best\"\"\"\r\n"),
            (&["two\nlines", "cr\rhere"], "\"two\nlines\",\"cr\rhere\"\r\n"),
            (&["'quoted'"], "'quoted'\r\n"),
        ] {
            assert_eq!(record(cells.iter().copied()), expected);
        }
    }

    #[test]
    fn nothing_that_a_spreadsheet_would_run_begins_a_cell() {
        for (cell, expected) in [
            ("=1+1", "'=1+1\r\n"),
            ("+49 30 1234", "'+49 30 1234\r\n"),
            ("-2", "'-2\r\n"),
            ("@SUM(A1)", "'@SUM(A1)\r\n"),
            ("\tx", "'\tx\r\n"),
            ("\rx", "\"'\rx\"\r\n"),
            (
                "=HYPERLINK(\"http://a.example\",\"b\")",
                "\"'=HYPERLINK(\"\"http://a.example\"\",\"\"b\"\")\"\r\n",
            ),
            ("＝1+1", "'＝1+1\r\n"),
            ("a=1", "a=1\r\n"),
            (" =1", " =1\r\n"),
        ] {
            assert_eq!(record([cell]), expected);
        }
    }
}
