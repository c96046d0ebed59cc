//! Who asks AWS: every way in which a store can say it, with the rights that we ship
//! (contract external-secrets.md §6 and §8).

mod accounts;
mod bed;
mod conditions;
mod keys;
mod pod;
mod roles;
mod statuses;
