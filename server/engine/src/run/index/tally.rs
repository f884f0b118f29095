//! The statistics of a column over groups of runs.

use super::{column::Cell, group::NOWHERE};
use model::{Float64, query::Field, run::group::GroupStat};

/// One field over the runs of a group, as far as two passes over them found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    n: u32,
    not_finite: u32,
    /// The first number: sums are of differences from it, so that equal numbers have that number as their mean, exactly.
    first: f64,
    sum: f64,
    squares: f64,
    min: f64,
    max: f64,
}

/// The tallies of so many groups. `places` has the group of each cell.
pub(super) fn tallies(cells: impl Iterator<Item = Cell> + Clone, places: &[u32], count: usize) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); count];
    let of_groups = || cells.clone().zip(places).filter(|(_, place)| **place != NOWHERE);
    for (cell, &place) in of_groups() {
        tallies[place as usize].add(cell);
    }
    for (cell, &place) in of_groups() {
        tallies[place as usize].add_square(cell);
    }
    tallies
}

impl Tally {
    fn add(&mut self, cell: Cell) {
        match cell {
            Cell::Absent => {}
            Cell::Number(number) if number.is_finite() => {
                if self.n == 0 {
                    (self.first, self.min, self.max) = (number, number, number);
                }
                self.n += 1;
                self.sum += number - self.first;
                self.min = self.min.min(number);
                self.max = self.max.max(number);
            }
            Cell::NoNumber | Cell::Number(_) => self.not_finite += 1,
        }
    }

    /// After all were added.
    fn add_square(&mut self, cell: Cell) {
        if let Cell::Number(number) = cell
            && number.is_finite()
        {
            let from_mean = number - self.mean().unwrap_or(number);
            self.squares += from_mean * from_mean;
        }
    }

    pub fn mean(&self) -> Option<f64> {
        let mean = self.first + self.sum / f64::from(self.n);
        // Rounding, or a sum beyond what doubles reach, leads no mean out of its numbers.
        (self.n > 0).then(|| mean.clamp(self.min, self.max))
    }

    pub fn stat(&self, field: &Field) -> GroupStat {
        let of_some = |value: f64| (self.n > 0).then_some(Float64(value));
        let std = (self.n > 1).then(|| (self.squares / f64::from(self.n - 1)).sqrt());
        let ci95 = std.map(|std| student_t_975(self.n - 1) * std / f64::from(self.n).sqrt());
        GroupStat {
            field: field.clone(),
            n: i64::from(self.n),
            not_finite: i64::from(self.not_finite),
            mean: self.mean().map(Float64),
            std: std.map(Float64),
            ci95: ci95.map(Float64),
            min: of_some(self.min),
            max: of_some(self.max),
        }
    }
}

/// Below which Student's t lies with a probability of 97.5 %, so that it lies between this and its negative with 95 %.
///
/// Up to ten degrees of freedom from a table, computed from the distribution's finite sums (Abramowitz and Stegun,
/// "Handbook of Mathematical Functions", 26.7.3 and 26.7.4); beyond by the expansion about the normal quantile (26.7.5),
/// which is off by less than 1e-5 there.
fn student_t_975(freedom: u32) -> f64 {
    const TABLE: [f64; 10] = [
        12.706_204_736,
        4.302_652_730,
        3.182_446_305,
        2.776_445_105,
        2.570_581_836,
        2.446_911_851,
        2.364_624_252,
        2.306_004_135,
        2.262_157_163,
        2.228_138_852,
    ];
    const NORMAL: f64 = 1.959_963_984_540_054;
    let place = freedom.saturating_sub(1) as usize;
    if let Some(&known) = TABLE.get(place) {
        return known;
    }
    let (x, n) = (NORMAL, f64::from(freedom));
    let g1 = (x.powi(3) + x) / 4.0;
    let g2 = (5.0 * x.powi(5) + 16.0 * x.powi(3) + 3.0 * x) / 96.0;
    let g3 = (3.0 * x.powi(7) + 19.0 * x.powi(5) + 17.0 * x.powi(3) - 15.0 * x) / 384.0;
    let g4 = (79.0 * x.powi(9) + 776.0 * x.powi(7) + 1_482.0 * x.powi(5) - 1_920.0 * x.powi(3) - 945.0 * x)
        / 92_160.0;
    x + g1 / n + g2 / n.powi(2) + g3 / n.powi(3) + g4 / n.powi(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(cells: &[Cell]) -> GroupStat {
        tallies(cells.iter().copied(), &vec![0; cells.len()], 1)[0].stat(&Field::metric("a"))
    }

    fn numbers(numbers: &[f64]) -> GroupStat {
        tally(&numbers.iter().map(|&number| Cell::Number(number)).collect::<Vec<_>>())
    }

    #[test]
    fn quantiles_are_those_of_the_tables_of_students_t() {
        for (freedom, quantile) in [
            (1, 12.706_204_74),
            (4, 2.776_445_11),
            (10, 2.228_138_85),
            (11, 2.200_985_16),
            (12, 2.178_812_83),
            (30, 2.042_272_46),
            (100, 1.983_971_52),
            (1_000, 1.962_339_08),
        ] {
            let found = student_t_975(freedom);
            assert!((found - quantile).abs() < 1e-5, "{freedom}: {found}");
        }
    }

    #[test]
    fn the_interval_is_that_of_the_textbook() {
        // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32.
        let stat = numbers(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        let std = (32.0_f64 / 7.0).sqrt();
        assert_eq!((stat.n, stat.mean, stat.std), (8, Some(Float64(5.0)), Some(Float64(std))));
        let ci95 = stat.ci95.unwrap().0;
        assert!((ci95 - 2.364_624_252 * std / 8.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!((stat.min, stat.max), (Some(Float64(2.0)), Some(Float64(9.0))));
    }

    #[test]
    fn one_number_has_no_spread_and_equal_ones_have_none_but_zero() {
        let one = numbers(&[0.1]);
        assert_eq!((one.mean, one.std, one.ci95), (Some(Float64(0.1)), None, None));
        let three = numbers(&[0.1; 3]);
        assert_eq!((three.mean, three.std), (Some(Float64(0.1)), Some(Float64(0.0))));
        let none = tally(&[]);
        assert_eq!((none.n, none.not_finite, none.mean, none.max), (0, 0, None, None));
    }

    #[test]
    fn what_is_not_finite_is_counted_and_not_in_the_mean() {
        let cells = [
            Cell::Number(1.0),
            Cell::Number(f64::NAN),
            Cell::Number(f64::INFINITY),
            Cell::NoNumber,
            Cell::Absent,
            Cell::Number(3.0),
        ];
        let stat = tally(&cells);
        assert_eq!((stat.n, stat.not_finite, stat.mean), (2, 3, Some(Float64(2.0))));
        let odd = tally(&cells[1..4]);
        assert_eq!((odd.n, odd.not_finite, odd.mean, odd.std, odd.min), (0, 3, None, None, None));
    }

    #[test]
    fn numbers_at_the_ends_of_doubles_have_a_mean_among_them() {
        for numbers_in in
            [[f64::MAX, f64::MAX, f64::MAX], [f64::MAX, f64::MIN, f64::MAX], [f64::MIN, f64::MAX, 0.0]]
        {
            let stat = numbers(&numbers_in);
            assert!(stat.mean.unwrap().0.is_finite() && !stat.std.unwrap().0.is_nan(), "{stat:?}");
        }
    }
}
