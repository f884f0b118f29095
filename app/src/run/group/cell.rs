//! What the cells of a group say.

use crate::{chart::format, metric::goal};
use model::{
    query::Field,
    run::group::{GroupKey, GroupStat, RunGroup},
};

/// Letters of a number that is shown as it was written.
const EXACT_MAX: usize = 10;

/// What a group has in a key, short; nothing where its runs lack it.
pub fn key(key: &GroupKey) -> Option<String> {
    let text = key.value.as_ref()?;
    let number = matches!(key.field, Field::Param(_)).then(|| text.parse::<f64>().ok()).flatten();
    Some(match number {
        Some(number) if text.len() > EXACT_MAX && number.is_finite() && number.fract() != 0.0 => {
            format::number(number)
        }
        _ if text.is_empty() => "\u{201c}\u{201d}".to_owned(),
        _ => text.clone(),
    })
}

/// Whether a key is a number, which stands right in its column.
pub fn is_number(key: &GroupKey) -> bool {
    matches!(key.field, Field::Param(_)) && key.value.as_ref().is_some_and(|text| text.parse::<f64>().is_ok())
}

/// What a group is called: `lr 0.1, arch resnet`.
pub fn name(group: &RunGroup) -> String {
    let one = |one: &GroupKey| {
        let field = crate::run::columns::name(&one.field);
        key(one).map_or_else(|| format!("no {field}"), |value| format!("{field} {value}"))
    };
    if group.keys.is_empty() {
        return "All alike".to_owned();
    }
    group.keys.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Half the width of an interval: two digits of it say how far to trust the mean.
pub fn interval(width: f64) -> String {
    if width == 0.0 || !(1e-4..1e6).contains(&width) {
        return format::number(width);
    }
    let places = (1 - width.log10().floor() as i32).clamp(0, 8) as usize;
    format!("{width:.places$}")
}

/// All that is known of one field of a group.
pub fn told(stat: &GroupStat, n: i64) -> String {
    let number = |name: &str, value: Option<model::Float64>| {
        value.map(|value| format!("{name} {}", format::full(value.0)))
    };
    let interval = stat.ci95.map(|width| format!("95 % CI ±{}", format::number(width.0)));
    let odd = (stat.not_finite > 0)
        .then(|| format!("{} NaN, infinite or no number", format::count(stat.not_finite)));
    let without = n - stat.n - stat.not_finite;
    let without = (without > 0).then(|| format!("{} without it", format::count(without)));
    let parts = [
        number("mean", stat.mean),
        interval,
        number("std", stat.std),
        number("min", stat.min),
        number("max", stat.max),
        Some(format!("of {}", format::counted(stat.n, "run", "runs"))),
        odd,
        without,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The best mean of each field shown whose name tells the direction.
pub fn best(groups: &[RunGroup], fields: &[Field]) -> Vec<Option<f64>> {
    let of_field = |(place, field): (usize, &Field)| {
        let Field::Metric { key, .. } = field else { return None };
        let means = groups.iter().filter_map(|group| Some(group.stats.get(place)?.mean?.0));
        goal::best(goal::goal(key)?, means)
    };
    fields.iter().enumerate().map(of_field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Float64;

    fn stat(mean: f64) -> GroupStat {
        let some = |value| Some(Float64(value));
        GroupStat {
            field: Field::metric("loss"),
            n: 3,
            not_finite: 1,
            mean: some(mean),
            std: some(0.25),
            ci95: some(0.621),
            min: some(0.0),
            max: some(1.0),
        }
    }

    #[test]
    fn keys_read_as_in_the_table_of_runs() {
        let one = |field: Field, value: Option<&str>| GroupKey { field, value: value.map(ToOwned::to_owned) };
        let param = |value: Option<&str>| one(Field::Param("lr".into()), value);
        assert_eq!(key(&param(Some("0.03"))).as_deref(), Some("0.03"));
        assert_eq!(key(&param(Some("0.0001234567"))).as_deref(), Some("0.0001235"));
        assert_eq!(key(&param(Some("9007199254740993"))).as_deref(), Some("9007199254740993"));
        assert_eq!(key(&param(Some("NaN"))).as_deref(), Some("NaN"));
        assert_eq!(key(&param(None)), None);
        let keys = vec![
            param(Some("1")),
            one(Field::Tag("phase".into()), None),
            one(Field::Tag("a".into()), Some("")),
        ];
        let group = RunGroup { keys, n: 4, stats: Vec::new(), filter: None };
        assert_eq!(name(&group), "lr 1, no phase, a \u{201c}\u{201d}");
    }

    #[test]
    fn intervals_have_two_digits() {
        for (width, text) in
            [(0.012_34, "0.012"), (1.25, "1.2"), (12.5, "12"), (0.0, "0"), (0.001, "0.0010"), (5e-7, "5e-7")]
        {
            assert_eq!(interval(width), text);
        }
    }

    #[test]
    fn what_has_no_number_is_told() {
        let told = told(&stat(0.5), 6);
        assert!(told.starts_with("mean 0.5 · 95 % CI ±0.6210 · std 0.25"), "{told}");
        assert!(told.ends_with("of 3 runs · 1 NaN, infinite or no number · 2 without it"), "{told}");
    }

    #[test]
    fn the_best_mean_is_the_lowest_loss() {
        let group = |mean| RunGroup { keys: Vec::new(), n: 4, stats: vec![stat(mean)], filter: None };
        assert_eq!(best(&[group(0.5), group(0.25)], &[Field::metric("loss")]), [Some(0.25)]);
        assert_eq!(best(&[group(0.5), group(0.25)], &[Field::metric("x")]), [None]);
    }
}
