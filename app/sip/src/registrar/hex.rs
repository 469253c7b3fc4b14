use alloc::string::String;

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }));
        }
    }
    text
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
