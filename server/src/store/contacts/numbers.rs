//! Numbers as people write them and as calls bring them: whether two are one.

/// The longest text that is looked at, in characters.
const LONGEST: usize = 128;
/// What numbers are looked up by: so many digits of their end.
const ENDING: usize = 4;
/// So many digits are a number that a call can bring without what stands before it.
const LOCAL: usize = 7;
/// The longest code of a country, and the longest number with one (E.164), in digits.
const COUNTRY: usize = 3;
const LONGEST_E164: usize = 15;

/// How numbers are written where the server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// The code of the country, without a plus; `None` when it was not said.
    country: Option<String>,
}

/// Not the code of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code of a country is one to three digits, such as 49 or +49")]
pub struct InvalidCountry;

/// How sure it is that two numbers are one; the last is the surest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// The one ends like the other, which is long enough.
    Ending,
    /// Inside a country, and with the code of some country before it.
    National,
    /// They mean the same.
    Same,
}

/// A number as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// With the code of the country: only its digits.
    International(String),
    /// Inside a country that is not known: the digits behind its zero.
    National(String),
    /// Anything else that is dialled: an extension, a number of this town, a code.
    Plain(String),
    /// An address: everything in it, in lower case.
    Address(String),
}

impl Numbering {
    /// That of a country, by its code.
    ///
    /// # Errors
    /// [`InvalidCountry`].
    pub fn new(country: Option<&str>) -> Result<Self, InvalidCountry> {
        let code = |text: &str| {
            let code = text.trim().trim_start_matches('+');
            let fits = (1..=COUNTRY).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
            if fits && !code.starts_with('0') { Ok(code.to_owned()) } else { Err(InvalidCountry) }
        };
        Ok(Self { country: country.map(code).transpose()? })
    }

    /// Whether two numbers are one, and how sure that is. The rows, with the country 49 or none:
    ///
    /// | Row | The one | The other | Match |
    /// | --- | --- | --- | --- |
    /// | NU1 | `+49 30 123` | `tel:+49-30-123`, `0049/30/123`, `+49 (0)30 123` | same |
    /// | NU2 | `+49 30 123` | `sip:+4930123@carrier.example;user=phone`, `+4930123@carrier.example` | same |
    /// | NU3 | `+49 30 123` | `030/123`, in the country 49 | same |
    /// | NU4 | `+49 30 123` | `030/123`, in no country | national |
    /// | NU5 | `+49 30 1234567` | `4930 1234567`, `1234567`: the whole of at least seven digits | ending |
    /// | NU6 | `1002` | `1002`, `sip:1002`; never what only ends like it | same |
    /// | NU7 | `Alice@Example.com` | `sip:alice@example.com;transport=tcp` | same |
    /// | NU8 | `+1 212 555 0100` | `2125550100`, `1-212-555-0100`, `0111…` not, in the country 1 | same |
    /// | NU9 | `+39 06 123` | `06 123`, in the country 39, whose numbers keep their zero | same |
    /// | NU10 | `+49 30 123 ext. 45`, `;ext=45`, `x45` | the number without it | same |
    /// | NU11 | `*72`, `#31#` | itself | same |
    #[must_use]
    pub fn compare(&self, one: &str, other: &str) -> Option<Match> {
        use Form::{International, National, Plain};
        let (one, other) = (self.form(one)?, self.form(other)?);
        if one == other {
            return Some(Match::Same);
        }
        match (&one, &other) {
            (International(whole), National(part)) | (National(part), International(whole)) => {
                let code = whole.strip_suffix(part.as_str())?;
                (1..=COUNTRY).contains(&code.len()).then_some(Match::National)
            }
            (International(whole) | National(whole), Plain(part))
            | (Plain(part), International(whole) | National(whole)) => {
                (part.len() >= LOCAL && whole.ends_with(part.as_str())).then_some(Match::Ending)
            }
            (Plain(one), Plain(other)) => {
                let (whole, part) = if one.len() > other.len() { (one, other) } else { (other, one) };
                let digits = whole.bytes().all(|byte| byte.is_ascii_digit());
                (digits && part.len() >= LOCAL && whole.ends_with(part.as_str())).then_some(Match::Ending)
            }
            (International(_), International(_)) | (National(_), National(_)) => None,
            (Form::Address(_), _) | (_, Form::Address(_)) => None,
        }
    }

    /// What all numbers have alike that are one with this one.
    #[must_use]
    pub fn ending(number: &str) -> String {
        // The country makes no difference at the end.
        match Self::default().form(number) {
            Some(Form::International(digits) | Form::National(digits) | Form::Plain(digits)) => {
                let from = digits.len().saturating_sub(ENDING);
                digits.get(from..).unwrap_or(&digits).to_owned()
            }
            Some(Form::Address(address)) => address,
            None => String::new(),
        }
    }

