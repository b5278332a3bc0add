//! Reading comma-separated values as strictly as RFC 4180 writes them, a record at a time.

use std::io::{self, BufRead};

/// Bytes of a record. A quotation mark that is never closed would make one of the whole file.
const RECORD_BYTES: usize = 256 * 1024;

/// Cells that a record may have: an empty one costs memory too.
const RECORD_CELLS: usize = 4096;

/// Cells of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// The line that it begins in, from 1.
    pub(crate) line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    /// Whether it is an empty line, or has nothing but commas.
    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many cells there are.
    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cells, each as it was written.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let begins = core::iter::once(0).chain(self.ends.iter().copied());
        begins
            .zip(self.ends.iter().copied())
            .map(|(begin, end)| self.bytes.get(begin..end).unwrap_or_default())
    }
}

/// Why a record cannot be read; then nothing behind it can.
#[derive(Debug)]
pub(crate) enum Misread {
    /// The file cannot be read.
    Io(io::Error),
    /// It is not as such files are written: the line, and what is wrong there.
    Form(u64, &'static str),
}

/// A file that is read record by record.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: R,
    /// The line that comes next, from 1.
    line: u64,
}

/// Where in a record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    CellStart,
    Plain,
    Quoted,
    /// Behind a quotation mark in a quoted cell.
    Quote,
    CarriageReturn,
    End,
}

/// What begins a file in UTF-8, if anything does.
const MARK: &[u8] = b"\xef\xbb\xbf";

impl<R: BufRead> Reader<R> {
    /// Begins, behind a byte order mark if there is one.
    pub(crate) fn begin(mut input: R) -> Result<Self, Misread> {
        let begun = input.fill_buf().map_err(Misread::Io)?;
        if begun.starts_with(b"\xff\xfe") || begun.starts_with(b"\xfe\xff") {
            return Err(Misread::Form(1, "this is UTF-16; save it as UTF-8"));
        }
        let mark = if begun.starts_with(MARK) { MARK.len() } else { 0 };
        input.consume(mark);
        Ok(Self { input, line: 1 })
    }

    /// The next record; `None`: the end.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, Misread> {
        let mut record = Record { line: self.line, ..Record::default() };
        let mut at = At::CellStart;
        while at != At::End {
            let Some(byte) = self.byte().map_err(Misread::Io)? else {
                return self.ended(at, record);
            };
            at = self.step(at, byte, &mut record)?;
            if record.ends.len() > RECORD_CELLS {
                return Err(Misread::Form(record.line, "this row has more than 4096 cells"));
            }
            if record.bytes.len() > RECORD_BYTES {
                return Err(Misread::Form(
                    record.line,
                    "this row has more than 262144 bytes; is a quotation mark not closed?",
                ));
            }
        }
        Ok(Some(record))
    }

    fn ended(&self, at: At, mut record: Record) -> Result<Option<Record>, Misread> {
        match at {
            At::Quoted => Err(Misread::Form(
                record.line,
                "a quotation mark in this row is never closed; what follows was not checked",
            )),
            At::CellStart if record.ends.is_empty() => Ok(None),
            _ => {
                record.ends.push(record.bytes.len());
                Ok(Some(record))
            }
        }
    }

    fn step(&mut self, at: At, byte: u8, record: &mut Record) -> Result<At, Misread> {
        let line = self.line;
        let refused = |what| Err(Misread::Form(line, what));
        if byte == b'\n' {
            self.line += 1;
        }
        Ok(match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::CellStart, b'"') => At::Quoted,
            (At::Quoted, _) => push(record, byte, At::Quoted),
            (At::Quote, b'"') => push(record, byte, At::Quoted),
            (At::CellStart | At::Plain | At::Quote, b',') => end(record, At::CellStart),
            (At::CellStart | At::Plain | At::Quote | At::CarriageReturn, b'\n') => end(record, At::End),
            (At::CellStart | At::Plain | At::Quote, b'\r') => At::CarriageReturn,
            (At::CarriageReturn, _) => return refused("a carriage return stands here without a line feed"),
            (At::Plain, b'"') => {
                return refused(
                    "a quotation mark stands within a cell; put the cell in quotation marks, and write it twice",
                );
            }
            (At::Quote, _) => {
                return refused("something stands behind the quotation mark that closes a cell");
            }
            (At::CellStart | At::Plain | At::End, _) => push(record, byte, At::Plain),
        })
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.input.fill_buf()?.first().copied();
        self.input.consume(usize::from(byte.is_some()));
        Ok(byte)
    }
}

