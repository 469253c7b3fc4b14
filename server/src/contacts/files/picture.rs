//! Pictures of people: whatever comes is decoded and written anew, small and without what cameras write beside the pixels.

use crate::store::contacts::Picture;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// The largest file, in bytes.
pub const LARGEST: usize = 8 << 20;
/// The largest picture that is decoded: each side, in pixels.
const SIDE: u32 = 8_192;
/// How much memory decoding one takes, in bytes.
const MEMORY: u64 = 256 << 20;
/// Each side of what is kept, in pixels, at most.
const KEPT: u32 = 256;
/// How well it is kept.
const QUALITY: u8 = 85;

/// A picture cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Another kind of file.
    #[error("it is neither PNG nor JPEG nor WebP")]
    Kind,
    /// Too many bytes or pixels.
    #[error("it is larger than {} MB or {SIDE} pixels", LARGEST >> 20)]
    Large,
    /// It is damaged.
    #[error("it is damaged")]
    Damaged,
}

/// The picture of a file as it is kept. The file says itself what it is: a name or a type that came along is not believed.
///
/// # Errors
/// [`PictureError`].
pub fn picture(bytes: &[u8]) -> Result<Picture, PictureError> {
    let decoder = decoder(bytes)?;
    read(decoder)
}

/// How many pixels a file has, by its head.
pub(super) fn pixels(bytes: &[u8]) -> Result<u64, PictureError> {
    let (width, height) = decoder(bytes)?.into_dimensions().map_err(|_| PictureError::Damaged)?;
    Ok(u64::from(width) * u64::from(height))
}

fn decoder(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, PictureError> {
    if bytes.len() > LARGEST {
        return Err(PictureError::Large);
    }
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| PictureError::Kind)?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) {
        return Err(PictureError::Kind);
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(SIDE), Some(SIDE));
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    Ok(reader)
}

fn read(reader: ImageReader<Cursor<&[u8]>>) -> Result<Picture, PictureError> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong with it")]
    let failed = |error| match error {
        image::ImageError::Limits(_) => PictureError::Large,
        image::ImageError::Unsupported(_) => PictureError::Kind,
        _ => PictureError::Damaged,
    };
    let mut decoder = reader.into_decoder().map_err(failed)?;
    if decoder.total_bytes() > MEMORY {
        return Err(PictureError::Large);
    }
    // Cameras say beside the pixels which side is up.
    let up = decoder.orientation().map_err(failed)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    if image.width() > KEPT || image.height() > KEPT {
        image = image.thumbnail(KEPT, KEPT);
    }
    image.apply_orientation(up);
    let mut bytes = Vec::new();
    let (kind, written) = if image.color().has_alpha() {
        let image = DynamicImage::from(image.into_rgba8());
        ("image/png", image.write_with_encoder(PngEncoder::new(&mut bytes)))
    } else {
        let image = DynamicImage::from(image.into_rgb8());
        ("image/jpeg", image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)))
    };
    written.map_err(failed)?;
    Ok(Picture { kind: kind.to_owned(), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::webp::WebPEncoder;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn what_comes_is_written_anew_and_small() {
        let plain = DynamicImage::from(RgbImage::from_pixel(600, 300, Rgb([10, 200, 30])));
        let clear = DynamicImage::from(RgbaImage::from_pixel(10, 20, Rgba([10, 200, 30, 40])));
        let mut webp = Vec::new();
        plain.write_with_encoder(WebPEncoder::new_lossless(&mut webp)).unwrap();
        for (bytes, kind, sides) in [
            (file(&plain, ImageFormat::Jpeg), "image/jpeg", (256, 128)),
            (file(&plain, ImageFormat::Png), "image/jpeg", (256, 128)),
            (webp, "image/jpeg", (256, 128)),
            (file(&clear, ImageFormat::Png), "image/png", (10, 20)),
        ] {
            let kept = picture(&bytes).unwrap();
            assert_eq!(kept.kind, kind);
            let image = image::load_from_memory(&kept.bytes).unwrap();
            assert_eq!((image.width(), image.height()), sides);
            assert_eq!(picture(&bytes).unwrap(), kept, "the same file is the same picture");
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let plain = DynamicImage::from(RgbImage::from_pixel(60, 30, Rgb([10, 200, 30])));
        let png = file(&plain, ImageFormat::Png);
        assert_eq!(picture(b""), Err(PictureError::Kind));
        assert_eq!(picture(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), Err(PictureError::Kind));
        assert_eq!(picture(b"GIF89a\x01\0\x01\0\0\0\0;"), Err(PictureError::Kind));
        assert_eq!(picture(&png[..png.len() / 2]), Err(PictureError::Damaged));
        assert_eq!(picture(&vec![0; LARGEST + 1]), Err(PictureError::Large));
        // A head that promises more than anybody has memory for.
        let mut bomb = png;
        bomb[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        assert!(matches!(picture(&bomb), Err(PictureError::Large | PictureError::Damaged)));
    }
}
