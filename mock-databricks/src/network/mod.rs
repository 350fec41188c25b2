//! The wire: names, addresses, certificates, connections that can be cut, and who is let in.

pub(crate) mod connection;
pub(crate) mod dns;
pub(crate) mod front_end;
mod gate;
pub(crate) mod ip_access;
pub(crate) mod listen;
pub(crate) mod private_endpoint;
pub(crate) mod private_link;
pub(crate) mod site;
pub(crate) mod tls;
