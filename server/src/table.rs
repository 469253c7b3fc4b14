//! Fields of tables (CSV, RFC 4180) that programs for tables open.

/// What programs for tables know UTF-8 by.
pub const MARK: &str = "\u{feff}";
/// What these programs take for the beginning of a formula, and run, whoever wrote it.
const FORMULAS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
/// What may stand before it.
const BEFORE: [char; 5] = [' ', '"', '\'', '\u{feff}', '\u{a0}'];

/// A line of fields in quotes.
pub fn line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let fields: Vec<String> = fields.into_iter().map(field).collect();
    format!("{}\r\n", fields.join(","))
}

/// A field in quotes; an apostrophe makes a text of what begins like a formula.
#[must_use]
pub fn field(text: &str) -> String {
    let apostrophe = if is_formula(text) { "'" } else { "" };
    format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
}

/// The text of a field that was read, without the apostrophe that [`field`] put there.
#[must_use]
pub fn text(field: &str) -> &str {
    field.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(field)
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches(BEFORE).starts_with(FORMULAS) || text.starts_with(FORMULAS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula() {
        for formula in ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "\"=1", "'=1"] {
            let written = field(formula);
            assert!(written.starts_with("\"'"), "{written}");
            assert!(written.ends_with(&format!("{}\"", formula.replace('"', "\"\""))), "nothing is lost: {written}");
            assert_eq!(text(&format!("'{formula}")), formula);
        }
        assert_eq!(field("Ben, the \"boss\"\nof all"), "\"Ben, the \"\"boss\"\"\nof all\"");
        assert_eq!((field("1002"), field("")), ("\"1002\"".to_owned(), "\"\"".to_owned()));
        assert_eq!(text("'n Beet"), "'n Beet");
    }
}
