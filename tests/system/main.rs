//! The program as its users meet it: whole lives, other people's readers, and accidents.
#![cfg(test)]

mod accidents;
mod deployment;
mod doctor;
mod ledger_care;
mod life;
mod manuals;
mod passphrases;
mod quickstart;
mod readers;
mod seats;
mod seats_at_once;
mod seats_killed;
mod seeing;
mod slips;
mod world;
