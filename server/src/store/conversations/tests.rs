use super::*;
use crate::store::Store;
use app::phone::Party;
use tempfile::TempDir;

struct Kept {
    conversations: Conversations,
    _folder: TempDir,
}

const DRAFT: &str = "draftdraftdraftdraft";

async fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), None).await.unwrap();
    for (account, extension) in [(1_i64, "1001"), (2, "1002")] {
        let query = "INSERT INTO accounts (id, extension, name, password_hash, ha1_nonce, ha1, created)
                     VALUES ($1, $2, 'Somebody', '', x'', x'', 0)";
        sqlx::query(query).bind(account).bind(extension).execute(store.pool()).await.unwrap();
    }
    Kept { conversations: Conversations::new(store), _folder: folder }
}

fn came(call_id: &str, text: &str) -> Received {
    let from = Party { number: "1001".into(), name: "Alice".into() };
    Received { id: 1, call_id: call_id.into(), from, content_type: "text/plain".into(), body: text.into() }
}

fn sent(attempt: u32, outcome: Outcome) -> Sent {
    Sent { call_id: DRAFT.into(), attempt, outcome }
}

impl Kept {
    async fn states(&self, account: AccountId, peer: &str) -> Vec<State> {
        let all = self.conversations.with(account, peer, i64::MAX, 1_000).await.unwrap();
        all.into_iter().map(|message| message.state).collect()
    }

    async fn write(&self) {
        self.conversations.write(1, "1002", "Hello", DRAFT).await.unwrap();
    }

    async fn outcome(&self, attempt: u32, outcome: Outcome) {
        self.conversations.outcome(1, &sent(attempt, outcome)).await.unwrap();
    }

    async fn to_send(&self) -> Vec<(String, u32)> {
        let all = self.conversations.to_send(1).await.unwrap();
        all.into_iter().map(|wanted| (wanted.call_id, wanted.attempt)).collect()
    }
}

#[tokio::test]
async fn what_is_written_is_to_be_sent_once_co1_co2_co4() {
    let kept = kept().await;
    kept.write().await;
    kept.write().await;
    for _ in 0..2 {
        assert_eq!(kept.to_send().await, [(DRAFT.to_owned(), 1)]);
    }
    assert_eq!(kept.states(1, "1002").await, [State::ToSend]);
    // To one reader in order: the next one waits.
    kept.conversations.write(1, "1002", "second", "secondsecondsecond").await.unwrap();
    kept.conversations.write(1, "1003", "third", "thirdthirdthirdthird").await.unwrap();
    assert_eq!(kept.to_send().await.len(), 2);
}

#[tokio::test]
async fn outcomes_are_those_of_the_attempt_co3_co5_co7() {
    let kept = kept().await;
    kept.write().await;
    kept.outcome(1, Outcome::Failed(Failure::Status(500))).await;
    assert_eq!(kept.states(1, "1002").await, [State::Failed(Failure::Status(500))]);
    let id = kept.conversations.with(1, "1002", i64::MAX, 1).await.unwrap()[0].id;
    kept.conversations.again(2, id).await.unwrap();
    assert_eq!(kept.to_send().await, [], "it is somebody else's");
    kept.conversations.again(1, id).await.unwrap();
    assert_eq!(kept.to_send().await, [(DRAFT.to_owned(), 2)]);
    kept.outcome(1, Outcome::Failed(Failure::NotFound)).await;
    assert_eq!(kept.states(1, "1002").await, [State::ToSend], "that was the attempt before");
    kept.outcome(0, Outcome::Kept).await;
    assert_eq!(kept.states(1, "1002").await, [State::Kept]);
    kept.outcome(2, Outcome::Failed(Failure::NotFound)).await;
    assert_eq!(kept.states(1, "1002").await, [State::Kept]);
}

