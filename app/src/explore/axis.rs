//! One field laid along an axis: where each run stands on it, from 0 at its low end to 1 at its high end.

use crate::chart::{
    format,
    scale::{ticks, widen},
};
use model::{
    explore::{FieldColumn, FieldValues},
    query::{Attribute, Field},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Log,
    /// Every value at a place of its own, all equally far apart.
    Category,
}

impl Scale {
    pub const ALL: [(Self, &str); 3] =
        [(Self::Linear, "linear"), (Self::Log, "log"), (Self::Category, "category")];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(scale, _)| *scale == self).map_or("", |(_, name)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(scale, _)| *scale)
    }
}

/// More categories than that are a scale of numbers, or a list that nobody reads.
const CATEGORIES_MAX: usize = 60;
/// Params that reach so far are drawn by their logarithm unless somebody says otherwise.
const LOG_FROM: f64 = 100.0;

#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub field: Field,
    pub scale: Scale,
    pub flipped: bool,
    domain: Domain,
    /// By run; NaN where it has no place.
    pub shares: Vec<f32>,
    /// Runs that have no place.
    pub absent: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Domain {
    Numbers {
        from: f64,
        to: f64,
    },
    /// Numbers, rising.
    Kinds(Vec<f64>),
    Texts(Vec<String>),
}

impl Axis {
    pub fn new(column: &FieldColumn, wish: Option<Scale>, flipped: bool) -> Self {
        let (scale, domain) = match &column.values {
            FieldValues::Texts { texts, .. } => (Scale::Category, Domain::Texts(texts.clone())),
            FieldValues::Numbers { numbers } => {
                let finite = numbers.iter().flatten().map(|number| number.0).filter(|one| one.is_finite());
                numeric(&finite.collect::<Vec<f64>>(), wish, matches!(column.field, Field::Param(_)))
            }
        };
        let mut axis =
            Self { field: column.field.clone(), scale, flipped, domain, shares: Vec::new(), absent: 0 };
        axis.shares = match &column.values {
            FieldValues::Numbers { numbers } => {
                numbers.iter().map(|number| number.map_or(f32::NAN, |one| axis.share(one.0) as f32)).collect()
            }
            FieldValues::Texts { places, .. } => places
                .iter()
                .map(|place| place.map_or(f32::NAN, |place| axis.at(place as usize) as f32))
                .collect(),
        };
        axis.absent = axis.shares.iter().filter(|share| share.is_nan()).count();
        axis
    }

    /// Where a number stands; NaN when it has no place. Infinities stand at the ends.
    pub fn share(&self, value: f64) -> f64 {
        match &self.domain {
            Domain::Numbers { from, to } => {
                let share = match self.scale {
                    Scale::Log if value <= 0.0 => return f64::NAN,
                    Scale::Log => (value.ln() - from.ln()) / (to.ln() - from.ln()),
                    Scale::Linear | Scale::Category => (value - from) / (to - from),
                };
                self.turned(share.clamp(0.0, 1.0))
            }
            Domain::Kinds(kinds) => match kinds.binary_search_by(|kind| kind.total_cmp(&(value + 0.0))) {
                Ok(place) => self.at(place),
                Err(_) => f64::NAN,
            },
            Domain::Texts(_) => f64::NAN,
        }
    }

    fn turned(&self, share: f64) -> f64 {
        if self.flipped { 1.0 - share } else { share }
    }

    /// The middle of a category.
    fn at(&self, place: usize) -> f64 {
        let count = self.count().max(1) as f64;
        self.turned((place as f64 + 0.5) / count)
    }

    /// Categories; none of a scale of numbers.
    fn count(&self) -> usize {
        match &self.domain {
            Domain::Numbers { .. } => 0,
            Domain::Kinds(kinds) => kinds.len(),
            Domain::Texts(texts) => texts.len(),
        }
    }

    /// What lies between two places of the axis.
    pub fn span(&self, one: f64, other: f64) -> Option<Span> {
        let (a, b) = (self.turned(one.clamp(0.0, 1.0)), self.turned(other.clamp(0.0, 1.0)));
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        let places = || {
            let count = self.count() as f64;
            let first = (low * count - 0.5).ceil().max(0.0) as usize;
            let last = (high * count - 0.5).floor();
            (last >= first as f64).then(|| (first, (last as usize).min(self.count() - 1)))
        };
        Some(match &self.domain {
            Domain::Numbers { .. } => Span::Numbers(self.number(low, false), self.number(high, true)),
            Domain::Kinds(kinds) => {
                let (first, last) = places()?;
                Span::Numbers(kinds[first], kinds[last])
            }
            Domain::Texts(texts) => {
                let (first, last) = places()?;
                Span::Texts(texts[first..=last].to_vec())
            }
        })
    }

