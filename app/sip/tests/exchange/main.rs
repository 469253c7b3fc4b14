//! The registrar and the proxy together: what phones see of them, in virtual time.

#[allow(unreachable_pub)]
mod bench;
mod calls;
#[allow(unused_imports)]
#[path = "../network/mod.rs"]
mod network;
mod proxy;
mod real;
mod registrar;
