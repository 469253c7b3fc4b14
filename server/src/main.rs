//! The program: reads the command line and does what it says.

use server::admin::{CommandLine, ConfigError, DEFAULT_FILE, Sources};
use std::path::Path;
use std::process::ExitCode;

/// Messages are many small pieces of memory: a fifth of the exchange's time went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let sources = Sources {
        arguments: std::env::args_os().collect(),
        environment: &|name| std::env::var_os(name),
        default_file: Path::new(DEFAULT_FILE),
    };
    let command_line = match CommandLine::read(sources) {
        Ok(command_line) => command_line,
        // It says by itself what is wrong, or the help that was asked for.
        Err(ConfigError::Arguments(error)) => error.exit(),
        Err(error) => return failed(&error),
    };
    command_line.begin_logs();
    match command_line.run().await {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("tabphone: {error}");
    ExitCode::FAILURE
}
