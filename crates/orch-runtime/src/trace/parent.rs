//! The one header of [W3C Trace Context](https://www.w3.org/TR/trace-context/) that matters here.

use std::fmt;

/// Bytes of a header of version 00, and of what is known in later ones.
const LEN: usize = 55;
/// The version that no header may have.
const FORBIDDEN_VERSION: u64 = 0xff;
/// The caller records its spans.
const SAMPLED: u8 = 0x01;

/// The place in a trace that work goes on from: the trace, and the span that caused the work.
///
/// It is written as a header `traceparent` of version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
}

impl TraceParent {
    /// Reads a `traceparent`. What the standard calls invalid is `None`, and means that nobody traces:
    /// it is never an error. Of versions that are not known yet, what version 00 has is read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let version = hex(bytes.get(0..2)?)?;
        let rest = bytes.get(LEN..)?;
        let ends = match version {
            0 => rest.is_empty(),
            FORBIDDEN_VERSION => false,
            _ => rest.is_empty() || rest[0] == b'-',
        };
        if !ends || [2, 35, 52].iter().any(|at| bytes[*at] != b'-') {
            return None;
        }
        let (high, low) = (hex(&bytes[3..19])?, hex(&bytes[19..35])?);
        let parent = Self {
            trace_id: u128::from(high) << 64 | u128::from(low),
            span_id: hex(&bytes[36..52])?,
            sampled: hex(&bytes[53..55])? & u64::from(SAMPLED) != 0,
        };
        (parent.trace_id != 0 && parent.span_id != 0).then_some(parent)
    }

    /// The place that these ids name; `None` when one of them is zero, which no id is.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64, sampled: bool) -> Option<Self> {
        (trace_id != 0 && span_id != 0).then_some(Self {
            trace_id,
            span_id,
            sampled,
        })
    }

    /// The trace. It is written as 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The span that caused the work. It is written as 16 lower-case hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    /// Whether the caller records its spans.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }
}

/// The header: `00-<trace id>-<span id>-<flags>`.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = if self.sampled { SAMPLED } else { 0 };
        write!(
            f,
            "00-{:032x}-{:016x}-{flags:02x}",
            self.trace_id, self.span_id
        )
    }
}

/// Lower-case digits only: the standard knows no others.
fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number: u64, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    /// A header that is taken for something else joins strangers' traces; one that is an error keeps
    /// clients out for nothing.
    #[test]
    fn a_header_is_read_as_the_standard_says() {
        let sampled = format!("00-{TRACE}-{SPAN}-01");
        let unsampled = format!("00-{TRACE}-{SPAN}-00");
        let zero = "0".repeat(32);
        let read = |text: String| TraceParent::parse(&text).map(|parent| parent.to_string());
        for (text, expected) in [
            (sampled.clone(), Some(&sampled)),
            (unsampled.clone(), Some(&unsampled)),
            // Flags that version 00 does not know are not sent on.
            (format!("00-{TRACE}-{SPAN}-ff"), Some(&sampled)),
            (format!("00-{TRACE}-{SPAN}-08"), Some(&unsampled)),
            // Later versions are read by their beginning, and sent on as 00.
            (format!("cc-{TRACE}-{SPAN}-01"), Some(&sampled)),
            (format!("01-{TRACE}-{SPAN}-01-what-comes"), Some(&sampled)),
            (format!("01-{TRACE}-{SPAN}-01what-comes"), None),
            (format!("ff-{TRACE}-{SPAN}-01"), None),
            // Version 00 ends with its flags.
            (format!("00-{TRACE}-{SPAN}-01-what-comes"), None),
            (format!("00-{TRACE}-{SPAN}-01-"), None),
            (format!("00-{TRACE}-{SPAN}-1"), None),
            (format!("00-{TRACE}-{SPAN}"), None),
            (format!("00-{zero}-{SPAN}-01"), None),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), None),
            (format!("00-{TRACE}-{}-01", SPAN.to_uppercase()), None),
            (format!("0x-{TRACE}-{SPAN}-01"), None),
            (format!("00-{TRACE}-{SPAN}-0x"), None),
            (format!("00_{TRACE}-{SPAN}-01"), None),
            (format!("00-{TRACE}_{SPAN}-01"), None),
            (format!("00-{TRACE}-{SPAN}_01"), None),
            (format!(" 00-{TRACE}-{SPAN}-01"), None),
            (format!("00-{}-{SPAN}-01", "ж".repeat(16)), None),
            (String::new(), None),
            ("00".to_owned(), None),
        ] {
            assert_eq!(read(text.clone()).as_ref(), expected, "{text:?}");
        }
    }

    #[test]
    fn its_parts_are_those_of_the_header() {
        let parent = TraceParent::parse(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert_eq!(format!("{:032x}", parent.trace_id()), TRACE);
        assert_eq!(format!("{:016x}", parent.span_id()), SPAN);
        assert!(parent.is_sampled());
        let ids = (parent.trace_id(), parent.span_id());
        assert_eq!(TraceParent::new(ids.0, ids.1, true), Some(parent));
        assert_eq!(TraceParent::new(0, ids.1, true), None);
        assert_eq!(TraceParent::new(ids.0, 0, true), None);
    }
}
