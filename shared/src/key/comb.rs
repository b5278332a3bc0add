//! Multiples of one point, laid out so that multiplying it takes few additions.
//!
//! A scalar of 256 bits is read as a grid of 8 rows and 32 columns, row `i` being bits `32 i` to `32 i + 31`. A column holds
//! the bits `c`, `32 + c`, … `224 + c`, and so stands for 2^c times one of the 256 sums of `P`, `2^32 P`, … `2^224 P`. The sums are kept
//! once for the columns 0 to 15 and once, multiplied by 2^16, for 16 to 31, so that 15 doublings serve all 32.
//! Lim and Lee, "More Flexible Exponentiation with Precomputation", CRYPTO 1994.
//!
//! Everything is counted in whole numbers, never modulo the order of the group: a point with a part of small order is multiplied
//! as it should be.

use alloc::vec;
use alloc::vec::Vec;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;

/// Columns that one of the two halves serves.
const HALF: usize = 16;

/// The sums of one point, 80 KiB.
pub(super) struct Comb {
    low: Vec<EdwardsPoint>,
    high: Vec<EdwardsPoint>,
}

impl Comb {
    pub(super) fn new(point: &EdwardsPoint) -> Self {
        let (mut low, mut high) = (vec![EdwardsPoint::identity()], vec![EdwardsPoint::identity()]);
        let mut multiple = *point;
        for _row in 0..8 {
            for sums in [&mut low, &mut high] {
                let more: Vec<_> = sums.iter().map(|sum| sum + multiple).collect();
                sums.extend(more);
                // Times 2^16.
                multiple = (0..HALF).fold(multiple, |doubled, _| doubled + doubled);
            }
        }
        Self { low, high }
    }
}

/// The sum of two points, each multiplied by a scalar. How long it takes depends on the scalars: it is for public ones alone.
#[expect(clippy::indexing_slicing, reason = "32 columns are two halves, and 256 sums stand ready for a byte")]
pub(super) fn sum_of_public(terms: [(&Comb, &Scalar); 2]) -> EdwardsPoint {
    let terms = terms.map(|(comb, scalar)| (comb, columns(scalar)));
    let mut sum = EdwardsPoint::identity();
    for place in (0..HALF).rev() {
        sum += sum;
        for (comb, columns) in &terms {
            sum += comb.low[usize::from(columns[place])];
            sum += comb.high[usize::from(columns[HALF + place])];
        }
    }
    sum
}

/// The columns of the grid, each with row 0 as its lowest bit.
fn columns(scalar: &Scalar) -> [u8; 2 * HALF] {
    let (rows, _) = scalar.as_bytes().as_chunks::<4>();
    let mut columns = [0; 2 * HALF];
    for (place, column) in columns.iter_mut().enumerate() {
        for (row, bits) in rows.iter().enumerate() {
            *column |= u8::from(u32::from_le_bytes(*bits) >> place & 1 == 1) << row;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as BASE, EIGHT_TORSION};

    #[test]
    fn columns_are_read_across_the_rows() {
        // Bits 0, 33, 255 - 3.
        let mut bytes = [0; 32];
        (bytes[0], bytes[4], bytes[31]) = (1, 2, 0x10);
        let columns = columns(&Scalar::from_canonical_bytes(bytes).unwrap());
        let set: Vec<(usize, u8)> =
            columns.into_iter().enumerate().filter(|(_, column)| *column != 0).collect();
        assert_eq!(set, [(0, 1), (1, 2), (28, 0x80)]);
    }

    #[test]
    fn multiplies_as_the_library_does() {
        for torsion in EIGHT_TORSION {
            let point = BASE * Scalar::from(77_u8) + torsion;
            let (comb, base) = (Comb::new(&point), Comb::new(&BASE));
            let mut scalar = Scalar::ONE;
            for _ in 0..300 {
                scalar = scalar + scalar + Scalar::ONE;
                let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&-scalar, &point, &scalar);
                assert_eq!(sum_of_public([(&comb, &-scalar), (&base, &scalar)]), expected);
            }
            for scalar in [Scalar::ZERO, Scalar::ONE, -Scalar::ONE] {
                assert_eq!(sum_of_public([(&comb, &scalar), (&base, &Scalar::ZERO)]), point * scalar);
            }
        }
    }
}