    /// The number at a place of a scale that rises, rounded outwards to what tells its pixels apart.
    fn number(&self, share: f64, up: bool) -> f64 {
        let Domain::Numbers { from, to } = self.domain else { return f64::NAN };
        let exact = match self.scale {
            Scale::Log => (from.ln() + share * (to.ln() - from.ln())).exp(),
            Scale::Linear | Scale::Category => from + share * (to - from),
        };
        let grain = match self.scale {
            Scale::Log => exact.abs() * 1e-3,
            Scale::Linear | Scale::Category => (to - from) * 1e-3,
        };
        let unit = 10f64.powf(grain.log10().floor());
        let rounded = if up { (exact / unit).ceil() } else { (exact / unit).floor() };
        // Through text, because 3 × 0.1 is not 0.3.
        let places = (-unit.log10().round()).clamp(0.0, 300.0) as usize;
        format!("{:.places$}", rounded * unit).parse().unwrap_or(exact)
    }

    /// Where a span lies, from low to high on the screen; none of one of another kind.
    pub fn shares_of(&self, span: &Span) -> Option<(f64, f64)> {
        let half = 0.5 / self.count().max(1) as f64;
        let ordered = |a: f64, b: f64| if a < b { (a, b) } else { (b, a) };
        match (&self.domain, span) {
            (Domain::Numbers { from, .. }, Span::Numbers(low, high)) => {
                let low = if self.scale == Scale::Log { low.max(*from) } else { *low };
                Some(ordered(self.share(low), self.share(*high)))
            }
            (Domain::Kinds(kinds), Span::Numbers(low, high)) => {
                let mut inside = kinds.iter().filter(|kind| (*low..=*high).contains(*kind));
                let first = *inside.next()?;
                let (low, high) =
                    ordered(self.share(first), self.share(*inside.next_back().unwrap_or(&first)));
                Some((low - half, high + half))
            }
            (Domain::Texts(texts), Span::Texts(wanted)) => {
                let mut inside = (0..texts.len()).filter(|place| wanted.contains(&texts[*place]));
                let first = inside.next()?;
                let (low, high) = ordered(self.at(first), self.at(inside.next_back().unwrap_or(first)));
                Some((low - half, high + half))
            }
            _ => None,
        }
    }

    /// Places and labels, about as many as there is room for.
    pub fn ticks(&self, room: usize) -> Vec<(f64, String)> {
        let some = |count: usize| {
            let every = count.div_ceil(room.max(1)).max(1);
            (0..count).step_by(every)
        };
        match &self.domain {
            Domain::Numbers { from, to } if self.scale == Scale::Log => {
                let (low, high) = (from.log10(), to.log10());
                if high - low < 1.0 {
                    let (values, step) = ticks((*from, *to), room.min(6), 0.0);
                    return values
                        .into_iter()
                        .map(|one| (self.share(one), format::tick(one, step)))
                        .collect();
                }
                let decades: Vec<i32> = ((low - 1e-9).ceil() as i32..=(high + 1e-9).floor() as i32).collect();
                let every = decades.len().div_ceil(room.max(2)).max(1);
                let decade = |power: &i32| {
                    let value = 10f64.powi(*power);
                    let plain = (-4..=5).contains(power);
                    (self.share(value), if plain { value.to_string() } else { format!("1e{power}") })
                };
                decades.iter().step_by(every).map(decade).collect()
            }
            Domain::Numbers { from, to } => {
                let (values, step) = ticks((*from, *to), room, 0.0);
                let label = |value: f64| match self.field {
                    Field::Attribute(
                        Attribute::Created | Attribute::Started | Attribute::Ended | Attribute::Updated,
                    ) => format::utc(value as i64)[..16].to_owned(),
                    _ => format::tick(value, step),
                };
                values.into_iter().map(|value| (self.share(value), label(value))).collect()
            }
            Domain::Kinds(kinds) => {
                some(kinds.len()).map(|place| (self.at(place), format::number(kinds[place]))).collect()
            }
            Domain::Texts(texts) => {
                some(texts.len()).map(|place| (self.at(place), texts[place].clone())).collect()
            }
        }
    }

    /// What it can be drawn as.
    pub fn scales(&self) -> &'static [(Scale, &'static str)] {
        if matches!(self.domain, Domain::Texts(_)) { &Scale::ALL[2..] } else { &Scale::ALL }
    }
}

fn numeric(finite: &[f64], wish: Option<Scale>, param: bool) -> (Scale, Domain) {
    let low = finite.iter().copied().fold(f64::INFINITY, f64::min);
    let high = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let far = param && low > 0.0 && high / low >= LOG_FROM;
    let scale = wish.unwrap_or(if far { Scale::Log } else { Scale::Linear });
    if scale == Scale::Category {
        let mut kinds: Vec<f64> = finite.iter().map(|value| value + 0.0).collect();
        kinds.sort_by(f64::total_cmp);
        kinds.dedup();
        if kinds.len() <= CATEGORIES_MAX {
            return (Scale::Category, Domain::Kinds(kinds));
        }
    }
    if finite.is_empty() {
        return (Scale::Linear, Domain::Numbers { from: 0.0, to: 1.0 });
    }
    let positive = finite.iter().copied().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    if scale == Scale::Log && positive.is_finite() {
        let (from, to) = if positive < high { (positive, high) } else { (positive / 2.0, positive * 2.0) };
        return (Scale::Log, Domain::Numbers { from, to });
    }
    let (from, to) = if low < high { (low, high) } else { widen((low, high), 0.0) };
    (Scale::Linear, Domain::Numbers { from, to })
}

