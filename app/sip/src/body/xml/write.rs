use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use super::is_char;

/// Writes a document. What it is given cannot break out of its place, and characters that XML 1.0 cannot hold are
/// left out.
pub(in super::super) struct Writer {
    out: String,
    open: Vec<&'static str>,
    /// Whether the start tag of the innermost element is still open for attributes.
    in_tag: bool,
}

impl Writer {
    pub(in super::super) fn new() -> Self {
        let out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        Self { out, open: Vec::new(), in_tag: false }
    }

    /// Begins an element.
    pub(in super::super) fn open(&mut self, name: &'static str) -> &mut Self {
        self.end_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// Gives the element that was just begun an attribute.
    pub(in super::super) fn attribute(&mut self, name: &'static str, value: impl fmt::Display) -> &mut Self {
        if self.in_tag {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.escape(&value.to_string());
            self.out.push('"');
        }
        self
    }

    /// As [`Writer::attribute`], if there is a value.
    pub(in super::super) fn maybe(&mut self, name: &'static str, value: Option<impl fmt::Display>) -> &mut Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    /// Adds text.
    pub(in super::super) fn text(&mut self, text: &str) -> &mut Self {
        self.end_tag();
        self.escape(text);
        self
    }

    /// Ends the innermost element.
    pub(in super::super) fn close(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            if self.in_tag {
                self.out.push_str("/>");
            } else {
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
            self.in_tag = false;
        }
        self
    }

    /// An element that holds text only.
    pub(in super::super) fn leaf(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.open(name).text(text).close()
    }

    /// The document, with all elements ended.
    pub(in super::super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.push('\n');
        self.out
    }

    fn end_tag(&mut self) {
        if self.in_tag {
            self.out.push('>');
            self.in_tag = false;
        }
    }

    /// Text that means the same in content and in an attribute: white space would be changed in the latter.
    fn escape(&mut self, text: &str) {
        for c in text.chars().filter(|c| is_char(*c)) {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                '"' => self.out.push_str("&quot;"),
                '\t' => self.out.push_str("&#9;"),
                '\n' => self.out.push_str("&#10;"),
                '\r' => self.out.push_str("&#13;"),
                _ => self.out.push(c),
            }
        }
    }
}