    /// The digits by which a number is searched, without what may stand before them.
    pub(super) fn searched(number: &str) -> Option<String> {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.trim_start_matches('0');
        (!digits.is_empty()).then(|| digits.chars().take(LONGEST_E164 * 2).collect())
    }

    /// How a number that is typed may begin in what [`Self::searched`] made of it.
    pub(super) fn typed(&self, number: &str) -> Vec<String> {
        let Some(digits) = Self::searched(number) else { return Vec::new() };
        let mut begins = vec![digits.clone()];
        if let Some(country) = &self.country {
            let national = number.trim_start().starts_with('0') && !number.trim_start().starts_with("00");
            match digits.strip_prefix(country.as_str()).filter(|rest| !rest.is_empty()) {
                Some(rest) if !national => begins.push(rest.to_owned()),
                Some(_) | None => begins.push(format!("{country}{digits}")),
            }
        }
        begins
    }

    fn form(&self, text: &str) -> Option<Form> {
        let text: String = text.chars().filter(|sign| !is_invisible(*sign)).take(LONGEST).collect();
        let text = text.trim();
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest))
                if ["sip", "sips", "tel", "callto"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) =>
            {
                (scheme.to_ascii_lowercase(), rest)
            }
            Some(_) | None => (String::new(), text),
        };
        // Parameters say how to get there, and not where.
        let rest = rest.split([';', '?']).next().unwrap_or_default();
        let Some((user, host)) = rest.rsplit_once('@') else {
            return match self.dialled(rest) {
                Some(form) => Some(form),
                None if scheme == "tel" || !rest.contains(char::is_alphanumeric) => None,
                None => Some(Form::Plain(rest.to_lowercase())),
            };
        };
        // A number at a gateway is that number, whichever way the call came (RFC 3261 19.1.1).
        let is_phone = text.to_ascii_lowercase().contains(";user=phone") || user.starts_with('+');
        if let (true, Some(form)) = (is_phone, self.dialled(user)) {
            return Some(form);
        }
        (!user.is_empty() && !host.is_empty()).then(|| Form::Address(format!("{user}@{host}").to_lowercase()))
    }

    /// What stands between the digits is for the eyes, and what follows `ext` is dialled later.
    fn dialled(&self, text: &str) -> Option<Form> {
        let text = text.to_ascii_lowercase();
        let main = text.split(['x', ',']).next().unwrap_or_default();
        let main = if main.len() < text.len() { main.trim_end().trim_end_matches('e').trim_end() } else { main };
        // `+49 (0)30`: the zero is for who dials without the code.
        let main = if main.trim_start().starts_with('+') { main.replace("(0)", "") } else { main.to_owned() };
        let mut digits = String::with_capacity(main.len());
        for sign in main.chars() {
            match sign {
                '0'..='9' | '*' | '#' => digits.push(sign),
                '+' if digits.is_empty() => digits.push(sign),
                '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}' => {}
                _ if sign.is_whitespace() => {}
                _ => return None,
            }
        }
        if let Some(international) = digits.strip_prefix('+') {
            return (!international.is_empty()).then(|| Form::International(international.to_owned()));
        }
        (!digits.is_empty()).then(|| self.without_plus(digits))
    }

    fn without_plus(&self, digits: String) -> Form {
        let country = self.country.as_deref();
        if digits.contains(['*', '#']) {
            return Form::Plain(digits);
        }
        let north_america = country == Some("1");
        if north_america {
            let national = digits.strip_prefix('1').filter(|rest| rest.len() == 10);
            // No code of a region begins with 0 or 1.
            let national = national.or((digits.len() == 10).then_some(digits.as_str()));
            if let Some(national) = national.filter(|national| !national.starts_with(['0', '1'])) {
                return Form::International(format!("1{national}"));
            }
        }
        let abroad = if north_america { "011" } else { "00" };
        if let Some(rest) = digits.strip_prefix(abroad).filter(|rest| rest.len() >= ENDING && !rest.starts_with('0')) {
            return Form::International(rest.to_owned());
        }
        let Some(national) = digits.strip_prefix('0').filter(|rest| rest.len() >= ENDING && !rest.starts_with('0'))
        else {
            return Form::Plain(digits);
        };
        match country {
            // Italy's zero belongs to the number.
            Some("39") => Form::International(format!("39{digits}")),
            Some(country) if !north_america => Form::International(format!("{country}{national}")),
            Some(_) => Form::Plain(digits),
            None => Form::National(national.to_owned()),
        }
    }
}

