//! The flows of the RFCs, and the test that plays each: with its ladder as a snapshot, so far as a phone in a browser takes
//! part. Each row's test exists, and has its snapshot; that is tested below.
//!
//! | RFC | Section | Flow | Test | Snapshot, or why there is none |
//! | --- | --- | --- | --- | --- |
//! | 3665 | 2.1 | Successful new registration | exchange/registrations.rs::a_new_registration | exchange__registrations__a_new_registration |
//! | 3665 | 2.2 | Update of contact list | exchange/registrations.rs::an_update_of_the_contact_list | exchange__registrations__an_update_of_the_contact_list |
//! | 3665 | 2.3 | Request for current contact list | – | a phone asks for its own binding only, and reads what comes back with it |
//! | 3665 | 2.4 | Cancellation of registration | exchange/registrations.rs::a_cancellation | exchange__registrations__a_cancellation |
//! | 3665 | 2.5 | Unsuccessful registration | exchange/registrations.rs::an_unsuccessful_registration | exchange__registrations__an_unsuccessful_registration |
//! | 3665 | 3.1 | Session establishment | agent/rfc3665.rs::session_3_1_establishment | agent__flows__rfc3665_3_1_establishment |
//! | 3665 | 3.2 | Through two proxies | agent/rfc3665.rs::session_3_2_through_two_proxies | agent__flows__rfc3665_3_2_through_two_proxies |
//! | 3665 | 3.3 | With multiple proxy authentication | agent/rfc3665.rs::session_3_3_with_multiple_proxy_authentication | agent__flows__rfc3665_3_3_with_multiple_proxy_authentication |
//! | 3665 | 3.4 | With proxy failure | agent/rfc3665.rs::session_3_4_with_proxy_failure | agent__flows__rfc3665_3_4_with_proxy_failure |
//! | 3665 | 3.5 | Through a SIP ALG | – | to a phone it is 3.2: the ALG is one of the proxies |
//! | 3665 | 3.6 | Via redirect server | agent/rfc3665.rs::session_3_6_via_redirect | agent__flows__rfc3665_3_6_via_redirect |
//! | 3665 | 3.7 | With re-INVITE, as an address changed | agent/flows.rs::offered_anew | agent__flows__offered_anew |
//! | 3665 | 3.8 | Unsuccessful, no answer | agent/rfc3665.rs::session_3_8_no_answer | agent__flows__rfc3665_3_8_no_answer |
//! | 3665 | 3.9 | Unsuccessful, busy | agent/rfc3665.rs::session_3_9_busy | agent__flows__rfc3665_3_9_busy |
//! | 3665 | 3.10 | Unsuccessful, no response | agent/rfc3665.rs::session_3_10_no_response | agent__flows__rfc3665_3_10_no_response |
//! | 3665 | 3.11 | Unsuccessful, temporarily unavailable | agent/rfc3665.rs::session_3_11_temporarily_unavailable | agent__flows__rfc3665_3_11_temporarily_unavailable |
//! | 3725 | 4.1 | Third party call control, flow I, called first | agent/rfc3725.rs::flow_1_called_first | agent__flows__rfc3725_flow_1_called_first |
//! | 3725 | 4.1 | Flow I, called second | agent/rfc3725.rs::flow_1_called_second | agent__flows__rfc3725_flow_1_called_second |
//! | 3725 | 4.2 | Flow II, called first | agent/rfc3725.rs::flow_2_called_first | agent__flows__rfc3725_flow_2_called_first |
//! | 3725 | 4.3 | Flow III, called first | agent/rfc3725.rs::flow_3_called_first | agent__flows__rfc3725_flow_3_called_first |
//! | 3725 | 4.3 | Flow III, called second | agent/rfc3725.rs::flow_3_called_second | agent__flows__rfc3725_flow_3_called_second |
//! | 3725 | 4.4 | Flow IV, called first | agent/rfc3725.rs::flow_4_called_first | agent__flows__rfc3725_flow_4_called_first |
//! | 5359 | 2.1 | Call hold | agent/hold.rs::call_hold | agent__flows__hold |
//! | 5359 | 2.2 | Consultation hold | agent/hold.rs::consultation_hold | agent__hold__consultation_hold |
//! | 5359 | 2.3 | Music on hold | – | a server plays the music; to a phone it is a re-INVITE without offer, as in 3725 |
//! | 5359 | 2.4 | Transfer, unattended | agent/rfc5589.rs::basic | agent__rfc5589__basic |
//! | 5359 | 2.5 | Transfer, attended | agent/rfc5589.rs::attended | agent__rfc5589__attended |
//! | 5359 | 2.6 | Transfer by instant message | – | an instant message is text to a phone, never a command |
//! | 5359 | 2.7 | Call forwarding, unconditional | exchange/diversion.rs::always | exchange__diversion__always |
//! | 5359 | 2.8 | Call forwarding, busy | exchange/diversion.rs::busy | exchange__diversion__busy |
//! | 5359 | 2.9 | Call forwarding, no answer | exchange/diversion.rs::unanswered | exchange__diversion__unanswered |
//! | 5359 | 2.10 | 3-way conference, third party is added | – | a mixer answers for the conference; a phone is transferred there |
//! | 5359 | 2.11 | 3-way conference, third party joins | – | Join (RFC 3911) needs a mixer in the phone, which a browser tab is not |
//! | 5359 | 2.12 | Find-me | agent/forks.rs::two_phones_with_early_media | agent__flows__two_phones_with_early_media |
//! | 5359 | 2.13 | Incoming call screening | – | the proxy screens; to a phone it is a call, or none |
//! | 5359 | 2.14 | Outgoing call screening | – | the proxy screens; to a phone it is a refusal |
//! | 5359 | 2.15 | Call park | – | a park server takes the call over; to a phone it is a transfer |
//! | 5359 | 2.16 | Call pickup | agent/rfc5589.rs::picked_up | agent__rfc5589__picked_up |
//! | 5359 | 2.17 | Automatic redial | – | needs the dialog package of the other end's user agent, and a rule of when to call |
//! | 5359 | 2.18 | Click to dial | agent/rfc3725.rs::flow_1_called_second | agent__flows__rfc3725_flow_1_called_second |
//! | 5589 | 6.1 | Basic transfer | agent/rfc5589.rs::basic | agent__rfc5589__basic |
//! | 5589 | 6.2 | Failed transfer, target busy | agent/rfc5589.rs::failed_target_busy | agent__rfc5589__failed_target_busy |
//! | 5589 | 6.3 | Failed transfer, target does not answer | agent/rfc5589.rs::failed_target_does_not_answer | agent__rfc5589__failed_target_does_not_answer |
//! | 5589 | 7.1 | Attended transfer | agent/rfc5589.rs::attended | agent__rfc5589__attended |
//! | 5589 | 7.4 | Attended transfer that fails | agent/rfc5589.rs::attended_failed | agent__rfc5589__attended_failed |
//! | 5589 | 7.3 | Attended transfer, no Replaces | agent/rfc5589.rs::attended_without_replaces | agent__rfc5589__attended_without_replaces |
//! | 5589 | 7.6 | Semi-attended transfer | agent/rfc5589.rs::semi_attended | agent__rfc5589__semi_attended |

