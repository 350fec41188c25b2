# One plain command a recipe: read it and type it without `just` if you like.

# the mock stack on loopback
up:
    cargo run --release --bin mock-stack

# the whole chain once: directory, bridge, Databricks, comparison
once:
    cargo run --release --bin mock-stack -- --once

# formatting, lints, documentation, dependencies
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
    cargo deny check bans licenses sources

# all tests; one: just test create_with_taken
test *filter:
    cargo test --workspace {{filter}}

# the catalogue against a SCIM endpoint: just conform https://localhost:8585/scim entra-token ca.pem
conform url token_file ca_file:
    cargo run --release --bin scim-conformance -- run --url {{url}} --token-file {{token_file}} --ca-file {{ca_file}}

# criterion benchmarks
bench:
    cargo bench -p benches
