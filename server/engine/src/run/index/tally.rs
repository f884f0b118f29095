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
        let ci95 =
            std.map(|std| segment::student_t_975(self.n as usize - 1) * std / f64::from(self.n).sqrt());
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
