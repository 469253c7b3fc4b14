//! The server as its clients meet it: started in this process on a free port, with a data directory of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unreachable_pub,
    clippy::duplicate_mod
)]

mod acme;
mod asvs;
mod bridge;
mod calling;
mod caretaker;
mod cluster;
mod command_line;
mod contacts;
mod history;
mod hostile;
mod hostile_texts;
mod house;
mod https;
mod limits;
mod login;
mod media;
mod messages;
mod neighbours;
mod operations;
mod page;
mod password;
mod pbx;
mod phone;
mod plain;
mod ports;
mod postgres;
mod precedents;
mod presence;
mod recordings;
mod restart;
#[path = "restart.rs"]
mod restart_on_postgres;
mod session;
mod sessions;
mod settings;
#[allow(dead_code, unused_imports)]
#[path = "../../benches/hostile/siege/mod.rs"]
mod siege;
mod sign;
mod site;
mod storage;
mod tabs;
mod tls;
