//! What this side looks at and says at once, each limit with the attack or accident it answers. Those of the formats stand in
//! [`lictor_shared::limits`]; these are nobody's but the deployment's own.

/// Blocks of one file that are judged; of blocks that repeat each other one counts. Answers a file of 4 MiB that is nothing but small
/// blocks: each may unfold into a status list of 256 KiB, and each costs the check of a signature, at every look.
pub(crate) const BLOCKS: usize = 64;

/// Refusals that are kept and shown. Answers a file or folder that is made to fill the log and the status page, and the copy
/// that is made of them whenever time changes the verdict.
pub(crate) const REFUSALS: usize = 32;
