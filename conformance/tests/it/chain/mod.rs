//! The whole stack: real TLS, a real store, the bridge as a process.

mod changes;
mod corpus;
mod crash;
mod faults;
mod network;
mod once;
mod operations;
mod outage;
mod program;
mod recordings;
mod scene;
mod shape;
