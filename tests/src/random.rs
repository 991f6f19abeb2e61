//! Random numbers that a failed test can have again.

/// A generator (SplitMix64), from a seed.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// The seed of the environment, else always the same; printed, so that what a test met can be met again.
    pub fn of_test() -> Self {
        let said = std::env::var("TRUNKLINE_TEST_SEED").ok();
        let seed = said.map_or(0x7472_756E_6B6C_696E, |text| text.parse().unwrap());
        println!("TRUNKLINE_TEST_SEED={seed}");
        Self(seed)
    }

    /// From this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Whether something happens that has so many chances in a hundred.
    pub fn percent(&mut self, chances: usize) -> bool {
        self.below(100) < chances
    }
}
