//! What was typed into the form, and what it stands for.

use crate::store::calling::{CallingError, RulesChange, parse_number, parse_ringing};
use app::backend::Contact;
use app::dial::{Target, target};
use app::offers::{Offers, Setting};
use app::pages::settings::{Field, Problem, Typed};
use serde::Deserialize;
use sip::proxy::Rules;
use std::time::Duration;

/// The longest text of a field that is kept, in characters.
const LONGEST: usize = 128;

/// The form as it is sent: a field that is missing is empty, and a box that is not ticked is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Words {
    do_not_disturb: Option<String>,
    no_call_waiting: Option<String>,
    auto_answer: Option<String>,
    always: String,
    busy: String,
    unanswered: String,
    unreachable: String,
    ringing: String,
}

impl Words {
    /// What stands in the fields when the page is shown again.
    pub(super) fn typed(self) -> Typed {
        let kept = |text: String| text.trim().chars().take(LONGEST).collect();
        Typed {
            do_not_disturb: self.do_not_disturb.is_some(),
            no_call_waiting: self.no_call_waiting.is_some(),
            auto_answer: self.auto_answer.is_some(),
            always: kept(self.always),
            busy: kept(self.busy),
            unanswered: kept(self.unanswered),
            unreachable: kept(self.unreachable),
            ringing: kept(self.ringing),
        }
    }
}

/// What stands in the fields for the rules that are stored.
pub(super) fn stored(rules: Rules) -> Typed {
    Typed {
        do_not_disturb: rules.do_not_disturb,
        no_call_waiting: rules.no_call_waiting,
        auto_answer: false,
        always: rules.always.unwrap_or_default(),
        busy: rules.busy.unwrap_or_default(),
        unanswered: rules.unanswered.unwrap_or_default(),
        unreachable: rules.unreachable.unwrap_or_default(),
        ringing: rules.ringing.map(|time| time.as_secs().to_string()).unwrap_or_default(),
    }
}

/// What was typed where the person has a say, and otherwise what stands in `other`.
pub(super) fn offered(typed: &Typed, other: Typed, offers: Offers) -> Typed {
    let switch = |setting, typed, other| if offers.offers(setting) { typed } else { other };
    let field = |field: Field, other| {
        if offers.offers(field.setting()) { typed.field(field).to_owned() } else { other }
    };
    Typed {
        do_not_disturb: switch(Setting::DoNotDisturb, typed.do_not_disturb, other.do_not_disturb),
        no_call_waiting: switch(Setting::CallWaiting, typed.no_call_waiting, other.no_call_waiting),
        auto_answer: typed.auto_answer,
        always: field(Field::Always, other.always),
        busy: field(Field::Busy, other.busy),
        unanswered: field(Field::Unanswered, other.unanswered),
        unreachable: field(Field::Unreachable, other.unreachable),
        ringing: field(Field::Ringing, other.ringing),
    }
}

