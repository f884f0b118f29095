//! Curves as training runs log them.

use model::{Float64, RunId, ingest::SeriesPoints, metric::Context};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// 2026-01-01 in Unix milliseconds: a real clock would make runs differ.
const FIRST_TIME_MS: i64 = 1_767_225_600_000;
/// A step of a small model.
const STEP_MS: i64 = 120;
/// How far a step's time strays.
const JITTER_MS: i64 = 6;

/// What the values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// A falling loss as a framework computes it: rounded to 32 bits, then widened.
    Float32,
    /// A falling loss with 1 % noise on a double: about 46 random bits a value, which no codec can remove.
    Noise,
    /// Every bit random: what packs worst.
    Random,
}

impl Curve {
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Noise => "noise",
            Self::Random => "random bits",
        }
    }
}

/// One series as it grows.
pub struct Generator {
    curve: Curve,
    random: StdRng,
    step: i64,
}

impl Generator {
    pub fn new(curve: Curve, seed: u64) -> Self {
        Self { curve, random: StdRng::seed_from_u64(seed), step: 0 }
    }

    /// The next `count` points.
    pub fn series(&mut self, run_id: &RunId, key: &str, count: usize) -> SeriesPoints {
        let first = self.step;
        self.step += count as i64;
        let steps: Vec<i64> = (first..self.step).collect();
        let times_ms =
            steps.iter().map(|step| FIRST_TIME_MS + step * STEP_MS + self.random.random_range(0..=JITTER_MS));
        let times_ms = times_ms.collect();
        let values = steps.iter().map(|&step| Float64(self.value(step))).collect();
        SeriesPoints {
            run_id: run_id.clone(),
            key: key.to_owned(),
            context: Context::default(),
            steps,
            times_ms,
            values,
            texts: Vec::new(),
            bytes: Vec::new(),
        }
    }

    fn value(&mut self, step: i64) -> f64 {
        let loss = 2.0 * (-step as f64 / 20_000.0).exp() + 0.3;
        match self.curve {
            Curve::Float32 => f64::from((loss * (1.0 + 0.01 * self.normal())) as f32),
            Curve::Noise => loss * (1.0 + 0.01 * self.normal()),
            Curve::Random => f64::from_bits(self.random.random::<u64>() >> 2),
        }
    }

    /// Normally distributed, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.random.random::<f64>()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.random.random::<f64>()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_curve_in_pieces_of_any_size() {
        let run_id = RunId::from_bytes([1; 16]);
        let values = |series: SeriesPoints| series.values.into_iter().map(|value| value.0.to_bits());
        let a: Vec<_> = values(Generator::new(Curve::Noise, 7).series(&run_id, "k", 10)).collect();
        let b: Vec<_> = values(Generator::new(Curve::Noise, 7).series(&run_id, "k", 10)).collect();
        assert_eq!(a, b);
        let mut generator = Generator::new(Curve::Float32, 7);
        generator.series(&run_id, "k", 3);
        let next = generator.series(&run_id, "k", 2);
        assert_eq!(next.steps, [3, 4]);
        assert!(next.values.iter().all(|value| f64::from(value.0 as f32) == value.0));
    }
}
