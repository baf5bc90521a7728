//! Rust source without its comments, strings and tests, for rules on what the code itself says.

/// The source with comments and the contents of strings and characters blanked; lines and columns stay.
pub fn without_text(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = text_end(bytes, at);
        match end {
            Some(end) => {
                out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
                at = end;
            }
            None => at += 1,
        }
    }
    // Only whole comments, strings and characters were blanked, so what is left is UTF-8 as it was.
    String::from_utf8_lossy(&out).into_owned()
}

/// Where the comment, string or character that starts at `at` ends, if one does.
fn text_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let after_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    if rest.starts_with(b"//") {
        return Some(at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return Some(block_comment_end(bytes, at));
    }
    if !after_word && (rest[0] == b'r' || rest.starts_with(b"br") || rest.starts_with(b"cr")) {
        let quote = at + if rest[0] == b'r' { 1 } else { 2 };
        let hashes = bytes[quote..].iter().take_while(|byte| **byte == b'#').count();
        if bytes.get(quote + hashes) == Some(&b'"') {
            let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
            let inside = quote + hashes + 1;
            let length = bytes[inside..].windows(close.len()).position(|window| window == close);
            return Some(length.map_or(bytes.len(), |length| inside + length + close.len()));
        }
    }
    match rest[0] {
        b'"' => Some(quoted_end(bytes, at, b'"')),
        // A lifetime has no closing quote after its first character.
        b'\'' if rest.get(1) == Some(&b'\\') => Some(quoted_end(bytes, at, b'\'')),
        b'\'' => {
            let width = std::str::from_utf8(&rest[1..]).ok()?.chars().next()?.len_utf8();
            (rest.get(1 + width) == Some(&b'\'')).then_some(at + width + 2)
        }
        _ => None,
    }
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn quoted_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// The code that users run: without text, and without the items under `#[cfg(test)]`.
pub fn code_without_tests(source: &str) -> String {
    let mut code = without_text(source).into_bytes();
    let mut at = 0;
    while let Some(found) = find(&code[at..], b"#[cfg(test)]") {
        let start = at + found;
        let end = item_end(&code, start);
        code[start..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end;
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The end of the item at `start`: its closing brace, or its semicolon where it has no body.
fn item_end(code: &[u8], start: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in code.iter().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Whether a file holds only tests, benchmarks or a build script, which may panic.
pub fn may_panic(path: &str) -> bool {
    path.ends_with("build.rs")
        || path.ends_with("/tests.rs")
        || ["tests/", "benches/", "examples/"]
            .iter()
            .any(|folder| path.starts_with(folder) || path.contains(&format!("/{folder}")))
}

/// Whether `word` stands at `at` as a word of its own.
pub fn is_word(code: &str, at: usize, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_blanked_and_code_stays() {
        let source = "let a = \"x.unwrap()\"; // y.unwrap()\nlet b = r#\"\"panic!\"#; /* a /* b */ c */ let c = '\"'; d('\\'', 'é', &'a u8)";
        let code = without_text(source);
        assert_eq!(code.lines().count(), 2);
        assert!(!code.contains("unwrap") && !code.contains("panic"), "{code}");
        for kept in ["let a =", "let b =", "let c =", "d(", "&'a u8)"] {
            assert!(code.contains(kept), "{kept} is gone from {code}");
        }
    }

    #[test]
    fn test_items_are_blanked_and_later_code_stays() {
        let code = code_without_tests(
            "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\n#[cfg(test)]\nmod c;\nfn d() {}",
        );
        assert!(code.contains("fn a") && code.contains("fn d"), "{code}");
        assert!(!code.contains("fn b") && !code.contains("mod c"), "{code}");
    }
}
