use std::string::String;
use std::vec::Vec;

use super::section::{LineEnd, Section};

#[test]
fn whatever_is_written_stays_in_its_line() {
    for end in [LineEnd::CrLf, LineEnd::Lf] {
        let mut section = Section::new(end);
        section.push(&["a=x\r\n", "a=\0y"]);
        section.set_attribute("mid", "1\na=z");
        section.replace(0, &["a=q\r", "\n"]);
        let lines: Vec<String> = section.lines().map(|line| line.text().into()).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.ends_with(end.as_str())));
        let inside = |line: &String| line.trim_end_matches(end.as_str()).contains(['\r', '\n', '\0']);
        assert!(!lines.iter().any(inside), "{lines:?}");
    }
}
