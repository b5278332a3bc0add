//! The program as its users meet it: whole lives, other people's readers, and accidents.
#![cfg(test)]

mod accidents;
mod doctor;
mod killed;
mod ledger_care;
mod life;
mod manuals;
mod matrix;
mod passphrases;
mod quickstart;
mod readers;
mod seeing;
mod slips;
mod world;
