use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use xmlparser::{ElementEnd, ExternalId, StrSpan, Token, Tokenizer};

use super::super::{BodyError, BodyErrorKind, limits};
use super::text::{Place, decode};

/// An element: what is in it. Comments and processing instructions are gone.
///
/// Elements go by their local names, whatever their namespace: servers leave prefixes undeclared, declare the wrong
/// namespaces or none. So an element of another vocabulary counts if it has a name of ours; the server that wrote
/// the document could have written ours as well. Attributes go by names without a prefix: those are the element's
/// own, and all of the vocabularies have only such.
#[derive(Debug, Default)]
pub(in super::super) struct Element<'a> {
    /// The name, without prefix.
    pub(in super::super) name: &'a str,
    /// Where it begins in the source.
    pub(in super::super) offset: usize,
    prefix: &'a str,
    attributes: Vec<Attribute<'a>>,
    children: Vec<Self>,
    text: Cow<'a, str>,
}

#[derive(Debug)]
struct Attribute<'a> {
    prefix: &'a str,
    name: &'a str,
    value: Cow<'a, str>,
}

impl<'a> Element<'a> {
    /// The attribute of that name without a prefix, without white space around it; `None` if it is empty.
    pub(in super::super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| attribute.prefix.is_empty() && attribute.name == name);
        found.map(|attribute| attribute.value.trim()).filter(|value| !value.is_empty())
    }

    /// The text directly in it, without white space around it; `None` if there is none.
    pub(in super::super) fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// The elements directly in it.
    pub(in super::super) fn children(&self) -> impl Iterator<Item = &Self> {
        self.children.iter()
    }

    /// The elements of that name directly in it.
    pub(in super::super) fn all(&self, name: &'static str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element of that name directly in it.
    pub(in super::super) fn child(&self, name: &'static str) -> Option<&Self> {
        self.all(name).next()
    }

    /// The text of the first element of that name directly in it.
    pub(in super::super) fn child_text(&self, name: &'static str) -> Option<&str> {
        self.child(name)?.text()
    }

    fn add_text(&mut self, text: Cow<'a, str>) {
        if self.text.is_empty() {
            self.text = text;
        } else {
            self.text.to_mut().push_str(&text);
        }
    }
}

/// The text of a document.
pub(in super::super) struct Source<'a> {
    bytes: &'a [u8],
    text: Cow<'a, str>,
    /// Bytes in front of the text: a byte order mark, line ends.
    skipped: usize,
}

impl<'a> Source<'a> {
    /// The text of the bytes. Not read are a byte order mark and white space in front, and NUL and white space at
    /// the end, which servers leave there.
    ///
    /// # Errors
    /// It is too large, or neither UTF-8 nor ISO-8859-1 and said to be.
    pub(in super::super) fn new(bytes: &'a [u8]) -> Result<Self, BodyError> {
        if bytes.len() > limits::BODY {
            return Err(BodyError::new(BodyErrorKind::TooLarge, bytes, limits::BODY));
        }
        let after_mark = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let document = after_mark.trim_ascii_start();
        let skipped = bytes.len() - document.len();
        let last = document.iter().rposition(|byte| *byte != 0 && !byte.is_ascii_whitespace());
        let document = document.get(..last.map_or(0, |last| last + 1)).unwrap_or_default();
        let text = match core::str::from_utf8(document) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) if is_latin_1(document) => Cow::Owned(document.iter().map(|byte| char::from(*byte)).collect()),
            Err(error) => {
                return Err(BodyError::new(BodyErrorKind::Encoding, bytes, skipped + error.valid_up_to()));
            }
        };
        Ok(Self { bytes, text, skipped })
    }

    /// The tree of the document, whose root must be of that name. `doctype` is the public identifier of the one
    /// document type that may be named; also that one is not read.
    ///
    /// # Errors
    /// It is not well-formed, breaks a limit, or has another root.
    pub(in super::super) fn root(&self, name: &str, doctype: Option<&str>) -> Result<Element<'_>, BodyError> {
        let root = self.tree(doctype)?;
        if root.name == name { Ok(root) } else { Err(self.error(BodyErrorKind::Root, root.offset)) }
    }

    /// What is wrong at that place of the text.
    pub(in super::super) fn error(&self, kind: BodyErrorKind, at: usize) -> BodyError {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let bytes = match self.text {
            Cow::Borrowed(_) => before.len(),
            Cow::Owned(_) => before.chars().count(),
        };
        BodyError::new(kind, self.bytes, self.skipped + bytes)
    }

    fn tree(&self, doctype: Option<&str>) -> Result<Element<'_>, BodyError> {
        let mut tree = Tree { open: Vec::new(), root: None, elements: 0 };
        let mut end = 0;
        for token in Tokenizer::from(&*self.text) {
            let token = token.map_err(|_| self.error(BodyErrorKind::Syntax, end))?;
            let span = span(&token);
            tree.take(token, doctype).map_err(|(kind, at)| self.error(kind, at))?;
            end = span.end();
        }
        match tree.root {
            Some(root) if tree.open.is_empty() => Ok(root),
            Some(_) | None => Err(self.error(BodyErrorKind::Syntax, self.text.len())),
        }
    }
}

/// The elements that were read, and those that are not closed yet.
struct Tree<'a> {
    open: Vec<Element<'a>>,
    root: Option<Element<'a>>,
    elements: usize,
}

