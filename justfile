# One line each; the README gets by with cargo alone.

# The whole of it on this machine, from a push to a verified release.
demo *ARGS:
    cargo run -- demo {{ARGS}}

# The engine alone, with the example repository, for any AWS client.
local DIR="target/local":
    cargo run -- local --dir {{DIR}} --example

test *ARGS:
    cargo test --workspace {{ARGS}}

lint:
    .ci/run format template lint docs

# The protocol, checked over its full bounded state space: see docs/semantics.md.
model *ARGS:
    cargo test -p signalbox-model --test model -- --nocapture {{ARGS}}

# Each reader of foreign bytes, for so many seconds: see fuzz/README.md.
fuzz SECONDS="60" *TARGETS:
    fuzz/run {{SECONDS}} {{TARGETS}}

# Every crash point of a pipeline; `SIGNALBOX_POINT='released 17 dies before' just points` replays one.
points *ARGS:
    cargo test -p signalbox-tests --test crash_points -- --nocapture {{ARGS}}

# Worlds in which much goes wrong; `SIGNALBOX_SCHEDULE=file just simulate` replays one.
simulate SEEDS="200" *ARGS:
    SIGNALBOX_SEEDS={{SEEDS}} cargo test -p signalbox-tests --test simulation -- --nocapture {{ARGS}}

# The same, seven times as fast, for many seeds.
simulate-optimised SEEDS="10000" *ARGS:
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=2 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    SIGNALBOX_SEEDS={{SEEDS}} cargo test --release -p signalbox-tests --test simulation -- --nocapture {{ARGS}}

# What takes hours, and is no part of `ci`.
long:
    just model --ignored
    just points
    just simulate-optimised 10000
    just fuzz 600

# S3, SQS and Batch against the local engine, moto and ministack.
contract:
    .ci/run contract

# A boto3 script and skopeo, which know only the contracts, and the commands of events/README.md.
clients:
    .ci/run clients

# `sam local invoke` as events/README.md says; needs a Docker daemon, and is no part of `ci`.
sam *ARGS:
    cargo build -p signalbox -p signalbox-commit -p signalbox-decision -p signalbox-image -p signalbox-job -p signalbox-launch -p signalbox-notify -p signalbox-tick
    tests/sam/run {{ARGS}}

bench *ARGS:
    cargo run --release -- bench transitions --stages 10 --runs 100 --json {{ARGS}}

# What a push has to pass.
ci:
    .ci/run

deploy *ARGS:
    sam build && sam deploy {{ARGS}}
