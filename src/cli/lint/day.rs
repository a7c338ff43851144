//! The day it is: exceptions in the source end on a day.

use crate::cli::Environment;
use orch_lint::Date;

/// The day, in UTC, from days since 1970: exceptions in the source end on a day.
pub(in crate::cli) fn today(environment: &Environment) -> Option<Date> {
    day(environment.seconds)
}

/// The day of a time in seconds since 1970.
pub(in crate::cli) fn day(seconds: u64) -> Option<Date> {
    let days = i64::try_from(seconds / 86_400).ok()?;
    let (year, month, day) = civil(days);
    Date::new(
        u16::try_from(year).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
    )
}

/// Days since 1970 to year, month and day of the Gregorian calendar. Years are counted from March,
/// so that the leap day is the last one.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_are_dates() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (19_723, (2024, 1, 1)),
            (20_513, (2026, 3, 1)),
        ] {
            assert_eq!(civil(days), date);
        }
    }
}