impl<'a> Tree<'a> {
    fn take(&mut self, token: Token<'a>, doctype: Option<&str>) -> Result<(), (BodyErrorKind, usize)> {
        match token {
            Token::Declaration { encoding, .. } => declared(encoding),
            Token::EmptyDtd { external_id: Some(ExternalId::Public(id, _)), .. } if doctype == Some(id.as_str()) => {
                Ok(())
            }
            Token::EmptyDtd { span, .. }
            | Token::DtdStart { span, .. }
            | Token::EntityDeclaration { span, .. }
            | Token::DtdEnd { span } => Err((BodyErrorKind::Doctype, span.start())),
            Token::ElementStart { prefix, local, span } => self.start(prefix.as_str(), local.as_str(), span.start()),
            Token::Attribute { prefix, local, value, span } => self.attribute(prefix, local, value, span.start()),
            Token::ElementEnd { end, span } => self.end(end, span.start()),
            Token::Text { text } => self.text(text),
            Token::Cdata { text, .. } => {
                self.add_text(Cow::Borrowed(text.as_str()));
                Ok(())
            }
            Token::Comment { .. } | Token::ProcessingInstruction { .. } => Ok(()),
        }
    }

    fn start(&mut self, prefix: &'a str, name: &'a str, offset: usize) -> Result<(), (BodyErrorKind, usize)> {
        self.elements += 1;
        if self.elements > limits::ELEMENTS {
            return Err((BodyErrorKind::TooMany, offset));
        }
        if self.open.len() >= limits::DEPTH {
            return Err((BodyErrorKind::TooDeep, offset));
        }
        self.open.push(Element { name, offset, prefix, ..Element::default() });
        Ok(())
    }

    fn attribute(
        &mut self,
        prefix: StrSpan<'a>,
        local: StrSpan<'a>,
        value: StrSpan<'a>,
        offset: usize,
    ) -> Result<(), (BodyErrorKind, usize)> {
        let Some(element) = self.open.last_mut() else { return Err((BodyErrorKind::Syntax, offset)) };
        if element.attributes.len() >= limits::ATTRIBUTES {
            return Err((BodyErrorKind::TooMany, offset));
        }
        let (prefix, name) = (prefix.as_str(), local.as_str());
        if prefix == "xmlns" || name == "xmlns" {
            return Ok(());
        }
        let decoded = decode(value.as_str(), Place::Attribute);
        let value = decoded.map_err(|at| (BodyErrorKind::Entity, value.start() + at))?;
        // At most as many as the limit are compared.
        match element.attributes.iter().find(|known| known.prefix == prefix && known.name == name) {
            None => element.attributes.push(Attribute { prefix, name, value }),
            // Asterisk's modules write the same twice; which of two values is meant, nobody knows.
            Some(known) if known.value == value => {}
            Some(_) => return Err((BodyErrorKind::Syntax, offset)),
        }
        Ok(())
    }

    fn end(&mut self, end: ElementEnd<'a>, offset: usize) -> Result<(), (BodyErrorKind, usize)> {
        let wrong = Err((BodyErrorKind::Syntax, offset));
        match end {
            ElementEnd::Open => return Ok(()),
            ElementEnd::Empty => {}
            ElementEnd::Close(prefix, local) => {
                let matches = |open: &Element| open.prefix == prefix.as_str() && open.name == local.as_str();
                if !self.open.last().is_some_and(matches) {
                    return wrong;
                }
            }
        }
        let Some(element) = self.open.pop() else { return wrong };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: StrSpan<'a>) -> Result<(), (BodyErrorKind, usize)> {
        let decoded = decode(text.as_str(), Place::Content);
        self.add_text(decoded.map_err(|at| (BodyErrorKind::Entity, text.start() + at))?);
        Ok(())
    }

    fn add_text(&mut self, text: Cow<'a, str>) {
        if let Some(element) = self.open.last_mut() {
            element.add_text(text);
        }
    }
}

/// The encodings whose ASCII is ASCII are taken, as servers say ISO-8859-1 and send UTF-8.
fn declared(encoding: Option<StrSpan>) -> Result<(), (BodyErrorKind, usize)> {
    let known = ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1"];
    match encoding {
        Some(name) if !known.iter().any(|known| name.as_str().eq_ignore_ascii_case(known)) => {
            Err((BodyErrorKind::Encoding, name.start()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether the declaration in the first line says ISO-8859-1.
fn is_latin_1(document: &[u8]) -> bool {
    let declaration = document.split(|byte| *byte == b'>').next().unwrap_or_default();
    let declaration = String::from_utf8_lossy(declaration.get(..declaration.len().min(128)).unwrap_or_default());
    declaration.starts_with("<?xml") && declaration.to_ascii_lowercase().contains("iso-8859-1")
}

const fn span<'a>(token: &Token<'a>) -> StrSpan<'a> {
    match token {
        Token::Declaration { span, .. }
        | Token::ProcessingInstruction { span, .. }
        | Token::Comment { span, .. }
        | Token::DtdStart { span, .. }
        | Token::EmptyDtd { span, .. }
        | Token::EntityDeclaration { span, .. }
        | Token::DtdEnd { span }
        | Token::ElementStart { span, .. }
        | Token::Attribute { span, .. }
        | Token::ElementEnd { span, .. }
        | Token::Cdata { span, .. }
        | Token::Text { text: span } => *span,
    }
}
