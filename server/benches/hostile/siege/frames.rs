//! Frames as no well-behaved client sends them: of WebSocket (RFC 6455) and of HTTP/2 (RFC 9113).

/// A frame of a WebSocket's client, masked with nothing.
pub(crate) fn websocket(fin: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = websocket_head(fin, opcode, payload.len());
    frame.extend_from_slice(payload);
    frame
}

/// The same without what it announces.
pub(crate) fn websocket_head(fin: bool, opcode: u8, length: usize) -> Vec<u8> {
    let mut head = vec![if fin { 0x80 | opcode } else { opcode }];
    match u16::try_from(length) {
        Ok(short @ ..126) => head.push(0x80 | short as u8),
        Ok(length) => {
            head.push(0x80 | 126);
            head.extend_from_slice(&length.to_be_bytes());
        }
        Err(_) => {
            head.push(0x80 | 127);
            head.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    head.extend_from_slice(&[0; 4]);
    head
}

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// What a client of HTTP/2 says first, with settings that change nothing.
pub(crate) fn http2_begin() -> Vec<u8> {
    let mut begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    begin.extend(http2(SETTINGS, 0, 0, &[]));
    begin
}

/// A frame of HTTP/2.
pub(crate) fn http2(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const HTTP2_PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const HTTP2_CONTINUATION: u8 = 9;
/// Flags of HEADERS.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A GET in HPACK (RFC 7541), with names and values as they are.
pub(crate) fn request(authority: &str, path: &str) -> Vec<u8> {
    // `:method: GET` and `:scheme: https` of the static table; then `:authority` and `:path` by their names there.
    let mut block = vec![0x82, 0x87, 0x01];
    string(&mut block, authority);
    block.push(0x04);
    string(&mut block, path);
    block
}

/// A header that is kept in the table, and what names it afterwards.
pub(crate) fn kept(name: &str, value: &str) -> (Vec<u8>, u8) {
    let mut block = vec![0x40];
    string(&mut block, name);
    string(&mut block, value);
    // The newest one is the first after the static ones.
    (block, 0x80 | 62)
}

/// A header that is kept nowhere.
pub(crate) fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut block = vec![0x00];
    string(&mut block, name);
    string(&mut block, value);
    block
}

fn string(block: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push(length as u8 | 0x80);
            length >>= 7;
        }
        block.push(length as u8);
    }
    block.extend_from_slice(text.as_bytes());
}
