//! The program as its users meet it: whole lives, other people's readers, and accidents.
#![cfg(test)]

mod accidents;
mod bulk;
mod bulk_accidents;
mod bulk_changed;
mod bulk_killed;
mod deployment;
mod desk;
mod doctor;
mod exchange;
mod export_killed;
mod export_refused;
mod grant_folder;
mod interrupted;
mod killed;
mod ledger_care;
mod life;
mod looking_up;
mod manners;
mod manuals;
mod matrix;
mod passphrases;
mod past;
mod paste;
mod progress;
mod quickstart;
mod readers;
mod reporting;
mod restoring;
mod seats;
mod seats_at_once;
mod seats_killed;
mod seeing;
mod server;
mod slips;
mod world;