#[tokio::test]
async fn what_is_in_its_readers_conversation_is_delivered_co6() {
    let kept = kept().await;
    kept.write().await;
    let mut changes = kept.conversations.changes();
    assert_eq!(kept.conversations.keep(2, came(DRAFT, "Hello")).await.unwrap(), 200);
    assert_eq!((changes.recv().await, changes.recv().await), (Ok(2), Ok(1)));
    kept.outcome(1, Outcome::Failed(Failure::NoResponse)).await;
    assert_eq!(kept.states(1, "1002").await, [State::Delivered]);
    assert_eq!(kept.states(2, "1001").await, [State::Came]);
    // Nobody says so of a message that they were not sent.
    kept.conversations.write(1, "1003", "Hello", "othersothersothers").await.unwrap();
    kept.conversations.keep(2, came("othersothersothers", "Hello")).await.unwrap();
    assert_eq!(kept.states(1, "1003").await, [State::ToSend]);
}

#[tokio::test]
async fn what_comes_is_kept_once_and_stays_removed_co8_to_co11() {
    let kept = kept().await;
    for _ in 0..3 {
        assert_eq!(kept.conversations.keep(2, came("a", "Hello")).await.unwrap(), 200);
        let file = Received { content_type: "image/png".into(), ..came("b", "x") };
        assert_eq!(kept.conversations.keep(2, file).await.unwrap(), 415);
    }
    assert_eq!(kept.states(2, "1001").await, [State::Refused, State::Came]);
    let request = "MESSAGE sip:1002@tabphone SIP/2.0\r\nFrom: <sip:1001@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\n\
                   Call-ID: a\r\nCSeq: 1 MESSAGE\r\nP-Asserted-Identity: \"Alice\" <sip:1001@tabphone>\r\n\
                   Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nHello";
    let mut connection = kept.conversations.store.pool().acquire().await.unwrap();
    assert_eq!(note(&mut connection, "tabphone", "1002", request.as_bytes()).await.unwrap(), None, "it is there");
    let other = request.replace("Call-ID: a", "Call-ID: c");
    assert_eq!(note(&mut connection, "tabphone", "1002", other.as_bytes()).await.unwrap(), Some(2));
    drop(connection);
    assert_eq!(kept.conversations.unseen(2).await.unwrap().unread, 3);
    kept.conversations.keep(2, came("c", "Hello")).await.unwrap();
    assert_eq!(kept.conversations.unseen(2).await.unwrap().unread, 3);
    kept.conversations.remove(2, "1001").await.unwrap();
    kept.conversations.keep(2, came("a", "Hello")).await.unwrap();
    assert_eq!((kept.states(2, "1001").await, kept.conversations.unseen(2).await.unwrap()), (vec![], News::default()));
}

#[tokio::test]
async fn of_too_many_the_oldest_go() {
    let kept = kept().await;
    let few = Conversations { most: 10, ..kept.conversations.clone() };
    for number in 0..EVERY {
        few.keep(2, came(&number.to_string(), "Hello")).await.unwrap();
    }
    assert_eq!(kept.states(2, "1001").await.len(), 10);
}

#[tokio::test]
async fn what_waits_is_bounded() {
    let kept = kept().await;
    for number in 0..MOST_TO_SEND {
        let draft = format!("draftdraftdraft{number:05}");
        kept.conversations.write(1, "1002", "Hello", &draft).await.unwrap();
    }
    assert!(matches!(kept.conversations.write(1, "1002", "Hello", DRAFT).await, Err(WriteError::TooMany)));
}

#[tokio::test]
async fn numbers_are_those_of_this_domain() {
    let kept = kept().await;
    for (typed, peer) in [
        (" 1002 ", Some("1002")),
        ("sip:1002@tabphone", Some("1002")),
        ("dana@example.org", Some("dana@example.org")),
        ("<b>", None),
        ("http://x", None),
        ("", None),
    ] {
        assert_eq!(kept.conversations.peer(typed).as_deref(), peer, "{typed}");
    }
}
