//! A deployment's own side: what it keeps, what it believes, and what survives which accident.
#![cfg(test)]

mod accepting;
mod accidents;
mod artefacts;
mod awaited;
mod clock;
mod folder;
mod guard;
mod kept;
mod lists;
mod notices;
mod renewals;
mod replicas;
mod seats;
mod table;
mod ticking;
mod usage;
mod vanished;
mod world;
