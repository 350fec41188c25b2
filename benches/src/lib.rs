//! Criterion benchmarks of the project, one file a claim, under `benches/`, and side-by-side runs
//! against other programs under `compare/`.
//!
//! `cargo bench -p benches` runs them; `cargo bench -p benches -- --test` runs each once, to see that it works.

pub mod running;
