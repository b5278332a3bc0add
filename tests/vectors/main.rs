//! The project's own vectors: one file each, named by what it changes, its expectation decided from the text of FORMAT.md.
//!
//! `base/` holds one good artefact of every kind as readable JSON. A vector names the clause it tests, changes the *text* of
//! some of them, and says what must come of it. The runner signs with the fixed keys of [`keys`], never with the writer under
//! test, and asks the validator. How a file is written is said in [`vector`].

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that cannot be read fails by panicking"
)]

mod candidate;
mod coverage;
mod document;
mod edit;
mod file;
mod instant;
mod keys;
mod macros;
mod outcome;
mod vector;

use std::fmt::Write as _;

#[test]
fn every_vector_comes_out_as_the_format_says() {
    let vectors = file::all();
    let mut report = String::new();
    let mut failed = 0_usize;
    for file in &vectors {
        let differences = outcome::differences(&file.vector);
        if !differences.is_empty() {
            failed += 1;
            writeln!(report, "{} ({}): {}", file.name, file.vector.clause, file.vector.says).unwrap();
            for difference in differences {
                writeln!(report, "    {difference}").unwrap();
            }
        }
    }
    println!("{} vectors, {failed} failed", vectors.len());
    assert!(failed == 0, "{failed} of {} vectors failed:\n{report}", vectors.len());
}
