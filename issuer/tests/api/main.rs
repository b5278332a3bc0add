//! The issuing side as its callers see it: from an empty folder to a revoked license on a published list.

#[cfg(test)]
mod support;

#[cfg(test)]
mod amend;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod check;
#[cfg(test)]
mod checkpoints;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod deployment;
#[cfg(test)]
mod erase;
#[cfg(test)]
mod every_row;
#[cfg(test)]
mod export;
#[cfg(test)]
mod find;
#[cfg(test)]
mod home;
#[cfg(test)]
mod import;
#[cfg(test)]
mod issue;
#[cfg(test)]
mod key_life;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod long;
#[cfg(test)]
mod model;
#[cfg(test)]
mod once;
#[cfg(test)]
mod publish;
#[cfg(test)]
mod remembered;
#[cfg(test)]
mod renew;
#[cfg(test)]
mod renewals;
#[cfg(test)]
mod report;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod revoke;
#[cfg(test)]
mod seats;
#[cfg(test)]
mod seats_checked;
#[cfg(test)]
mod seats_elsewhere;
#[cfg(test)]
mod seats_given_back;
#[cfg(test)]
mod seats_together;
#[cfg(test)]
mod shards;
#[cfg(test)]
mod suspend;
#[cfg(test)]
mod usage;
