//! A stand-in for Microsoft Entra's provisioning service and on-premises agent: the SCIM
//! *client*, true enough to rehearse a roll-out.
//!
//! How the parts meet: a [`directory`] holds people, groups and assignments and counts its
//! changes; [`scope`] says who is provisioned, [`mapping`] says what of them is written where;
//! [`wire`] spells that as Entra does, in either PATCH dialect; [`client`] sends it and keeps
//! the request log. A [`job`] joins them: it tests the connection, runs initial and incremental
//! cycles and remembers links and watermark. [`replay`] is independent of all that: it plays
//! recorded sequences against a tenant URL and compares the answers.
//!
//! Where a comment says "reference §n" it names a section of `docs/entra-client.md`, the facts this
//! crate was written from, and how well each is known: captured, documented, inferred, unknown.
//!
//! Nothing here uses another crate of the workspace: the writer and the reader of one wire share
//! no code, so that a misreading shows up as a disagreement.

pub mod client;
pub mod clock;
pub mod directory;
pub mod job;
pub mod mapping;
pub mod replay;
pub mod scope;
mod strict_json;
pub mod wire;
