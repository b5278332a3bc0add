//! What opening an encrypted key file may cost, decided before any of it is spent.

use pkcs8::pkcs5::pbes2::{Kdf, Pbkdf2Params, ScryptParams};

use crate::algorithm::encryption_algorithm;
use crate::error::KeyFileError;
use crate::limits;

/// Refuses parameters whose key derivation would take more than the limits grant, or that are none.
pub(crate) fn check(kdf: &Kdf) -> Result<(), KeyFileError> {
    match kdf {
        Kdf::Scrypt(params) => check_scrypt(params),
        Kdf::Pbkdf2(params) => check_pbkdf2(params),
        other => Err(KeyFileError::Encryption { algorithm: encryption_algorithm(&other.oid()) }),
    }
}

fn check_scrypt(params: &ScryptParams) -> Result<(), KeyFileError> {
    let (n, r, p) = (params.cost_parameter, params.block_size, params.parallelization);
    // RFC 7914, section 2: N is larger than 1 and a power of two.
    if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
        return Err(KeyFileError::ScryptParameters { n, r, p });
    }
    // N blocks of 128 r bytes to mix with, and p of them to mix; saturated, it is over the limit all the same.
    let bytes = n.saturating_add(p.into()).saturating_mul(u64::from(r) * 128);
    if bytes > limits::SCRYPT_MEMORY_BYTES {
        return Err(KeyFileError::ScryptMemory { bytes, n, r, p });
    }
    let work = n.saturating_mul(u64::from(r) * u64::from(p));
    if work > limits::SCRYPT_WORK {
        return Err(KeyFileError::ScryptWork { work, n, r, p });
    }
    Ok(())
}

fn check_pbkdf2(params: &Pbkdf2Params) -> Result<(), KeyFileError> {
    let found = params.iteration_count;
    if (1..=limits::PBKDF2_ITERATIONS).contains(&found) {
        Ok(())
    } else {
        Err(KeyFileError::Pbkdf2Iterations { found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs8::pkcs5::pbes2::{Pbkdf2Prf, Salt};

    fn scrypt(cost_parameter: u64, block_size: u16, parallelization: u16) -> Result<(), KeyFileError> {
        let salt = Salt::new([0; 16]).unwrap();
        check(&Kdf::Scrypt(ScryptParams {
            salt,
            cost_parameter,
            block_size,
            parallelization,
            key_length: None,
        }))
    }

    fn pbkdf2(iteration_count: u32) -> Result<(), KeyFileError> {
        let (salt, prf) = (Salt::new([0; 8]).unwrap(), Pbkdf2Prf::HmacWithSha256);
        check(&Kdf::Pbkdf2(Pbkdf2Params { salt, iteration_count, key_length: None, prf }))
    }

    #[test]
    fn grants_what_people_use() {
        for (n, r, p) in
            [(16_384, 8, 1), (16_384, 8, 5), (32_768, 8, 1), (32_768, 8, 10), (65_536, 8, 1), (2, 1, 1)]
        {
            assert!(scrypt(n, r, p).is_ok(), "{n} {r} {p}");
        }
        for iterations in [1, 2_048, 600_000, 10_000_000] {
            assert!(pbkdf2(iterations).is_ok(), "{iterations}");
        }
    }

    #[test]
    fn refuses_what_costs_too_much() {
        for (n, r, p) in [
            (1 << 30, 8, 1),
            (1 << 63, 1, 1),
            (1 << 63, u16::MAX, u16::MAX),
            (2, u16::MAX, u16::MAX),
            (1 << 17, 8, 1),
        ] {
            assert!(matches!(scrypt(n, r, p), Err(KeyFileError::ScryptMemory { .. })), "{n} {r} {p}");
        }
        for (n, r, p) in [(16_384, 8, 65), (1 << 18, 1, 33), (1024, 8, 1025)] {
            assert!(matches!(scrypt(n, r, p), Err(KeyFileError::ScryptWork { .. })), "{n} {r} {p}");
        }
        assert!(matches!(pbkdf2(10_000_001), Err(KeyFileError::Pbkdf2Iterations { .. })));
        assert!(matches!(pbkdf2(u32::MAX), Err(KeyFileError::Pbkdf2Iterations { .. })));
    }

    #[test]
    fn refuses_what_is_no_parameter() {
        for (n, r, p) in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (16_383, 8, 1), (16_384, 0, 1), (16_384, 8, 0)] {
            assert!(matches!(scrypt(n, r, p), Err(KeyFileError::ScryptParameters { .. })), "{n} {r} {p}");
        }
        assert!(matches!(pbkdf2(0), Err(KeyFileError::Pbkdf2Iterations { found: 0 })));
    }
}
