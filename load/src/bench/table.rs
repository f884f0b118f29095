//! Tables in Markdown, and figures as they stand in them.

use std::time::Duration;

pub struct Table {
    title: String,
    lines: Vec<Vec<String>>,
}

impl Table {
    pub fn new(title: &str, heads: &[&str]) -> Self {
        Self { title: title.into(), lines: vec![heads.iter().map(|&head| head.to_owned()).collect()] }
    }

    /// Adds a row, and shows it on the terminal at once: the whole table comes last.
    pub fn row(&mut self, cells: Vec<String>) {
        eprintln!("    {}", cells.join(" | "));
        self.lines.push(cells);
    }

    pub fn print(&self) {
        if self.lines.len() > 1 {
            println!("{}", self.markdown());
        }
    }

    fn markdown(&self) -> String {
        let mut text = vec![format!("**{}**\n", self.title)];
        for (number, line) in self.lines.iter().enumerate() {
            text.push(format!("| {} |", line.join(" | ")));
            if number == 0 {
                // What a row is called stands left, figures stand right.
                let rules = (0..line.len()).map(|column| if column == 0 { "-" } else { "-:" });
                text.push(format!("|{}|", rules.collect::<Vec<_>>().join("|")));
            }
        }
        text.push(String::new());
        text.join("\n")
    }
}

/// Durations in order of length, for percentiles.
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The smallest time that at least `percent` of all are not above; zero of none.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    pub fn p50(&self) -> String {
        ms(self.percentile(50))
    }

    pub fn p99(&self) -> String {
        ms(self.percentile(99))
    }

    pub fn longest(&self) -> String {
        ms(self.percentile(100))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Milliseconds with three significant figures or so.
pub fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    let digits = if ms < 10.0 { 2 } else { usize::from(ms < 100.0) };
    format!("{ms:.digits$}")
}

/// `1 234 567`.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let times = Times::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(times.percentile(50), Duration::from_millis(50));
        assert_eq!(times.percentile(99), Duration::from_millis(99));
        assert_eq!(Times::new(vec![Duration::from_millis(7)]).p99(), "7.00");
        assert_eq!(Times::new(Vec::new()).p50(), "0.00");
    }

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new("T", &["a", "b"]);
        table.row(vec!["x".into(), "1".into()]);
        assert_eq!(table.markdown(), "**T**\n\n| a | b |\n|-|-:|\n| x | 1 |\n");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(thousands(1_234_567.4), "1 234 567");
        assert_eq!(thousands(999.0), "999");
    }
}
