use super::*;
use crate::store::Kind;
use crate::store::fixture;
use app::phone::Party as Other;
use sqlx::Row as _;
use tempfile::TempDir;

struct Kept {
    history: History,
    _folder: TempDir,
}

async fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let store = fixture::open(folder.path(), None, module_path!()).await.unwrap();
    for (account, extension) in [(1, "1001"), (2, "1002")] {
        fixture::account(&store, account, extension).await;
    }
    Kept { history: History::new(store), _folder: folder }
}

fn report(call_id: &str, direction: Direction) -> Report {
    Report {
        call_id: call_id.into(),
        local_tag: "tab".into(),
        direction,
        remote: Other { number: "1002".into(), name: "Bob".into() },
        begun: 1_000,
        answered: None,
        ended: 9_000,
        cause: Cause::CancelledThere,
        heard: Tally::default(),
    }
}

fn answered(call_id: &str) -> Report {
    Report { answered: Some(2_000), cause: Cause::HungUpHere, ..report(call_id, Direction::Incoming) }
}

fn seen(call_id: &str, answered: Option<u64>) -> Seen {
    Seen::Call(SeenCall {
        user: "1001".into(),
        call_id: call_id.into(),
        local_tag: String::new(),
        direction: Direction::Incoming,
        remote: Other { number: "1002".into(), name: "Bob".into() },
        begun: 1_000,
        answered,
        ended: answered.is_none().then_some(8_000),
        reason: if answered.is_some() { Reason::Unknown } else { Reason::NobodyHome },
    })
}

fn over(call_id: &str) -> Seen {
    Seen::Ended { user: "1001".into(), call_id: call_id.into(), at: 7_000 }
}

impl Kept {
    async fn all(&self) -> Vec<Entry> {
        self.history.page(1, &Query::default(), 1_000).await.unwrap()
    }

    async fn report(&self, report: &Report) {
        self.history.report(1, report.clone()).await.unwrap();
    }

    async fn seen(&self, seen: Vec<Seen>) {
        self.history.keep_seen(seen).await.unwrap();
    }
}

#[tokio::test]
async fn a_report_that_comes_again_is_kept_once_hi1_hi2() {
    let kept = kept().await;
    let heard = Tally { count: 2, score: 84, worst: 40, lost: 30, jitter: 9, codec: "opus".into(), ..Tally::default() };
    let first = Report { heard, ..answered("a") };
    for report in [&first, &first, &Report { ended: 99_000, cause: Cause::Away, ..first.clone() }] {
        kept.report(report).await;
    }
    let all = kept.all().await;
    let [entry] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((entry.begun, entry.answered, entry.ended), (1_000, Some(2_000), Some(9_000)));
    assert_eq!((&entry.reason, entry.missed), (&Reason::Cause(Cause::HungUpHere), false));
    let heard = entry.heard.clone().unwrap();
    assert_eq!((heard.score, heard.worst, heard.lost, heard.jitter, heard.round_trip), (42, 40, 15, 4, None));
    // Another call of the same line is another row, and another account has its own.
    kept.report(&answered("b")).await;
    kept.history.report(2, answered("a")).await.unwrap();
    assert_eq!(kept.all().await.len(), 2);
}

#[tokio::test]
async fn a_report_takes_the_place_of_what_the_exchange_saw_whichever_comes_first_hi3_hi5() {
    for first in [true, false] {
        let kept = kept().await;
        let (saw, ended) = (seen("a", Some(2_000)), over("a"));
        if first {
            kept.seen(vec![saw.clone(), ended.clone()]).await;
            assert_eq!(kept.all().await.len(), 1, "it is there at once");
        }
        kept.report(&answered("a")).await;
        if !first {
            kept.seen(vec![saw, ended]).await;
        }
        let all = kept.all().await;
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!((all[0].ended, &all[0].reason), (Some(9_000), &Reason::Cause(Cause::HungUpHere)), "{first}");
    }
}

