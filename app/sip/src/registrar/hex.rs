use alloc::string::String;

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

/// The bytes of lower- or upper-case hexadecimal.
pub(crate) fn unhex(text: &str) -> Option<alloc::vec::Vec<u8>> {
    let digits = text.chars().map(|c| c.to_digit(16)).collect::<Option<alloc::vec::Vec<u32>>>()?;
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}
