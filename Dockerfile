# Builds one static binary, without the sandbox of `handoff demo`, and puts it into an image that holds nothing else.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates/core/Cargo.toml crates/core/
COPY crates/judgement/Cargo.toml crates/judgement/
COPY crates/sandbox/Cargo.toml crates/sandbox/
COPY .cargo .cargo
# Dependencies first, so that a change in src/ does not build them again. Cargo wants every target's file.
RUN mkdir -p src crates/core/src crates/judgement/src crates/sandbox/src tests/it tests/store tests/soak benches && touch src/lib.rs crates/core/src/lib.rs crates/judgement/src/lib.rs crates/sandbox/src/lib.rs \
    && for file in src/main tests/it/main tests/store/main tests/soak/main benches/assess benches/bridge; do echo 'fn main() {}' > $file.rs; done \
    && cargo build --release --locked --package handoff-bridge --no-default-features && rm -rf src crates/core/src
COPY crates/core/src crates/core/src
COPY src src
COPY mappings mappings
COPY config config
RUN touch src/main.rs src/lib.rs crates/core/src/lib.rs && cargo build --release --locked --package handoff-bridge --no-default-features
# The database lives here; an empty directory to copy with its owner.
RUN mkdir /data

FROM scratch
COPY --from=build /src/target/release/handoff /handoff
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
EXPOSE 8080
VOLUME ["/data"]
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s \
    CMD ["/handoff", "healthcheck", "--config", "/etc/handoff/handoff.toml"]
ENTRYPOINT ["/handoff"]
CMD ["serve", "--config", "/etc/handoff/handoff.toml"]
