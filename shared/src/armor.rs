//! Armor: a token wrapped for files and mail, read tolerantly.
//!
//! Mail programs indent, quote, re-wrap and re-encode. None of that can change what was signed, because the token that is
//! found inside is judged strictly afterwards.

use alloc::string::String;
use alloc::vec::Vec;

/// What a block of armor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// A license.
    License,
    /// A status list.
    StatusList,
    /// A deployment's request for a seat or its release.
    ActivationRequest,
    /// The issuer's grant of a seat.
    Activation,
    /// The issuer's receipt for a released seat.
    Release,
    /// A deployment's report of use.
    UsageReport,
}

impl Label {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::License,
        Self::StatusList,
        Self::ActivationRequest,
        Self::Activation,
        Self::Release,
        Self::UsageReport,
    ];

    /// The words between `BEGIN ` and the closing dashes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::License => "LICENSE",
            Self::StatusList => "STATUS LIST",
            Self::ActivationRequest => "ACTIVATION REQUEST",
            Self::Activation => "ACTIVATION",
            Self::Release => "RELEASE",
            Self::UsageReport => "USAGE REPORT",
        }
    }
}

/// Wraps a token: a line `-----BEGIN LABEL-----`, lines of 64, a line `-----END LABEL-----`, each ended by LF.
#[must_use]
pub fn wrap(label: Label, token: &str) -> String {
    let name = label.as_str();
    let mut text = alloc::format!("-----BEGIN {name}-----\n");
    let mut rest = token;
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(name);
    text.push_str("-----\n");
    text
}

/// The token in a file: that of the first block with the label, else of the first block, else the whole input without
/// white space around it. What is no Unicode becomes `?`, which no token contains.
#[must_use]
pub fn unwrap(input: &[u8], label: Label) -> String {
    let text = decode(input);
    let mut blocks = blocks(&text);
    let wanted = blocks.iter().position(|block| block.label == label.as_str()).unwrap_or(0);
    if wanted < blocks.len() {
        return blocks.swap_remove(wanted).token;
    }
    text.trim_matches(is_blank).into()
}

/// The tokens of all blocks with the label, in order, or that of the whole input if it has no block at all.
#[must_use]
pub fn unwrap_all(input: &[u8], label: Label) -> Vec<String> {
    let text = decode(input);
    let blocks = blocks(&text);
    if blocks.is_empty() {
        return alloc::vec![text.trim_matches(is_blank).into()];
    }
    blocks.into_iter().filter(|block| block.label == label.as_str()).map(|block| block.token).collect()
}

/// Every block of a file, in order, whatever its label; none if the input is a bare token.
#[must_use]
pub fn read_blocks(input: &[u8]) -> Vec<Block> {
    blocks(&decode(input))
}

/// A block as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The words between `BEGIN ` and the closing dashes.
    pub label: String,
    /// What stands between the boundaries, joined.
    pub token: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut closed = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.split('\n').map(strip) {
        if let Some(label) = boundary(line, "-----BEGIN ") {
            open = Some(Block { label: label.into(), token: String::new() });
        } else if let Some(mut block) = open.take() {
            if boundary(line, "-----END ") == Some(block.label.as_str()) {
                closed.push(block);
            } else {
                block.token.extend(line.chars().filter(|c| !is_blank(*c)));
                open = Some(block);
            }
        }
    }
    closed
}

/// The label of a boundary line: capital letters and single spaces.
fn boundary<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let label = line.strip_prefix(prefix)?.strip_suffix("-----")?;
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    label.split(' ').all(word).then_some(label)
}

fn strip(line: &str) -> &str {
    line.trim_start_matches(|c| c == '>' || is_blank(c)).trim_end_matches(is_blank)
}

/// White space of every kind, the byte order mark, and zero-width characters.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}'..='\u{200D}' | '\u{2060}')
}

fn decode(input: &[u8]) -> String {
    match input {
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        _ => decode_utf8(input),
    }
}

/// One `?` for each run that is no UTF-8, so that the text is never longer than the input.
fn decode_utf8(input: &[u8]) -> String {
    let mut text = String::with_capacity(input.len());
    for chunk in input.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push('?');
        }
    }
    text
}

