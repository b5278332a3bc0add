//! Seats: which deployments hold one, and what their requests are answered with.
//!
//! Requests and answers travel as files, so both may be lost, doubled and brought late. An answer is therefore kept with the
//! request that it answers, and a seat is counted in the transaction that grants it.

mod answer;
mod asked;
mod denials;
mod deny;
mod desk;
mod enclosed;
mod find;
mod grant;
mod group_commit;
mod history;
mod kept;
mod misread;
mod occupancy;
mod record;
mod release;
mod request;
mod said;
mod seating;
mod seen;
mod sign;
mod sweep;
mod vacate;

pub use answer::{Answer, Denied, Given, Manner, Paste};
pub use denials::{Denials, DeniedRequest, denials};
pub use find::find_deployment;
pub use grant::{Grants, grant, is_for_us, products_to_sign_for, recall};
pub use group_commit::{Granting, GroupCommit};
pub use history::History;
pub use occupancy::{Occupancy, occupancy};
pub use record::{
    ActivationRecord, DeploymentPage, DeploymentRecord, SeatState, activations, deployments,
    deployments_of_customer,
};
pub use request::SeatRequest;
pub use vacate::{StoppedActivation, Vacated, release_seat, revoke_seat};
