//! Files that only the owner may read.

use super::CertificateError;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Writes a file that is there at once and whole, or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CertificateError> {
    let failed = |source: io::Error| CertificateError::File { path: path.to_owned(), source };
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&draft, path).map_err(failed)
}

/// Reads a file; nothing when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, CertificateError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CertificateError::File { path: path.to_owned(), source }),
    }
}

/// Makes a directory, if it is not there.
pub(super) fn directory(path: &Path) -> Result<(), CertificateError> {
    let failed = |source| CertificateError::File { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)
}
