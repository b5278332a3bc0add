//! The log's tree, proofs and checkpoints, against what other people's programs make of the same entries: Go's
//! golang.org/x/mod/sumdb (`go.json`; `generate.go` says how it was made) and the crate `ct-merkle`.
//!
//! That Go's own reader verifies a whole exported folder, and refuses it if a bit is flipped, is a check of its own:
//! `.ci/go-reads-the-log` with `verify.go`.

#[cfg(test)]
mod oracles;