fn decode_utf16(input: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, odd) = input.as_chunks::<2>();
    let mut text: String =
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(|c| c.unwrap_or('?')).collect();
    if !odd.is_empty() {
        text.push('?');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn license(text: &str) -> String {
        unwrap(text.as_bytes(), Label::License)
    }

    #[test]
    fn lines_of_64() {
        let token = "x".repeat(65);
        let armored = wrap(Label::StatusList, &token);
        assert_eq!(
            armored,
            alloc::format!("-----BEGIN STATUS LIST-----\n{}\nx\n-----END STATUS LIST-----\n", "x".repeat(64))
        );
        assert_eq!(unwrap(armored.as_bytes(), Label::StatusList), token);
    }

    #[test]
    fn tolerates_what_mail_does() {
        for text in [
            "a.b.c",
            "\u{feff} a.b.c\r\n\n",
            "Dear all\r\n> > -----BEGIN LICENSE-----\r\n> > a.b\u{200b}\r\n>>\u{a0}.\tc  \r\n> > -----END LICENSE-----\r\nRegards",
            "-----BEGIN LICENSE-----\n\n  a.b.c\n-----END LICENSE-----",
        ] {
            assert_eq!(license(text), "a.b.c", "{text:?}");
        }
    }

    #[test]
    fn the_first_block_with_the_label_else_the_first() {
        let other = "-----BEGIN ACTIVATION-----\nother\n-----END ACTIVATION-----\n";
        let first = "-----BEGIN LICENSE-----\nfirst\n-----END LICENSE-----\n";
        let second = "-----BEGIN LICENSE-----\nsecond\n-----END LICENSE-----\n";
        assert_eq!(license(&[other, first, second].concat()), "first");
        assert_eq!(license(other), "other");
        assert_eq!(
            unwrap_all([other, first, second].concat().as_bytes(), Label::License),
            ["first", "second"]
        );
        assert_eq!(unwrap_all(b" bare ", Label::License), ["bare"]);
        assert!(unwrap_all(other.as_bytes(), Label::License).is_empty());
        let labels: Vec<String> =
            read_blocks([other, first].concat().as_bytes()).into_iter().map(|block| block.label).collect();
        assert_eq!(labels, ["ACTIVATION", "LICENSE"]);
        assert!(read_blocks(b" bare ").is_empty());
    }

    #[test]
    fn a_block_left_open_is_dropped_by_the_next() {
        assert_eq!(
            license("-----BEGIN LICENSE-----\nlost\n-----BEGIN LICENSE-----\nfound\n-----END LICENSE-----"),
            "found"
        );
        // Another END is content, and an open block at the end is none.
        assert_eq!(license("-----BEGIN A-----\nx\n-----END B-----\n-----END A-----"), "x-----ENDB-----");
        assert_eq!(license("-----BEGIN A-----\nx"), "-----BEGIN A-----\nx");
    }

    #[test]
    fn labels_are_capital_letters_and_single_spaces() {
        for text in [
            "-----BEGIN license-----",
            "-----BEGIN A  B-----",
            "-----BEGIN  A-----",
            "-----BEGIN -----",
            "-----BEGIN A1-----",
        ] {
            assert_eq!(license(text), text, "{text}");
        }
    }

    #[test]
    fn utf_16_is_decoded_and_what_is_no_unicode_is_marked() {
        let utf16 = |bytes: fn(u16) -> [u8; 2], mark: [u8; 2]| -> Vec<u8> {
            mark.into_iter()
                .chain(
                    "-----BEGIN LICENSE-----\r\na.b.c\r\n-----END LICENSE-----"
                        .encode_utf16()
                        .flat_map(bytes),
                )
                .collect()
        };
        assert_eq!(unwrap(&utf16(u16::to_le_bytes, [0xFF, 0xFE]), Label::License), "a.b.c");
        assert_eq!(unwrap(&utf16(u16::to_be_bytes, [0xFE, 0xFF]), Label::License), "a.b.c");
        assert_eq!(unwrap(b"a\xff\xffb", Label::License), "a??b");
        assert_eq!(unwrap(&[0xFF, 0xFE, b'a', 0, b'b'], Label::License), "a?");
    }
}
