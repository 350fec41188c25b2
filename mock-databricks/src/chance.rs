//! Chance, always from a seed.
//!
//! `SplitMix64` is written out here because its sequence must stay the same when a
//! library changes: ids and tokens of a seed are part of what a test may rely on.

/// A small seeded generator (`SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// A generator for one purpose: two purposes under one seed never share numbers.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut chance = Self { state: seed };
        chance.state = chance.next() ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        chance
    }

    /// A generator that goes on from where another stood.
    pub(crate) fn resumed(state: u64) -> Self {
        Self { state }
    }

    /// Where the generator stands.
    pub(crate) fn state(&self) -> u64 {
        self.state
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which must not be zero.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Whether something of this probability, from 0 to 1, happens.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        const STEPS: u32 = 1 << 30;
        // Below 2^30, and so exact.
        let draw = u32::try_from(self.below(u64::from(STEPS))).unwrap_or(STEPS);
        f64::from(draw) < probability * f64::from(STEPS)
    }

    /// An index into something of `length` elements, which must not be zero.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        let limit = u64::try_from(length).expect("a length fits 64 bits");
        usize::try_from(self.below(limit)).expect("below a usize")
    }

    /// A personal access token in the recorded form, `dapi` and 32 hexadecimal digits.
    pub(crate) fn token(&mut self) -> String {
        format!("dapi{:016x}{:016x}", self.next(), self.next())
    }

    /// A random UUID, as the gateway writes into `[ReqId: …]`.
    pub(crate) fn uuid(&mut self) -> uuid::Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

/// A seed for a mock that was given none; it is printed, so that the run can be repeated.
#[expect(
    clippy::disallowed_methods,
    reason = "the seed of everything else, and it is printed"
)]
pub(crate) fn fresh_seed() -> u64 {
    rand::random()
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn same_seed_gives_the_same_token_and_another_purpose_another() {
        assert_eq!(Chance::new(7, 1).token(), Chance::new(7, 1).token());
        assert_ne!(Chance::new(7, 1).token(), Chance::new(7, 2).token());
        assert_ne!(Chance::new(7, 1).token(), Chance::new(8, 1).token());
    }
}
