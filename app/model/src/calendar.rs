//! Days of the Gregorian calendar, counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms":
//! `days_from_civil` and `civil_from_days`). Years begin in March there, so that the leap day is the last.

/// Days from 1970-01-01 to a day, negative before it. Month and day count from 1.
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day counted from 1970-01-01.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_lead_to_each_other() {
        assert_eq!((days_of(1970, 1, 1), days_of(2000, 2, 29), days_of(1969, 12, 31)), (0, 11_016, -1));
        for (year, month, day) in [(1970, 1, 1), (1969, 12, 31), (2000, 3, 1), (2026, 11, 22), (-1, 2, 28)] {
            assert_eq!(date_of(days_of(year, month, day)), (year, month, day));
        }
        // What no calendar holds is a date all the same.
        assert!(date_of(i64::MAX).0 > 9_999 && date_of(i64::MIN).0 < -9_999);
    }
}
