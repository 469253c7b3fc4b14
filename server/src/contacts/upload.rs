//! The one file that a form sends.

use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::StatusCode;

/// A file did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UploadError {
    /// It is no form with a file.
    #[error("No file was sent. Choose one first.")]
    Missing,
    /// Far too much.
    #[error("The file is too large. Nothing of it was taken.")]
    Large,
}

impl UploadError {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Missing => StatusCode::BAD_REQUEST,
            Self::Large => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}

/// The first file of the form, as long as the limit of the route lets it be.
pub(super) async fn file(request: Request) -> Result<Vec<u8>, UploadError> {
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| UploadError::Missing)?;
    let failed =
        |status| if status == StatusCode::PAYLOAD_TOO_LARGE { UploadError::Large } else { UploadError::Missing };
    while let Some(field) = form.next_field().await.map_err(|error| failed(error.status()))? {
        if field.file_name().is_some() {
            let bytes = field.bytes().await.map_err(|error| failed(error.status()))?;
            return if bytes.is_empty() { Err(UploadError::Missing) } else { Ok(bytes.into()) };
        }
    }
    Err(UploadError::Missing)
}