use std::path::Path;

const TABLE: &str = include_str!("index.rs");

/// The rows below the heading.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = TABLE.lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = |line: &'static str| line.trim_end_matches(" |").split(" | ").map(str::trim).collect::<Vec<_>>();
    lines.skip(2).map(cells).collect()
}

#[test]
fn every_flow_has_its_test_and_its_ladder() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for row in rows() {
        let [_, _, _, test, ladder] = row.as_slice() else { panic!("a row of another width: {row:?}") };
        if *test == "–" {
            assert!(ladder.contains(' '), "why there is no test: {row:?}");
            continue;
        }
        let (file, name) = test.split_once("::").expect("file::test");
        let source = std::fs::read_to_string(tests.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_there = source.contains(&format!("fn {name}()")) || source.contains(&format!("\n    {name} "));
        assert!(is_there, "{test} is not there");
        let folder = tests.join(file).parent().expect("a folder").join("snapshots");
        assert!(folder.join(format!("{ladder}.snap")).exists(), "{ladder} is not there");
    }
}

#[test]
fn no_flow_is_left_out() {
    let all = |rfc: &str| -> Vec<&str> {
        let mut sections: Vec<_> = rows().iter().filter(|row| row[0] == rfc).map(|row| row[1]).collect();
        sections.dedup();
        sections
    };
    let sections = |chapter: u8, last: u8| (1..=last).map(|n| format!("{chapter}.{n}")).collect::<Vec<_>>();
    assert_eq!(all("3665"), [sections(2, 5), sections(3, 11)].concat());
    assert_eq!(all("3725"), sections(4, 4));
    assert_eq!(all("5359"), sections(2, 18));
}