fn push(record: &mut Record, byte: u8, at: At) -> At {
    record.bytes.push(byte);
    at
}

fn end(record: &mut Record, at: At) -> At {
    record.ends.push(record.bytes.len());
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records, each with its line.
    type Records = Vec<(u64, Vec<String>)>;

    fn read(text: &[u8]) -> (Records, Option<(u64, &'static str)>) {
        let mut records = Vec::new();
        let mut reader = match Reader::begin(text) {
            Ok(reader) => reader,
            Err(Misread::Form(line, what)) => return (records, Some((line, what))),
            Err(Misread::Io(error)) => panic!("{error}"),
        };
        loop {
            match reader.next() {
                Ok(None) => return (records, None),
                Ok(Some(record)) => {
                    let cells = record.cells().map(|cell| String::from_utf8(cell.to_vec()).unwrap());
                    records.push((record.line, cells.collect()));
                }
                Err(Misread::Form(line, what)) => return (records, Some((line, what))),
                Err(Misread::Io(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn records_are_read_as_they_are_written() {
        for (text, expected) in [
            (&b""[..], &[][..]),
            (b"a,b\r\nc,d\r\n", &[(1, &["a", "b"][..]), (2, &["c", "d"])]),
            (b"a,b\nc,d", &[(1, &["a", "b"]), (2, &["c", "d"])]),
            (b"\xef\xbb\xbfa\n", &[(1, &["a"])]),
            (b"a,\n,b\n", &[(1, &["a", ""]), (2, &["", "b"])]),
            (b"a\n\nb\n", &[(1, &["a"]), (2, &[""]), (3, &["b"])]),
            (b"\"a,b\",\"say \"\"x\"\"\"\n", &[(1, &["a,b", "say \"x\""])]),
            (b"\"two\nlines\",x\r\ny,\"\"\r\n", &[(1, &["two\nlines", "x"]), (3, &["y", ""])]),
            (b"\"cr\rin it\"\n", &[(1, &["cr\rin it"])]),
            ("株式会社,Ünï\n".as_bytes(), &[(1, &["株式会社", "Ünï"])]),
            (b"last,\"\"", &[(1, &["last", ""])]),
            (b"last,", &[(1, &["last", ""])]),
        ] {
            let (records, misread) = read(text);
            let records: Vec<(u64, Vec<&str>)> = records
                .iter()
                .map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect()))
                .collect();
            let expected: Vec<(u64, Vec<&str>)> =
                expected.iter().map(|(line, cells)| (*line, cells.to_vec())).collect();
            assert_eq!((records, misread), (expected, None), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn what_is_not_written_so_is_refused_where_it_stands() {
        for (text, line, what) in [
            (&b"a\n\"never\nclosed\n"[..], 2, "never closed"),
            (b"a\nx \"y\" z\n", 2, "within a cell"),
            (b"a\n\"x\" y\n", 2, "behind the quotation mark"),
            (b"a\rb\r", 1, "carriage return"),
            (b"\xff\xfea\0", 1, "UTF-16"),
        ] {
            let (_, misread) = read(text);
            let (found, said) = misread.unwrap();
            assert!(found == line && said.contains(what), "{found}: {said}");
        }
        let mut long = b"a\n\"".to_vec();
        long.resize(RECORD_BYTES + 10, b'x');
        assert!(matches!(read(&long).1, Some((2, said)) if said.contains("262144")));
    }
}