/// What is to be stored for what was typed by the person at `own`, or all that is wrong with it.
pub(super) fn read(typed: &Typed, own: &str, contacts: &[Contact]) -> Result<RulesChange, Vec<(Field, Problem)>> {
    let mut problems = Vec::new();
    let mut number = |field| {
        let number = number(typed.field(field), own, contacts);
        number.unwrap_or_else(|problem| {
            problems.push((field, problem));
            None
        })
    };
    let always = number(Field::Always);
    let busy = number(Field::Busy);
    let unanswered = number(Field::Unanswered);
    let unreachable = number(Field::Unreachable);
    let ringing = ringing(&typed.ringing).unwrap_or_else(|problem| {
        problems.push((Field::Ringing, problem));
        None
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(RulesChange {
        do_not_disturb: Some(typed.do_not_disturb),
        no_call_waiting: Some(typed.no_call_waiting),
        always: Some(always),
        busy: Some(busy),
        unanswered: Some(unanswered),
        unreachable: Some(unreachable),
        ringing: Some(ringing),
    })
}

/// The number that is meant: as it is dialled on the phone page, so a name will do.
fn number(text: &str, own: &str, contacts: &[Contact]) -> Result<Option<String>, Problem> {
    let number = match target(text, contacts) {
        // One's own extension is no contact.
        _ if text.trim() == own => own.to_owned(),
        // Brackets alone are no number; nothing at all is nothing.
        Target::Empty if text.is_empty() => return Ok(None),
        Target::Empty => return Err(Problem::NotANumber),
        Target::Ambiguous => return Err(Problem::Ambiguous),
        Target::Dial(number) => number,
    };
    // A word that is no contact's name or extension is a slip, not a number.
    let word = !number.bytes().any(|byte| byte.is_ascii_digit());
    let known = contacts.iter().any(|contact| contact.extension == number) || number == own;
    if word && !known {
        return Err(Problem::NotANumber);
    }
    parse_number(&number, own).map(Some).map_err(|error| match error {
        CallingError::Own(_) => Problem::Own,
        CallingError::Code(_) => Problem::Code,
        CallingError::Number(_)
        | CallingError::Ringing
        | CallingError::Decided
        | CallingError::Missing(_)
        | CallingError::NoGroup(_)
        | CallingError::Extension
        | CallingError::Name
        | CallingError::Taken(_)
        | CallingError::Members
        | CallingError::Twice(_)
        | CallingError::Storage(_) => Problem::NotANumber,
    })
}

fn ringing(text: &str) -> Result<Option<Duration>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let seconds = text.parse().map_err(|_| Problem::Time)?;
    parse_ringing(Duration::from_secs(seconds)).map(Some).map_err(|_| Problem::Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contacts() -> Vec<Contact> {
        let people = [("1002", "Bob Brown"), ("1003", "Bobby Clark"), ("600", "Sales"), ("lobby", "Front door")];
        people.map(|(extension, name)| Contact { extension: extension.to_owned(), name: name.to_owned() }).to_vec()
    }

    #[test]
    fn a_number_is_typed_as_it_is_dialled() {
        for (text, meant) in [
            ("", Ok(None)),
            ("1002", Ok(Some("1002"))),
            (" 10 02", Ok(Some("1002"))),
            ("+49 (30) 12-34", Ok(Some("+49301234"))),
            ("bob brown", Ok(Some("1002"))),
            ("clark", Ok(Some("1003"))),
            ("sales", Ok(Some("600"))),
            ("lobby", Ok(Some("lobby"))),
            ("bob", Err(Problem::Ambiguous)),
            ("1001", Err(Problem::Own)),
            ("*78", Err(Problem::Code)),
            ("nobody", Err(Problem::NotANumber)),
            ("()", Err(Problem::NotANumber)),
            ("1@example.com", Err(Problem::NotANumber)),
            ("<script>1</script>", Err(Problem::NotANumber)),
        ] {
            assert_eq!(number(text, "1001", &contacts()), meant.map(|meant| meant.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn an_extension_with_a_hyphen_is_a_number() {
        let contacts = [Contact { extension: "10-02".to_owned(), name: "Bob Brown".to_owned() }];
        assert_eq!(number("10-02", "10-01", &contacts), Ok(Some("10-02".to_owned())));
        assert_eq!(number("10-01", "10-01", &contacts), Err(Problem::Own));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let typed = Typed {
            always: "1001".to_owned(),
            unreachable: "?".to_owned(),
            ringing: "soon".to_owned(),
            ..Typed::default()
        };
        let problems =
            [(Field::Always, Problem::Own), (Field::Unreachable, Problem::NotANumber), (Field::Ringing, Problem::Time)];
        assert_eq!(read(&typed, "1001", &contacts()), Err(problems.to_vec()));
        for seconds in ["4", "301", "-5", "1.5", "99999999999999999999999"] {
            assert_eq!(ringing(seconds), Err(Problem::Time), "{seconds}");
        }
        assert_eq!(ringing("20"), Ok(Some(Duration::from_secs(20))));
    }
}
