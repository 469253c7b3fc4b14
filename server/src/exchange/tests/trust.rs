//! Phones whose password is not right any more, or whose account is gone.

use super::PATIENCE;
use super::harness::{Client, Server, server, server_on};
use super::storage::{Disk, Gate};
use crate::exchange::UNSIGNED;
use crate::ports::{LineEvents as _, Record};
use app::phone::Status;
use tokio::time::timeout;

/// Phones of their own of 1002 and 1003, which signed.
async fn phones(server: &Server) -> (Client, Client) {
    let (mut two, mut three) = (server.stranger().await, server.stranger().await);
    assert_eq!(two.sign_in("1002", "secret").await, 200);
    assert_eq!(three.sign_in("1003", "secret").await, 200);
    (two, three)
}

fn change_password(server: &Server, user: &str, password: &str) {
    server.neighbours.passwords.lock().unwrap().insert(user.into(), password.into());
}

/// More than the exchange is told one by one.
fn change_any(server: &Server) {
    for _ in 0..20 {
        server.neighbours.ended.send(1).unwrap();
    }
}

/// An account that is disabled is gone like one that is removed.
fn remove(server: &Server, user: &str) {
    server.neighbours.people.lock().unwrap().retain(|person| person.extension != user);
}

async fn is_there(client: &mut Client) {
    client.send("\r\n\r\n").await;
    assert_eq!(client.text().await, "\r\n");
}

/// What a call to 1002 ends with.
async fn call_1002(server: &Server) -> u16 {
    let mut caller = server.tab("1").await;
    caller
        .send(
            "INVITE sip:1002@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKi\r\nMax-Forwards: 70\r\n\
             From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:1001@x.invalid;transport=ws>\r\n\r\n",
        )
        .await;
    assert_eq!(caller.response().await.status.code(), 100);
    caller.response().await.status.code()
}

#[tokio::test]
async fn a_phone_with_an_old_password_is_closed_and_not_rung_any_more() {
    let server = server().await;
    let (mut two, mut three) = phones(&server).await;
    server.neighbours.ended.send(2).unwrap();
    is_there(&mut two).await;
    assert_eq!(server.exchange.status("1002"), Status::Online, "only a session ended");
    change_password(&server, "1002", "another");
    server.neighbours.ended.send(2).unwrap();
    assert_eq!(two.closed().await, 1008);
    server.until("1002", Status::Offline).await;
    assert_eq!(call_1002(&server).await, 480);
    is_there(&mut three).await;
    assert_eq!(server.exchange.status("1003"), Status::Online);
    assert_eq!(server.stranger().await.sign_in("1002", "secret").await, 401);
    assert_eq!(server.stranger().await.sign_in("1002", "another").await, 200);
}

#[tokio::test]
async fn changes_that_come_too_fast_are_changes_of_all() {
    let server = server().await;
    let (mut two, mut three) = phones(&server).await;
    change_password(&server, "1002", "another");
    server.neighbours.ended.send(2).unwrap();
    change_any(&server);
    assert_eq!(two.closed().await, 1008);
    is_there(&mut three).await;
}

#[tokio::test]
async fn a_phone_of_an_account_that_is_gone_is_closed() {
    let server = server().await;
    let (mut two, mut three) = phones(&server).await;
    remove(&server, "1002");
    server.neighbours.ended.send(2).unwrap();
    assert_eq!(two.closed().await, 1008);
    server.until("1002", Status::Offline).await;
    is_there(&mut three).await;
}

#[tokio::test]
async fn phones_of_an_account_that_is_gone_are_not_waited_for() {
    let disk = Disk::new(Gate::Open);
    let server = server_on(UNSIGNED, disk.clone()).await;
    let (two, mut three) = phones(&server).await;
    // It does not say goodbye: it may come back.
    drop(two);
    server.until("1002", Status::Offline).await;
    remove(&server, "1002");
    change_password(&server, "1003", "another");
    change_any(&server);
    assert_eq!(three.closed().await, 1008, "both changes are known");
    server.stopper.begin();
    timeout(PATIENCE, server.stopper.finished()).await.expect("all is written");
    let written = disk.batches.lock().unwrap().concat();
    let last = |of: &str| {
        let mut records = written.iter().rev();
        records.find_map(|record| {
            let Record::Bindings { user, saved } = record else { return None };
            (user == of).then_some(saved.is_some())
        })
    };
    assert_eq!(last("1002"), Some(false), "{written:?}");
}
