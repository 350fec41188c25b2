//! The wire: addresses, certificates, connections that can be cut, and what Private Link says.

pub(crate) mod connection;
pub(crate) mod front_end;
pub(crate) mod listen;
pub(crate) mod private_link;
pub(crate) mod site;
pub(crate) mod tls;