/// Control characters, and the marks that come along from other programs.
fn is_invisible(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::Match::{Ending, National, Same};
    use super::*;

    #[test]
    fn numbers_are_one_in_whatever_form_they_come() {
        for (row, country, one, other, expected) in [
            ("NU1", Some("49"), "+49 30 123", "tel:+49-30-123", Some(Same)),
            ("NU1", None, "+49 30 123", "0049/30/123", Some(Same)),
            ("NU1", Some("49"), "+49 30 123", "004930123", Some(Same)),
            ("NU1", None, "+49 30 123", "+49 (0)30 123", Some(Same)),
            ("NU1", None, "\u{202a}+49\u{a0}30\u{2011}123\u{202c}", "+4930123", Some(Same)),
            ("NU2", Some("49"), "+49 30 123", "sip:+4930123@carrier.example;user=phone", Some(Same)),
            ("NU2", Some("49"), "+49 30 123", "sip:030123@10.0.0.1;user=phone", Some(Same)),
            ("NU2", None, "+49 30 123", "+4930123@carrier.example", Some(Same)),
            ("NU3", Some("49"), "+49 30 123", "030/123", Some(Same)),
            ("NU3", Some("49"), "030 123", "030/123", Some(Same)),
            ("NU4", None, "+49 30 123", "030/123", Some(National)),
            ("NU4", None, "+4917 30 123", "030/123", None),
            ("NU4", None, "030 123", "030/123", Some(Same)),
            ("NU5", None, "+49 30 1234567", "4930 1234567", Some(Ending)),
            ("NU5", Some("49"), "+49 30 1234567", "1234567", Some(Ending)),
            ("NU5", None, "030 1234567", "1234567", Some(Ending)),
            ("NU5", None, "+49 30 1234567", "234567", None),
            ("NU5", None, "+49 30 1234567", "+43 30 1234567", None),
            ("NU6", Some("49"), "1002", "sip:1002", Some(Same)),
            ("NU6", Some("49"), "1002", "+49 30 1002", None),
            ("NU6", None, "1002", "21002", None),
            ("NU6", None, "Lobby", "lobby", Some(Same)),
            ("NU7", None, "Alice@Example.com", "sip:alice@example.com;transport=tcp", Some(Same)),
            ("NU7", None, "alice@example.com", "alice@example.org", None),
            ("NU7", None, "1002@example.com", "1002", None),
            ("NU8", Some("1"), "+1 212 555 0100", "2125550100", Some(Same)),
            ("NU8", Some("1"), "+1 212 555 0100", "1-212-555-0100", Some(Same)),
            ("NU8", Some("1"), "+49 30 123", "011 49 30 123", Some(Same)),
            ("NU9", Some("39"), "+39 06 123", "06 123", Some(Same)),
            ("NU10", None, "+49 30 123 ext. 45", "+4930123", Some(Same)),
            ("NU10", None, "tel:+49-30-123;ext=45", "+4930123", Some(Same)),
            ("NU10", None, "+49 30 123 x45", "+4930123", Some(Same)),
            ("NU11", None, "*72", "*72", Some(Same)),
            ("NU11", None, "*72", "72", None),
            ("nothing", None, "", "", None),
            ("nothing", None, "+", "+", None),
            ("nothing", None, "tel:", "sip:", None),
        ] {
            let numbering = Numbering::new(country).unwrap();
            assert_eq!(numbering.compare(one, other), expected, "{row}: {one} and {other} in {country:?}");
            assert_eq!(numbering.compare(other, one), expected, "{row}: {other} and {one} in {country:?}");
            if expected.is_some() {
                assert_eq!(Numbering::ending(one), Numbering::ending(other), "{row}: {one} and {other}");
            }
        }
    }

    #[test]
    fn the_code_of_a_country_is_digits() {
        assert_eq!(Numbering::new(Some("+49")), Numbering::new(Some("49")));
        for text in ["", "+", "0", "049", "4949", "DE"] {
            assert_eq!(Numbering::new(Some(text)), Err(InvalidCountry), "{text}");
        }
    }

    #[test]
    fn what_is_typed_finds_the_other_ways_to_write_it() {
        let germany = Numbering::new(Some("49")).unwrap();
        for (typed, written) in [
            ("030", "+49 30 123"),
            ("+49 30", "030 123"),
            ("0049 30", "+49 30 123"),
            ("100", "1002"),
            ("+4930", "4930123"),
        ] {
            let word = Numbering::searched(written).unwrap();
            assert!(germany.typed(typed).iter().any(|begin| word.starts_with(begin)), "{typed} for {written}");
        }
        assert!(germany.typed("--").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_compared(one in "\\PC{0,40}", other in ".{0,40}", country in proptest::option::of("[1-9][0-9]{0,2}")) {
            let numbering = Numbering::new(country.as_deref()).unwrap();
            let compared = numbering.compare(&one, &other);
            proptest::prop_assert_eq!(compared, numbering.compare(&other, &one));
            if compared.is_some() {
                proptest::prop_assert_eq!(Numbering::ending(&one), Numbering::ending(&other));
            }
            let _ = numbering.typed(&one);
        }
    }
}
