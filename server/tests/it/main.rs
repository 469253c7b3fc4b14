//! The server as its clients meet it: started in this process on a free port, with a data directory of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unreachable_pub
)]

mod acme;
mod asvs;
mod bridge;
mod calling;
mod caretaker;
mod command_line;
mod history;
mod house;
mod https;
mod limits;
mod login;
mod media;
mod neighbours;
mod operations;
mod page;
mod password;
mod pbx;
mod phone;
mod presence;
mod recordings;
mod restart;
mod session;
mod sessions;
mod settings;
mod sign;
mod site;
mod tabs;
mod tls;
