//! Runs cases in processes of their own: a crash ends one case, and one that does not end is stopped.

use super::{
    case::Case,
    check::{Failure, Kind, Outcome},
};
use crate::error::Error;
use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// Longer than any case takes on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Runs a case by `atheena fuzz --replay`.
pub fn run(case: &Case) -> Result<Outcome, Error> {
    let failure = |source| Error::Read { path: "atheena fuzz --replay".into(), source };
    let folder = tempfile::tempdir().map_err(failure)?;
    let file = folder.path().join("case.eenet");
    fs::write(&file, case.to_string()).map_err(failure)?;
    let place = |name| folder.path().join(name);
    let create = |name| fs::File::create(place(name)).map_err(failure);
    let mut child = Command::new(std::env::current_exe().map_err(failure)?)
        .args(["fuzz", "--json", "--replay"])
        .arg(&file)
        // What the process leaves when it is stopped goes with the folder.
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .stdout(create("stdout")?)
        .stderr(create("stderr")?)
        .process_group(0)
        .spawn()
        .map_err(failure)?;
    let status = wait(&mut child).map_err(failure)?;
    let read = |name| fs::read(place(name)).map(|text| String::from_utf8_lossy(&text).into_owned());
    let (answer, complaint) = (read("stdout").map_err(failure)?, read("stderr").map_err(failure)?);
    let Some(status) = status else {
        let message = format!("did not end in {} s", TIME_LIMIT.as_secs());
        return Ok(Outcome::Failed(Failure { kind: Kind::Timeout, message }));
    };
    Ok(serde_json::from_str(&answer).unwrap_or_else(|_| {
        let message = format!("{} ({status})", complaint.trim());
        Outcome::Failed(Failure { kind: Kind::Crash, message })
    }))
}

/// Waits for a process to end; stops it, and all that it has started, behind the time limit.
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > TIME_LIMIT {
            Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Does something for each index from 0 to `count` on all cores; the results are in order.
pub fn parallel<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(count);
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, T)> = std::thread::scope(|scope| {
        let worker = || {
            let indices = std::iter::from_fn(|| {
                Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&index| index < count)
            });
            indices.map(|index| (index, work(index))).collect::<Vec<_>>()
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("workers do not panic")).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Where the case of a file lies, for messages.
pub fn command(file: &Path) -> String {
    format!("atheena fuzz --replay {}", file.display())
}
