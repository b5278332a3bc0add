//! The CSV files of a report, written as the licenses are read.

use lictor_shared::Timestamp;
use std::path::{Path, PathBuf};

use super::super::super::csv;
use super::super::rows;
use crate::audit::{LicenseUse, Report};
use crate::durable::{self, Existing, Growing, Readers};
use crate::error::Failure;

const NAMES: [&str; 7] = [
    "licenses.csv",
    "customers.csv",
    "deployments.csv",
    "anomalies.csv",
    "denials.csv",
    "expiring.csv",
    "months.csv",
];

/// Where they are written.
pub(super) fn paths(folder: &Path) -> [PathBuf; 7] {
    NAMES.map(|name| folder.join(name))
}

/// All of them. Dropped before they are finished, none of them is there.
pub(super) struct Files {
    paths: [PathBuf; 7],
    licenses: Growing,
    customers: Growing,
    deployments: Growing,
    anomalies: Growing,
    denials: Growing,
    expiring: Growing,
    months: Growing,
}

impl Files {
    pub(super) fn begin(folder: &Path) -> Result<Self, Failure> {
        durable::create_folders(folder)?;
        let paths = paths(folder);
        let [licenses, customers, deployments, anomalies, denials, expiring, months] = &paths;
        Ok(Self {
            licenses: begun(licenses, &rows::LICENSES)?,
            customers: begun(customers, &rows::CUSTOMERS)?,
            deployments: begun(deployments, &rows::DEPLOYMENTS)?,
            anomalies: begun(anomalies, &rows::ANOMALIES)?,
            denials: begun(denials, &rows::DENIALS)?,
            expiring: begun(expiring, &rows::EXPIRING)?,
            months: begun(months, &rows::MONTHS)?,
            paths,
        })
    }

    /// Everything that is to be said of a license.
    pub(super) fn write(&mut self, used: &LicenseUse, at: Timestamp) -> Result<(), Failure> {
        row(&mut self.licenses, &rows::license(used, at))?;
        for deployment in &used.deployments {
            row(&mut self.deployments, &rows::deployment(used, deployment, at))?;
        }
        for oddity in &used.oddities {
            row(&mut self.anomalies, &rows::anomaly(used, oddity))?;
        }
        for (reason, denied) in &used.denials {
            row(&mut self.denials, &rows::denial(used, reason, denied))?;
        }
        match rows::expiring(used) {
            Some(cells) => row(&mut self.expiring, &cells),
            None => Ok(()),
        }
    }

    /// Gives them their names; which they are.
    pub(super) fn finish(mut self, told: &Report, existing: Existing) -> Result<Vec<PathBuf>, Failure> {
        for month in told.seats_over_time() {
            row(&mut self.months, &rows::month(&month))?;
        }
        for used in told.by_customer.values() {
            row(&mut self.customers, &rows::customer(used))?;
        }
        for file in [
            self.licenses,
            self.customers,
            self.deployments,
            self.anomalies,
            self.denials,
            self.expiring,
            self.months,
        ] {
            file.finish(existing)?;
        }
        Ok(self.paths.into())
    }
}

fn begun(path: &Path, header: &[&str]) -> Result<Growing, Failure> {
    let mut file = Growing::create(path, Readers::Owner)?;
    file.write(csv::record(header.iter().copied()).as_bytes())?;
    Ok(file)
}

fn row(file: &mut Growing, cells: &[String]) -> Result<(), Failure> {
    file.write(csv::record(cells.iter().map(String::as_str)).as_bytes())
}
