//! Histograms logged at steps: how the values of a layer or of an error lie. Each is one byte string of a series.
//!
//! ```text
//! "TWH1"  u32 bins n | f64 values that were NaN or infinite | n + 1 × f64 edges | n × f64 counts
//! ```
//! All little-endian. Edges rise and are finite; a count is of the values from its edge up to the next.

/// What the keys of histograms begin with.
pub const PREFIX: &str = "histogram/";
const MAGIC: &[u8; 4] = b"TWH1";

#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// One more than the counts.
    pub edges: Vec<f64>,
    pub counts: Vec<f64>,
    /// Values that have no place: NaN and infinities.
    pub odd: f64,
}

impl Histogram {
    /// Reads one; `None` when the bytes are none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(8)?;
        let (magic, bins) = head.split_at(4);
        let bins = usize::try_from(u32::from_le_bytes(bins.try_into().ok()?)).ok()?;
        let (words, left) = rest.as_chunks::<8>();
        if magic != MAGIC
            || bins == 0
            || !left.is_empty()
            || words.len() != bins.checked_mul(2)?.checked_add(2)?
        {
            return None;
        }
        let mut numbers = words.iter().map(|word| f64::from_le_bytes(*word));
        let odd = numbers.next()?;
        let edges: Vec<f64> = numbers.by_ref().take(bins + 1).collect();
        let counts: Vec<f64> = numbers.collect();
        let rises = edges.iter().all(|edge| edge.is_finite()) && edges.is_sorted_by(|a, b| a < b);
        let counts_fit = counts.iter().chain([&odd]).all(|count| count.is_finite() && *count >= 0.0);
        (rises && counts_fit).then_some(Self { edges, counts, odd })
    }

    pub fn encode(&self) -> Vec<u8> {
        let bins = u32::try_from(self.counts.len()).unwrap_or(u32::MAX);
        let mut out = [MAGIC.as_slice(), &bins.to_le_bytes()].concat();
        let numbers =
            [self.odd].into_iter().chain(self.edges.iter().copied()).chain(self.counts.iter().copied());
        out.extend(numbers.flat_map(f64::to_le_bytes));
        out
    }

    pub fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Each bin as its lower edge, its upper edge and its count.
    pub fn bins(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        self.edges.windows(2).zip(&self.counts).map(|(edges, count)| (edges[0], edges[1], *count))
    }

    /// How its values spread over so many equal stretches from `low` to `high`: the share of all values in each.
    /// Within a bin they are taken as spread evenly.
    pub fn shares(&self, low: f64, high: f64, rows: usize) -> Vec<f64> {
        let mut shares = vec![0.0; rows];
        let total = self.total();
        let height = high / rows as f64 - low / rows as f64;
        if total <= 0.0 || height <= 0.0 {
            return shares;
        }
        for (from, to, count) in self.bins().filter(|(.., count)| *count > 0.0) {
            let place = |value: f64| (value / height - low / height).clamp(0.0, rows as f64);
            let (first, last) = (place(from), place(to));
            if last <= first {
                shares[(first.floor() as usize).min(rows - 1)] += count / total;
            }
            let mut at = first;
            while at < last {
                let row = (at.floor() as usize).min(rows - 1);
                let next = (at.floor() + 1.0).min(last);
                shares[row] += count / total * (next - at) / (last - first);
                at = next;
            }
        }
        shares
    }
}

/// The smallest and the largest edge of a bin that holds something; of all edges where none does.
pub fn span(all: &[Histogram]) -> Option<(f64, f64)> {
    let held = |one: &Histogram| -> Option<(f64, f64)> {
        let mut bins = one.bins().filter(|(.., count)| *count > 0.0);
        let first = bins.next()?;
        Some((first.0, bins.last().unwrap_or(first).1))
    };
    let whole = |one: &Histogram| Some((*one.edges.first()?, *one.edges.last()?));
    let around = |spans: &mut dyn Iterator<Item = (f64, f64)>| {
        spans.reduce(|a, b| (f64::min(a.0, b.0), f64::max(a.1, b.1)))
    };
    around(&mut all.iter().filter_map(held)).or_else(|| around(&mut all.iter().filter_map(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(edges: &[f64], counts: &[f64]) -> Histogram {
        Histogram { edges: edges.to_vec(), counts: counts.to_vec(), odd: 2.0 }
    }

    #[test]
    fn a_histogram_reads_back_as_written() {
        let written = one(&[-1.0, 0.0, 0.5], &[3.0, 7.0]);
        assert_eq!(Histogram::decode(&written.encode()), Some(written));
    }

    #[test]
    fn other_bytes_are_no_histogram() {
        let whole = one(&[0.0, 1.0], &[1.0]).encode();
        for end in 0..whole.len() {
            assert_eq!(Histogram::decode(&whole[..end]), None, "{end}");
        }
        let mut huge = whole.clone();
        huge[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Histogram::decode(&huge), None);
        for wrong in [
            one(&[1.0, 0.0], &[1.0]),
            one(&[0.0, 0.0], &[1.0]),
            one(&[0.0, f64::INFINITY], &[1.0]),
            one(&[0.0, 1.0], &[f64::NAN]),
            one(&[0.0, 1.0], &[-1.0]),
            one(&[0.0], &[]),
        ] {
            assert_eq!(Histogram::decode(&wrong.encode()), None, "{wrong:?}");
        }
    }

    #[test]
    fn shares_are_of_all_values_whatever_the_bins() {
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        let shares = one(&[0.0, 2.0, 4.0], &[1.0, 3.0]).shares(0.0, 4.0, 4);
        assert!(close(&shares, &[0.125, 0.125, 0.375, 0.375]), "{shares:?}");
        let narrow = one(&[1.2, 1.3], &[5.0]).shares(0.0, 4.0, 4);
        assert!(close(&narrow, &[0.0, 1.0, 0.0, 0.0]), "{narrow:?}");
        assert!(close(&one(&[0.0, 1.0], &[0.0]).shares(0.0, 1.0, 2), &[0.0, 0.0]));
        let extreme = one(&[-1e308, 1e308], &[1.0]).shares(-1e308, 1e308, 3);
        assert!((extreme.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{extreme:?}");
        // Values so close that no stretch between them can be told apart.
        let tiny = one(&[1.0, 1.0 + f64::EPSILON], &[4.0]).shares(1.0, 1.0 + f64::EPSILON, 64);
        assert!(tiny.iter().all(|share| share.is_finite()));
    }

    #[test]
    fn the_span_is_that_of_bins_that_hold_something() {
        let all = [one(&[-9.0, 0.0, 1.0], &[0.0, 1.0]), one(&[0.5, 2.0, 9.0], &[1.0, 0.0])];
        assert_eq!(span(&all), Some((0.0, 2.0)));
        assert_eq!(span(&[one(&[-1.0, 1.0], &[0.0])]), Some((-1.0, 1.0)));
        assert_eq!(span(&[]), None);
    }
}
