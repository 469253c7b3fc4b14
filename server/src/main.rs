//! The program: reads the command line and does what it says.

use clap::Parser as _;
use server::admin::CommandLine;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Messages are many small pieces of memory: a fifth of the exchange's time went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,tower_sessions=error,tower_sessions_core=error,sqlx=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match CommandLine::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tabphone: {error}");
            ExitCode::FAILURE
        }
    }
}
