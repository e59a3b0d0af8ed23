# `just --list` shows these.

# Everything that must hold before a change is taken; CI runs exactly this.
check *FILTER:
    tests/run {{FILTER}}

# The formatting that `check` asks for.
format:
    cargo fmt --all

# The end-to-end tests alone; FILTER chooses by name.
e2e *FILTER:
    cargo build --workspace --bins --locked
    cargo test --locked --test e2e -- {{FILTER}}

# One command that shows everything: server, orders and screen.
demo:
    cargo run --release --bin ordertop -- demo

# The pictures of the README, from the record beside them.
screenshot:
    cargo run --bin ordertop -- --replay docs/screen.jsonl --svg docs/screen.svg
    cargo run --bin ordertop -- --replay docs/screen.jsonl --svg docs/screen-light.svg --theme light
