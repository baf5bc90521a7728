//! Pages for people: HTML that loads nothing, in light and dark.

pub mod chart;
mod drawing;
mod exploration;
mod report;

pub use exploration::exploration;
pub use report::report;

/// What every page looks like.
const STYLE: &str = include_str!("page.css");

/// A page.
fn page(title: &str, body: &str, script: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n<script>\n{script}</script>\n</body>\n</html>\n"
    )
}

/// Text for HTML and SVG.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(character),
        }
    }
    safe
}

/// A value for a script inside a page.
fn json(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).expect("what a page shows holds nothing that JSON can't");
    // So that no text ends the script.
    text.replace('<', "\\u003c")
}

/// A number with a thin space between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 && digits.as_bytes()[index - 1].is_ascii_digit() {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A number in few characters: 1.2k, 3.4M.
fn short(value: f64) -> String {
    let (scaled, unit) = match value {
        v if v >= 1e6 => (v / 1e6, "M"),
        v if v >= 1e3 => (v / 1e3, "k"),
        v => (v, ""),
    };
    let digits = if scaled >= 100.0 || (unit.is_empty() && scaled == scaled.trunc()) { 0 } else { 1 };
    format!("{scaled:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_or_grouped() {
        assert_eq!(grouped(1_234_567.0), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(
            [short(5.0), short(1536.0), short(122_070.3), short(1.9e6)],
            ["5", "1.5k", "122k", "1.9M"]
        );
    }

    #[test]
    fn text_can_not_become_markup() {
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
        assert_eq!(json(&"</script>"), "\"\\u003c/script>\"");
    }
}
