//! Permission bits as people write them.

use crate::{Error, Result};
use std::{fmt, str::FromStr};

/// The permission bits of a file, with set-user-id, set-group-id and sticky: at most `0o7777`.
///
/// ```
/// use rexec::executor::Mode;
///
/// let mode: Mode = "0644".parse()?;
/// assert_eq!(mode, Mode::from_number(0o644)?);
/// assert!(Mode::from_number(644).is_err(), "decimal 644 is octal 1204");
/// # Ok::<(), rexec::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mode(u32);

impl Mode {
    /// Makes a mode of its bits, such as `0o644`.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::ErrorKind::Invalid) for a number that is larger than `0o7777`, and for
    /// one that was most likely written in decimal digits but meant in octal ones, such as 644
    /// or 755: its message says how to write it.
    pub fn from_number(number: i64) -> Result<Self> {
        if looks_decimal(number) {
            let message = format!(
                "{number} is a decimal number, and as a mode would mean {number:04o}: write \"{number:04}\" or 0o{number}"
            );
            return Err(Error::invalid(message));
        }
        match u32::try_from(number) {
            Ok(bits) if bits <= 0o7777 => Ok(Self(bits)),
            _ => Err(Error::invalid(format!("{number} is no mode: modes are at most 0o7777"))),
        }
    }

    /// The bits.
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl From<Mode> for u32 {
    fn from(mode: Mode) -> u32 {
        mode.0
    }
}

impl FromStr for Mode {
    type Err = Error;

    /// Reads octal digits: `"0644"`, `"644"`, `"0o644"`.
    fn from_str(text: &str) -> Result<Self> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let is_octal = !digits.is_empty() && digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
        match u32::from_str_radix(digits, 8) {
            Ok(bits) if is_octal && bits <= 0o7777 => Ok(Self(bits)),
            _ => Err(Error::invalid(format!("`{text}` is no mode: write octal digits, such as \"0644\""))),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

/// Whether a number's decimal digits are more likely a mode than its bits are.
///
/// What is usual decides before what is possible: 400 is refused, though 0o620 is a mode too.
fn looks_decimal(number: i64) -> bool {
    let Some(as_written) = octal_reading(number) else { return false };
    let bits = number as u32;
    !is_common(bits) && (is_common(as_written) || !is_plausible(bits))
}

/// What three or four decimal digits mean if they are read as octal ones.
fn octal_reading(number: i64) -> Option<u32> {
    let digits = number.to_string();
    if !(3..=4).contains(&digits.len()) {
        return None;
    }
    u32::from_str_radix(&digits, 8).ok()
}

/// The modes that one meets.
fn is_common(bits: u32) -> bool {
    matches!(
        bits & 0o777,
        0o400
            | 0o440
            | 0o444
            | 0o500
            | 0o550
            | 0o555
            | 0o600
            | 0o640
            | 0o644
            | 0o660
            | 0o664
            | 0o666
            | 0o700
            | 0o710
            | 0o711
            | 0o750
            | 0o751
            | 0o755
            | 0o770
            | 0o775
            | 0o777
    )
}

/// Nobody else may do what the group may not, nor the group what the owner may not.
fn is_plausible(bits: u32) -> bool {
    let (owner, group, other) = (bits >> 6 & 7, bits >> 3 & 7, bits & 7);
    bits <= 0o7777 && other & !group == 0 && group & !owner == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_mode_is_taken_as_octal_and_refused_as_decimal() {
        for bits in (0..=0o7777).filter(|&bits| is_common(bits)) {
            assert_eq!(Mode::from_number(bits.into()).map(Mode::bits).ok(), Some(bits), "{bits:o}");
            let decimal: i64 = format!("{bits:o}").parse().unwrap();
            if bits > 0o777 && is_common(decimal as u32) {
                // 1440 is 0o2640 as well.
                continue;
            }
            let error = Mode::from_number(decimal).expect_err(&format!("decimal {decimal}"));
            assert!(error.message().contains(&format!("0o{decimal}")), "{error}");
        }
    }

    #[test]
    fn octal_text_is_read_with_and_without_a_prefix() {
        for text in ["644", "0644", "0o644"] {
            assert_eq!(text.parse::<Mode>().unwrap(), Mode(0o644));
        }
        assert_eq!("1777".parse::<Mode>().unwrap().to_string(), "1777");
        for text in ["", "0o", "rw-r--r--", "888", "+644", "10000", "-1", " 644"] {
            assert!(text.parse::<Mode>().is_err(), "{text:?}");
        }
    }
}
