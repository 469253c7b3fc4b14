//! The files, and what goes on the wire of them. The server's tests include this file as well.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A file as it is in the archive.
pub fn archived(folder: &str, name: &str) -> Vec<u8> {
    let path = root().join(folder).join(name).with_extension("dat");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bytes that arrive: a file of RFC 4475 as it is, one of RFC 5118 as [`on_the_wire`] makes it.
pub fn bytes(name: &str) -> Vec<u8> {
    if root().join("rfc4475").join(name).with_extension("dat").exists() {
        archived("rfc4475", name)
    } else {
        on_the_wire(&archived("rfc5118", name))
    }
}

/// What a file of RFC 5118 stands for: the archive ends lines with LF, leaves out the empty line when there is no
/// body, and says lengths that are not those of the bodies.
pub fn on_the_wire(archived: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(archived).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let body = body.replace('\n', "\r\n");
    let mut wire = String::new();
    for line in head.lines() {
        match line.split_once(": ") {
            Some(("Content-Length", _)) => write!(wire, "Content-Length: {}\r\n", body.len()).unwrap(),
            _ => write!(wire, "{line}\r\n").unwrap(),
        }
    }
    write!(wire, "\r\n{body}").unwrap();
    wire.into_bytes()
}

/// The folder of the files, seen from the package that is tested.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = package.ancestors().map(|above| above.join("app/sip/tests/torture"));
    folders.find(|folder| folder.is_dir()).expect("the repository has the files")
}