#[tokio::test]
async fn what_another_phone_of_the_account_answered_is_one_call_and_not_missed_hi4_hi5() {
    for order in 0..4 {
        let kept = kept().await;
        // The page only noticed that somebody gave up; the exchange knows better.
        let report = report("a", Direction::Incoming);
        let steps = [seen("a", Some(2_000)), over("a")];
        match order {
            0 => kept.seen(steps.to_vec()).await,
            1 => kept.seen(steps[..1].to_vec()).await,
            _ => {}
        }
        kept.report(&report).await;
        match order {
            1 => kept.seen(steps[1..].to_vec()).await,
            2 => kept.seen(steps.to_vec()).await,
            3 => {
                kept.seen(steps[..1].to_vec()).await;
                kept.seen(steps[1..].to_vec()).await;
            }
            _ => {}
        }
        let all = kept.all().await;
        let [entry] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((entry.answered, entry.ended, entry.missed), (Some(2_000), Some(7_000), false), "{order}");
        assert_eq!(entry.reason, Reason::Cause(Cause::AnsweredElsewhere));
        assert_eq!(kept.history.missed(1).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_no_tab_saw_is_there_all_the_same_hi6_hi7() {
    let kept = kept().await;
    kept.seen(vec![seen("a", None), seen("a", None), seen("b", Some(2_000))]).await;
    let nobody = Seen::Call(SeenCall {
        user: "9999".into(),
        ..match seen("c", None) {
            Seen::Call(call) => call,
            other @ (Seen::Ended { .. } | Seen::Alive(_)) => panic!("{other:?}"),
        }
    });
    kept.seen(vec![nobody]).await;
    assert_eq!(kept.history.missed(1).await.unwrap(), 1);
    let open: Vec<_> = kept.all().await.into_iter().map(|entry| entry.ended).collect();
    assert_eq!(open, [None, Some(8_000)], "one goes on");
    kept.seen(vec![over("b"), over("b")]).await;
    assert_eq!(kept.all().await[0].ended, Some(7_000));
}

#[tokio::test]
async fn after_a_restart_only_the_calls_go_on_that_are_still_there() {
    let kept = kept().await;
    kept.seen(vec![seen("a", Some(2_000)), seen("b", Some(2_000))]).await;
    kept.seen(vec![Seen::Alive(vec!["b".into()])]).await;
    let ended: Vec<_> = kept.all().await.into_iter().map(|entry| entry.ended).collect();
    assert_eq!(ended, [None, Some(2_000)]);
}

#[tokio::test]
async fn what_was_removed_does_not_come_back_hi8() {
    let kept = kept().await;
    kept.seen(vec![seen("a", None)]).await;
    kept.report(&report("b", Direction::Incoming)).await;
    let (a, b) = (kept.all().await[1].id, kept.all().await[0].id);
    kept.history.remove(2, Some(a)).await.unwrap();
    assert_eq!(kept.all().await.len(), 2, "nobody removes what is another's");
    for id in [a, b] {
        kept.history.remove(1, Some(id)).await.unwrap();
    }
    // Each is told once more, by the other way, too.
    kept.report(&report("a", Direction::Incoming)).await;
    kept.report(&report("b", Direction::Incoming)).await;
    kept.seen(vec![seen("a", None), seen("b", None), seen("b", Some(2_000))]).await;
    assert_eq!((kept.all().await, kept.history.missed(1).await.unwrap()), (vec![], 0));
    let left: (String, String) = sqlx::query_as("SELECT MAX(number), MAX(name) FROM history")
        .fetch_one(kept.history.store.pool())
        .await
        .unwrap();
    assert_eq!(left, (String::new(), String::new()), "nothing of it is left but its key");
}

#[tokio::test]
async fn missed_calls_are_counted_until_they_are_seen() {
    let kept = kept().await;
    let mut changes = kept.history.changes();
    for cause in [Cause::CancelledThere, Cause::AnsweredElsewhere, Cause::DeclinedElsewhere, Cause::DivertedElsewhere] {
        kept.report(&Report { cause: cause.clone(), ..report(&format!("{cause:?}"), Direction::Incoming) }).await;
    }
    kept.report(&Report { cause: Cause::NoAnswer, ..report("out", Direction::Outgoing) }).await;
    assert_eq!(changes.recv().await.unwrap(), 1);
    assert_eq!(kept.history.missed(1).await.unwrap(), 1);
    let last = kept.history.last_missed(1).await.unwrap();
    kept.report(&Report { cause: Cause::NoAnswer, ..report("later", Direction::Incoming) }).await;
    kept.history.see(1, last).await.unwrap();
    assert_eq!(kept.history.missed(1).await.unwrap(), 1, "what came meanwhile is not seen");
    let entries = kept.all().await;
    assert_eq!(entries.iter().filter(|entry| entry.missed).count(), 2, "seen or not, they stay missed calls");
    // What was seen stays seen when its report comes late.
    kept.seen(vec![seen("late", None)]).await;
    kept.history.see(1, i64::MAX).await.unwrap();
    kept.report(&report("late", Direction::Incoming)).await;
    assert_eq!(kept.history.missed(1).await.unwrap(), 0);
}

#[tokio::test]
async fn a_hostile_page_writes_nothing_that_hurts() {
    let kept = kept().await;
    let long = "ü".repeat(100_000);
    let hostile = Report {
        call_id: long.clone(),
        local_tag: long.clone(),
        remote: Other { number: long.clone(), name: "'; DROP TABLE history; --".into() },
        begun: u64::MAX,
        answered: Some(0),
        ended: u64::MAX,
        cause: Cause::NotAcceptable(long),
        heard: Tally {
            count: 1,
            score: u32::MAX,
            lost: u32::MAX,
            worst: 255,
            round_trips: 0,
            round_trip: 7,
            ..Tally::default()
        },
        ..report("a", Direction::Incoming)
    };
    kept.report(&hostile).await;
    let entry = kept.all().await.remove(0);
    assert_eq!((entry.remote.number.chars().count(), &*entry.remote.name), (128, "'; DROP TABLE history; --"));
    assert!(entry.begun <= entry.ended.unwrap() && entry.answered.unwrap() >= entry.begun);
    assert!(entry.ended.unwrap() <= i64::try_from(clock::now() + AHEAD).unwrap());
    assert_eq!(entry.reason, Reason::Unknown);
    let nameless = Report { local_tag: String::new(), ..report("a", Direction::Incoming) };
    assert!(matches!(kept.history.report(1, nameless).await, Err(ReportError::Nameless)));
}

/// Rows of two accounts, 100,000 of the first: every tenth is missed, every other one went out.
async fn many(kept: &Kept, rows: i64) {
    let query = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
                 INSERT INTO history (account, call_id, local_tag, by_exchange, incoming, number, name, folded, begun, ended,
                 reason, missed) SELECT CASE WHEN n % 50 = 0 THEN 2 ELSE 1 END, 'c' || n, 't', 0, n % 2, '0' || n, 'Name ' || n,
                 'name ' || n || '\n' || '0' || n, 1000 * (n / 3), 1000 * n, '\"NobodyHome\"',
                 CASE WHEN n % 10 = 1 THEN 1 ELSE 0 END FROM numbers";
    sqlx::query(query).bind(rows).execute(kept.history.store.pool()).await.unwrap();
}

#[tokio::test]
async fn a_hundred_thousand_calls_are_turned_over_page_by_page_without_a_gap() {
    let kept = kept().await;
    many(&kept, 102_040).await;
    let (mut query, mut ids) = (Query::default(), Vec::new());
    loop {
        let page = kept.history.page(1, &query, 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        query.from = Cursor::Older(last.begun, last.id);
        ids.extend(page.iter().map(|entry| entry.id));
    }
    assert_eq!(ids.len(), 100_000);
    assert!(ids.is_sorted_by(|newer, older| newer > older), "the newest first, each once");
    // And back.
    let middle = kept.history.page(1, &Query { from: query.from, ..Query::default() }, 1).await.unwrap();
    assert!(middle.is_empty());
    let Cursor::Older(begun, id) = query.from else { panic!("{query:?}") };
    let newer = kept.history.page(1, &Query { from: Cursor::Newer(begun, id), ..Query::default() }, 3).await.unwrap();
    let mut nearest: Vec<_> = ids.iter().rev().skip(1).take(3).copied().collect();
    nearest.reverse();
    assert_eq!(newer.iter().map(|entry| entry.id).collect::<Vec<_>>(), nearest);
}

/// How the database goes about reading this page.
async fn plan(kept: &Kept, query: &Query) -> String {
    let pages::Statement { sql, arguments } = pages::select(1, query, 50).unwrap();
    let (explain, detail) = match kept.history.store.kind() {
        Kind::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Kind::Postgres => ("EXPLAIN", 0),
    };
    let explained = format!("{explain} {sql}");
    let lines = sqlx::query_with(&explained, arguments).fetch_all(kept.history.store.pool()).await.unwrap();
    lines.iter().map(|line| line.get::<String, _>(detail) + "; ").collect()
}

#[tokio::test]
async fn no_page_is_sorted_and_none_is_searched_for_in_the_whole_table() {
    let kept = kept().await;
    many(&kept, 10_000).await;
    sqlx::query("ANALYZE").execute(kept.history.store.pool()).await.unwrap();
    for filter in [Filter::All, Filter::Missed, Filter::Incoming, Filter::Outgoing] {
        for from in [Cursor::Newest, Cursor::Older(5_000, 9), Cursor::Newer(5_000, 9)] {
            for search in ["", "name 7"] {
                let query = Query { filter, from, search: search.into(), numbers: vec!["07".into()] };
                let text = plan(&kept, &query).await;
                let (index, slow, on) = match kept.history.store.kind() {
                    Kind::Sqlite => {
                        ("USING INDEX history_", ["SCAN", "TEMP B-TREE"], &["begun<?", "begun>?", "(begun,id)"][..])
                    }
                    Kind::Postgres => ("using history_", ["Seq Scan", "Sort"], &["ROW(begun, id)"][..]),
                };
                assert!(text.contains(index), "{query:?}: {text}");
                assert!(!slow.iter().any(|slow| text.contains(slow)), "{query:?}: {text}");
                let goes_on = on.iter().any(|by| text.contains(by));
                assert!(from == Cursor::Newest || goes_on, "{query:?}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn calls_are_found_by_name_number_and_kind() {
    let kept = kept().await;
    let remote = |number: &str, name: &str| Other { number: number.into(), name: name.into() };
    let calls =
        [("a", remote("+493012345", "Jörg ÄRGER")), ("b", remote("1002", "100%_Bob")), ("c", remote("1003", ""))];
    for (call_id, remote) in calls {
        kept.report(&Report { remote, ..report(call_id, Direction::Incoming) }).await;
    }
    kept.report(&Report { cause: Cause::Busy, ..report("out", Direction::Outgoing) }).await;
    let find = async |search: &str, numbers: &[&str], filter| {
        let numbers = numbers.iter().map(|&number| number.into()).collect();
        let query = Query { search: search.into(), numbers, filter, ..Query::default() };
        let found = kept.history.page(1, &query, 10).await.unwrap();
        found.into_iter().map(|entry| entry.remote.number).collect::<Vec<_>>()
    };
    assert_eq!(find("ärg", &[], Filter::All).await, ["+493012345"]);
    assert_eq!(find("+49 (30) 123", &[], Filter::All).await, ["+493012345"]);
    assert_eq!(find("0%_b", &[], Filter::All).await, ["1002"], "no sign means anything but itself");
    assert_eq!(find("carol", &["1003"], Filter::All).await, ["1003"], "by the name of a contact");
    assert_eq!(find("bob", &[], Filter::Outgoing).await, ["1002"]);
    assert_eq!(find("", &[], Filter::Missed).await.len(), 3);
    assert_eq!(find("nobody", &[], Filter::All).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_oldest_calls_go_when_there_are_too_many() {
    let mut kept = kept().await;
    kept.history.most = 100;
    for n in 0..400_u64 {
        let call = report(&n.to_string(), Direction::Outgoing);
        kept.report(&Report { begun: 1_000 * n, ended: 1_000 * n, ..call }).await;
    }
    kept.history.report(2, answered("a")).await.unwrap();
    let all = kept.all().await;
    assert!((100..100 + 40).contains(&all.len()), "{}", all.len());
    assert_eq!(all[0].begun, 399_000, "the newest stay");
    assert!(all.last().unwrap().begun >= 260_000);
    assert_eq!(kept.history.page(2, &Query::default(), 10).await.unwrap().len(), 1, "nobody pays for another's calls");
}
