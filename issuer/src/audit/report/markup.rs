//! A page that is built of elements and texts: there is no way to put markup in as text, so nothing that a customer is called
//! can become any.

use lictor_shared::is_bidi_control;

/// Names and values of attributes.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// What was built so far. It is well-formed XML without namespaces and HTML at once: elements that must be empty end in
/// themselves, all others in a tag.
#[derive(Debug, Default)]
pub(super) struct Markup {
    written: String,
}

impl Markup {
    /// A document of one element.
    pub(super) fn document(inside: impl FnOnce(&mut Self)) -> String {
        let mut markup = Self { written: "<!DOCTYPE html>\n".into() };
        markup.element("html", &[("lang", "en")], inside);
        markup.written.push('\n');
        markup.written
    }

    /// An element with what is inside.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.begin(name, attributes);
        self.written.push('>');
        inside(self);
        self.written.push_str("</");
        self.written.push_str(name);
        self.written.push('>');
        if breaks_after(name) {
            self.written.push('\n');
        }
    }

    /// An element that has nothing inside: `meta`.
    pub(super) fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.begin(name, attributes);
        self.written.push_str(" />\n");
    }

    /// An element with a text of ours.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.element(name, attributes, |inside| inside.text(text));
    }

    /// A text of ours, whatever is in it.
    pub(super) fn text(&mut self, text: &str) {
        self.written.extend(text.chars().map(shown).flat_map(Escaped::in_text));
    }

    /// A text of somebody else's: whatever its direction is, that of what stands beside it stays.
    pub(super) fn foreign(&mut self, text: &str) {
        self.leaf("bdi", &[], text);
    }

    fn begin(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.written.push('<');
        self.written.push_str(name);
        for (name, value) in attributes {
            self.written.push(' ');
            self.written.push_str(name);
            self.written.push_str("=\"");
            self.written.extend(value.chars().map(shown).flat_map(Escaped::in_value));
            self.written.push('"');
        }
    }
}

/// Elements after which a line ends, so that the page can be read and compared as a text.
fn breaks_after(name: &str) -> bool {
    matches!(
        name,
        "head" | "title" | "style" | "section" | "p" | "tr" | "dl" | "h1" | "h2" | "svg" | "nav" | "li"
    )
}

/// A character that is shown as it is, or one that is none to show: those are written as Rust has them.
enum Shown {
    AsItIs(char),
    Named(char),
}

/// Controls but the end of a line, what turns text around, and what no XML may hold.
fn shown(c: char) -> Shown {
    let is_none = (c.is_control() && c != '\n') || is_bidi_control(c) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if is_none { Shown::Named(c) } else { Shown::AsItIs(c) }
}

struct Escaped;

impl Escaped {
    fn in_text(c: Shown) -> Vec<char> {
        match c {
            Shown::AsItIs('&') => "&amp;".chars().collect(),
            Shown::AsItIs('<') => "&lt;".chars().collect(),
            Shown::AsItIs('>') => "&gt;".chars().collect(),
            Shown::AsItIs(c) => vec![c],
            Shown::Named(c) => c.escape_unicode().collect(),
        }
    }

    fn in_value(c: Shown) -> Vec<char> {
        match c {
            Shown::AsItIs('"') => "&quot;".chars().collect(),
            Shown::AsItIs('\n') => "&#10;".chars().collect(),
            c => Self::in_text(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(build: impl FnOnce(&mut Markup)) -> String {
        let mut markup = Markup::default();
        build(&mut markup);
        markup.written
    }

    #[test]
    fn whatever_a_text_is_it_stays_a_text() {
        for (text, expected) in [
            ("Acme & Söhne", "<bdi>Acme &amp; Söhne</bdi>"),
            ("<script>alert(1)</script>", "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"),
            ("]]> --> <!--", "<bdi>]]&gt; --&gt; &lt;!--</bdi>"),
            ("\"quoted\" 'so'", "<bdi>\"quoted\" 'so'</bdi>"),
            ("&lt;b&gt;", "<bdi>&amp;lt;b&amp;gt;</bdi>"),
            ("evil\u{202e}fdp.exe", "<bdi>evil\\u{202e}fdp.exe</bdi>"),
            ("\u{2066}a\u{2069}", "<bdi>\\u{2066}a\\u{2069}</bdi>"),
            ("nul\u{0}bel\u{7}\u{fffe}", "<bdi>nul\\u{0}bel\\u{7}\\u{fffe}</bdi>"),
            ("two\nlines\r", "<bdi>two\nlines\\u{d}</bdi>"),
            ("شركة 🦀 株式会社", "<bdi>شركة 🦀 株式会社</bdi>"),
        ] {
            assert_eq!(built(|page| page.foreign(text)), expected);
        }
        let long = "x".repeat(300);
        assert_eq!(built(|page| page.foreign(&long)), format!("<bdi>{long}</bdi>"));
    }

    #[test]
    fn a_value_never_leaves_its_attribute() {
        let value = "\" onload=\"x\n<'&";
        let expected = "<td data-label=\"&quot; onload=&quot;x&#10;&lt;'&amp;\">a</td>";
        assert_eq!(built(|page| page.leaf("td", &[("data-label", value)], "a")), expected);
        assert_eq!(built(|page| page.empty("meta", &[("charset", "utf-8")])), "<meta charset=\"utf-8\" />\n");
    }
}
