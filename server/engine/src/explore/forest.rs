//! Permutation importance: how much worse a random forest guesses runs that it has not seen when one column is shuffled. The
//! runs are dealt into parts; each part is guessed by a forest that was grown of the others. The same data always gives the
//! same numbers.

use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use smartcore::{
    ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters},
    linalg::basic::matrix::DenseMatrix,
};

/// Parts of the runs.
pub const PARTS: usize = 4;
/// How often each column of a part is shuffled.
const SHUFFLES: usize = 5;
const TREES: usize = 50;
const DEPTH_MAX: u16 = 16;
const LEAF_MIN: usize = 2;
const SEED: u64 = 7;

pub struct Grown {
    /// R² of the runs that were not seen, the mean of the parts.
    pub score: f64,
    /// Of each column: the mean and the standard deviation of what R² loses.
    pub drops: Vec<(f64, f64)>,
}

/// None where there is nothing to explain, or too few runs.
pub fn importance(columns: &[Vec<f64>], target: &[f64]) -> Option<Grown> {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut dealt: Vec<usize> = (0..target.len()).collect();
    dealt.shuffle(&mut random);
    let mut scores = Vec::new();
    let mut drops = vec![Vec::new(); columns.len()];
    for part in 0..PARTS {
        let (unseen, seen): (Vec<_>, Vec<_>) =
            dealt.iter().enumerate().partition(|(at, _)| at % PARTS == part);
        let rows = |of: &[(usize, &usize)]| of.iter().map(|(_, row)| **row).collect::<Vec<usize>>();
        let (unseen, seen) = (rows(&unseen), rows(&seen));
        let pick = |rows: &[usize]| rows.iter().map(|&row| target[row]).collect::<Vec<f64>>();
        let (known, wanted) = (pick(&seen), pick(&unseen));
        let parameters = RandomForestRegressorParameters::default()
            .with_n_trees(TREES)
            .with_max_depth(DEPTH_MAX)
            .with_min_samples_leaf(LEAF_MIN)
            .with_m(columns.len())
            .with_seed(SEED + part as u64);
        let forest = RandomForestRegressor::fit(&matrix(columns, &seen)?, &known, parameters).ok()?;
        let explained = |guess: Vec<f64>| explained(&guess, &wanted);
        let Some(score) = explained(forest.predict(&matrix(columns, &unseen)?).ok()?) else { continue };
        scores.push(score);
        let mut table = taken(columns, &unseen);
        for (column, drops) in drops.iter_mut().enumerate() {
            let held: Vec<f64> = table.iter().map(|row| row[column]).collect();
            let mut shuffled = held.clone();
            for _ in 0..SHUFFLES {
                shuffled.shuffle(&mut random);
                table.iter_mut().zip(&shuffled).for_each(|(row, value)| row[column] = *value);
                let guess = forest.predict(&DenseMatrix::from_2d_vec(&table).ok()?).ok()?;
                drops.push(score - explained(guess).unwrap_or(score));
            }
            table.iter_mut().zip(&held).for_each(|(row, value)| row[column] = *value);
        }
    }
    let (score, _) = spread(&scores)?;
    Some(Grown { score, drops: drops.iter().map(|drops| spread(drops).unwrap_or_default()).collect() })
}

fn taken(columns: &[Vec<f64>], rows: &[usize]) -> Vec<Vec<f64>> {
    rows.iter().map(|&row| columns.iter().map(|column| column[row]).collect()).collect()
}

fn matrix(columns: &[Vec<f64>], rows: &[usize]) -> Option<DenseMatrix<f64>> {
    DenseMatrix::from_2d_vec(&taken(columns, rows)).ok()
}

/// The coefficient of determination, R²; none where all values are the same.
fn explained(guess: &[f64], wanted: &[f64]) -> Option<f64> {
    let (mean, _) = spread(wanted)?;
    let squares = |errors: &mut dyn Iterator<Item = f64>| errors.map(|error| error * error).sum::<f64>();
    let all = squares(&mut wanted.iter().map(|value| value - mean));
    let left = squares(&mut wanted.iter().zip(guess).map(|(value, guess)| value - guess));
    (all > 0.0).then(|| 1.0 - left / all)
}

/// Mean and standard deviation.
fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    (!values.is_empty()).then_some((mean, variance.sqrt()))
}
