//! Whether the site goes into the program: `.ci/build` names its folder once it is built.

use std::path::PathBuf;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(embedded_site)");
    println!("cargo::rerun-if-changed=build.rs");
    // Who works on the server waits for no site, and serves the one in a folder.
    if std::env::var_os("PROFILE").is_none_or(|profile| profile != "release") {
        return;
    }
    println!("cargo::rerun-if-env-changed=TABPHONE_EMBED");
    if let Some(site) = std::env::var_os("TABPHONE_EMBED").map(PathBuf::from) {
        // The files are read while the server is compiled, which is done again when one of them changes.
        println!("cargo::rerun-if-changed={}", site.display());
        if site.is_dir() {
            println!("cargo::rustc-cfg=embedded_site");
        }
    }
}
