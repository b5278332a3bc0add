//! The log's tree, proofs and checkpoints, against what other people's programs make of the same entries: Go's
//! golang.org/x/mod/sumdb (`go.json`; `generate.go` says how it was made) and the crate `ct-merkle`.

#[cfg(test)]
mod oracles;