/// A part of an axis, in what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Span {
    Numbers(f64, f64),
    Texts(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Float64;

    fn numbers(values: &[f64]) -> FieldColumn {
        let numbers = values.iter().map(|value| (!value.is_nan()).then_some(Float64(*value))).collect();
        FieldColumn { field: Field::Param("lr".into()), values: FieldValues::Numbers { numbers } }
    }

    fn texts(places: &[Option<u32>]) -> FieldColumn {
        let texts = ["adam", "lion", "sgd"].map(str::to_owned).to_vec();
        let values = FieldValues::Texts { texts, places: places.to_vec() };
        FieldColumn { field: Field::Param("opt".into()), values }
    }

    #[test]
    fn a_param_that_reaches_far_is_drawn_by_its_logarithm() {
        let axis = Axis::new(&numbers(&[0.001, 0.01, 0.1, f64::NAN]), None, false);
        assert_eq!((axis.scale, axis.absent), (Scale::Log, 1));
        assert!((axis.shares[1] - 0.5).abs() < 1e-6 && axis.shares[3].is_nan());
        let labels: Vec<String> = axis.ticks(5).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.001", "0.01", "0.1"]);
        assert_eq!(Axis::new(&numbers(&[1.0, 2.0]), None, false).scale, Scale::Linear);
    }

    #[test]
    fn a_span_holds_what_lies_between_and_is_found_again() {
        let axis = Axis::new(&numbers(&[0.0, 10.0]), None, false);
        assert_eq!(axis.span(0.75, 0.25), Some(Span::Numbers(2.5, 7.5)));
        assert_eq!(axis.shares_of(&Span::Numbers(2.5, 7.5)), Some((0.25, 0.75)));
        let flipped = Axis::new(&numbers(&[0.0, 10.0]), None, true);
        assert_eq!(flipped.span(0.0, 0.1), Some(Span::Numbers(9.0, 10.0)));
        assert_eq!(flipped.shares[0], 1.0);
        let log = Axis::new(&numbers(&[0.001, 1.0]), None, false);
        let Some(Span::Numbers(low, high)) = log.span(0.1, 0.9) else { panic!("a span of numbers") };
        assert!(low <= 0.001 * 1000f64.powf(0.1) && high >= 1000f64.powf(0.9) * 0.001 && high < 0.6);
        assert_eq!(log.span(0.0, 1.0), Some(Span::Numbers(0.001, 1.0)));
    }

    #[test]
    fn categories_are_brushed_by_their_middles() {
        let axis = Axis::new(&texts(&[Some(0), Some(2), None]), None, false);
        assert_eq!(axis.span(0.1, 0.6), Some(Span::Texts(vec!["adam".into(), "lion".into()])));
        assert_eq!(axis.span(0.2, 0.3), None, "no middle lies between");
        let (low, high) = axis.shares_of(&Span::Texts(vec!["lion".into()])).unwrap();
        assert!((low - 1.0 / 3.0).abs() < 1e-9 && (high - 2.0 / 3.0).abs() < 1e-9);
        let kinds = Axis::new(&numbers(&[16.0, 64.0, 32.0, 16.0]), Some(Scale::Category), false);
        assert_eq!(kinds.span(0.4, 1.0), Some(Span::Numbers(32.0, 64.0)));
        assert_eq!(kinds.ticks(9).len(), 3);
    }

    #[test]
    fn constants_zeros_and_nothing_at_all_have_an_axis() {
        assert_eq!(Axis::new(&numbers(&[5.0, 5.0]), None, false).shares, [0.5, 0.5]);
        let log = Axis::new(&numbers(&[0.0, -1.0, 10.0, 100.0]), Some(Scale::Log), false);
        assert_eq!(log.absent, 2, "what has no logarithm has no place");
        let only = Axis::new(&numbers(&[0.0, -1.0]), Some(Scale::Log), false);
        assert_eq!((only.scale, only.absent), (Scale::Linear, 0));
        let none = Axis::new(&numbers(&[f64::NAN]), None, false);
        assert_eq!((none.absent, none.ticks(4).is_empty()), (1, false));
        let infinite = Axis::new(&numbers(&[0.0, 1.0, f64::INFINITY]), None, false);
        assert_eq!(infinite.shares, [0.0, 1.0, 1.0]);
    }
}
