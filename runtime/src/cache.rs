//! Where things are kept that all clones and designs of a user share: CIRCT, Verilator's compiled library.

use std::path::PathBuf;

/// `${XDG_CACHE_HOME:-$HOME/.cache}/atheena`; `None` if neither variable is set.
pub fn directory() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?;
    Some(cache.join("atheena"))
}
