//! Inputs made of seeds: the same ones at every run.

/// A small generator (splitmix64).
pub struct Generator(pub u64);

impl Generator {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Texts that have broken parsers: what the PROTOS suite for SIP (c07-sip) puts where a value should be.
pub fn anomalies() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 46] = [
        b"",
        b" ",
        b"\t",
        b"\r\n ",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"\\\0",
        b"%s%s%s%s",
        b"%n%n%n%n",
        b"%x%08d%.1024d",
        b"%00",
        b"%",
        b"%2",
        b"%zz",
        b"\xff\xfe",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xe2\x82",
        b"-1",
        b"0",
        b"00",
        b"+1",
        b"65535",
        b"65536",
        b"2147483647",
        b"2147483648",
        b"4294967295",
        b"4294967296",
        b"18446744073709551615",
        b"18446744073709551616",
        b"99999999999999999999999999999999999999",
        b"0x7f",
        b"1e9",
        b"\"",
        b"\\",
        b"<",
        b">",
        b",",
        b";",
        b"=",
        b"@",
        b"sip:",
        b"\xc2\xa0",
    ];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.to_vec()).collect();
    for length in [17, 257, 1025, 8000] {
        for unit in [b"a".as_slice(), b"%s", b"9", b"\xc3\xa9", b".", b"\""] {
            all.push(unit.repeat(length / unit.len()));
        }
    }
    all
}

/// Units that make a parser slow when it looks back, nests or copies.
pub const UNITS: [&str; 40] = [
    "a",
    " ",
    "\t",
    "<",
    ">",
    "<>",
    "\"",
    "\"\"",
    "\\",
    "\\\\",
    "\"\\",
    "(",
    ")",
    "()",
    "(\\",
    ",",
    " , ",
    "a,",
    ";",
    ";a",
    ";a=b",
    ";a=\"",
    "; a = \"b\" ",
    "=",
    "==",
    "%",
    "%41",
    "%4",
    ":",
    "@",
    "a@",
    ":a@",
    "?",
    "&",
    "[",
    ".",
    "0",
    "\r\n ",
    "é",
    "a=b,",
];

/// Beginnings, so that a run gets to the place where it hurts.
pub const BEGINNINGS: [&str; 12] = [
    "",
    "\"",
    "<",
    "<sip:",
    "<sip:a@b",
    "<sip:a@b>",
    "sip:",
    "\"a\" <sip:a@b>;a",
    "SIP/2.0/WS a",
    "a/b;a=\"",
    "Digest a=b, ",
    "399 a \"",
];

/// The input with something done to it.
pub fn mutated(seed: &[u8], others: &[Vec<u8>], anomalies: &[Vec<u8>], generator: &mut Generator) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=generator.below(3) {
        let at = generator.below(bytes.len() + 1);
        let end = (at + generator.below(16)).min(bytes.len());
        match generator.below(10) {
            0 if at < bytes.len() => bytes[at] ^= 1 << generator.below(8),
            1 if at < bytes.len() => bytes[at] = generator.pick(b"\r\n\0 \t\"\\<>,;:=@%()[]?&/.\xff0z"),
            2 => bytes.insert(at, generator.pick(b"\r\n\0 \t\"\\<>,;:=@%()[]?&/.\xff0z")),
            3 => drop(bytes.drain(at..end)),
            4 => drop(bytes.splice(at..end, generator.pick(&anomalies.iter().collect::<Vec<_>>()).iter().copied())),
            5 => {
                let other = &others[generator.below(others.len())];
                let from = generator.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            6 => lines(&mut bytes, generator),
            7 => {
                let unit = generator.pick(&UNITS).as_bytes();
                let run = unit.repeat(1 + generator.below(300));
                bytes.splice(at..at, run);
            }
            8 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece.repeat(1 + generator.below(20)));
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// A line is doubled, taken away, folded, or changes places with another one.
fn lines(bytes: &mut Vec<u8>, generator: &mut Generator) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (one, two) = (generator.below(lines.len()), generator.below(lines.len()));
    match generator.below(4) {
        0 => lines.insert(two, lines[one].clone()),
        1 => drop(lines.remove(one)),
        2 => lines.swap(one, two),
        _ => lines[one].insert(0, b' '),
    }
    *bytes = lines.concat();
}
