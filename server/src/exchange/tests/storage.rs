//! A storage that is slow, broken, or full of surprises.

use super::harness::{Client, options, register, server_on};
use crate::exchange::UNSIGNED;
use crate::ports::{Kept, Ledger, PortError, Record, Saved};
use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Writes when it is let, and fails when it is told to.
pub(super) struct Disk {
    gate: watch::Sender<Gate>,
    kept: Mutex<Option<Kept>>,
    pub(super) batches: Mutex<Vec<Vec<Record>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Shut,
    Open,
    Broken,
}

impl Disk {
    pub(super) fn new(gate: Gate) -> Arc<Self> {
        Arc::new(Self { gate: watch::channel(gate).0, kept: Mutex::default(), batches: Mutex::default() })
    }
}

#[async_trait]
impl Ledger for Disk {
    async fn read(&self) -> Result<Kept, PortError> {
        Ok(self.kept.lock().unwrap().take().unwrap_or_default())
    }

    async fn write(&self, records: Vec<Record>) -> Result<Vec<i64>, PortError> {
        let gate = *self.gate.subscribe().wait_for(|gate| *gate != Gate::Shut).await.unwrap();
        self.batches.lock().unwrap().push(records);
        if gate == Gate::Broken { Err(PortError::Storage) } else { Ok(Vec::new()) }
    }

    async fn message(&self, _id: i64) -> Result<Option<Vec<u8>>, PortError> {
        Err(PortError::Storage)
    }
}

async fn message(client: &mut Client, seq: u32) {
    client
        .send(format!(
            "MESSAGE sip:1002@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKm{seq}\r\nMax-Forwards: 70\r\n\
             From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: m\r\nCSeq: {seq} MESSAGE\r\n\
             Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
        ))
        .await;
}

#[tokio::test]
async fn a_slow_disk_keeps_nobody_waiting_who_does_not_need_it() {
    let disk = Disk::new(Gate::Shut);
    let server = server_on(UNSIGNED, disk.clone()).await;
    let mut tab = server.tab("1").await;
    for seq in 1..=3 {
        message(&mut tab, seq).await;
    }
    tab.register("1001").await;
    tab.send(options(1)).await;
    assert_eq!(tab.response().await.status.code(), 200, "the messages are not answered, but this is");
    disk.gate.send_replace(Gate::Open);
    for _ in 0..3 {
        assert_eq!(tab.response().await.status.code(), 202);
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_accepted() {
    let disk = Disk::new(Gate::Broken);
    let server = server_on(UNSIGNED, disk.clone()).await;
    let mut tab = server.tab("1").await;
    message(&mut tab, 1).await;
    assert_eq!(tab.response().await.status.code(), 503);
    tab.register("1001").await;
}

#[tokio::test]
async fn what_cannot_be_read_is_forgotten() {
    let disk = Disk::new(Gate::Open);
    let nonsense = || Saved { written: crate::clock::now(), bytes: b"{".to_vec() };
    *disk.kept.lock().unwrap() = Some(Kept {
        bindings: vec![("1001".into(), nonsense()), ("1002".into(), Saved { written: 0, bytes: b"[]".to_vec() })],
        calls: vec![(7, nonsense())],
        snapshots: vec![("notifier".into(), nonsense())],
        messages: Vec::new(),
    });
    let server = server_on(UNSIGNED, disk.clone()).await;
    let mut tab = server.tab("2").await;
    tab.send(register("1002", 1)).await;
    assert_eq!(tab.response().await.status.code(), 200);
    server.stopper.begin();
    tokio::time::timeout(super::PATIENCE, server.stopper.finished()).await.expect("all is written");
    let written = disk.batches.lock().unwrap().concat();
    assert!(written.contains(&Record::Bindings { user: "1001".into(), saved: None }));
    assert!(written.contains(&Record::Call { number: 7, saved: None }));
    let bound = |record: &Record| matches!(record, Record::Bindings { user, saved: Some(_) } if user == "1002");
    assert!(written.iter().any(bound), "what is not written yet is when the server stops: {written:?}");
}
