//! What a guest says of its rule, read from the console.

use std::time::Duration;

use crate::qemu::End;

/// How the line starts by which a guest gives its verdict.
const VERDICT: &str = "VERDICT ";
/// How the line starts by which a guest says that its domain is about to be crashed, as it must be.
const CRASHES: &str = "CRASHES ";
/// What the hypervisors say when they crash dom0, and not when it ends itself: ours, and Xen.
const CRASHED: [&str; 2] = ["dom0 has crashed", "Domain 0 (vcpu#"];

/// How the line starts by which a guest says that it is about to panic, as it must.
const PANICS: &str = "PANICS ";
/// What the hypervisors say when dom0 ends itself as crashed: ours, and Xen.
const PANICKED: [&str; 2] = ["d0 shuts down: SHUTDOWN_crash", "Hardware Dom0 crashed"];

/// How the line starts by which a guest says that it is about to switch the machine off, as it must.
const POWERS_OFF: &str = "POWERS OFF ";
/// What the hypervisors say when they do: ours, and Xen.
const OFF: [&str; 2] = ["switches the machine off", "ACPI S5 state"];

/// What came of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It holds.
    Success,
    /// It holds but for what Xen is known to do otherwise.
    Differs(String),
    /// It can't be tried here.
    Skip(String),
    /// The test is wrong, or came to no verdict.
    Error(String),
    /// It is broken.
    Failure(String),
}

impl Verdict {
    /// Whether it is one that must not be: only Xen may differ from what we hold to be right.
    pub(super) const fn is_bad(&self, on_xen: bool) -> bool {
        match self {
            Self::Success | Self::Skip(_) => false,
            Self::Differs(_) => !on_xen,
            Self::Error(_) | Self::Failure(_) => true,
        }
    }

    /// Its word, as the guest prints it.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Differs(_) => "differs",
            Self::Skip(_) => "skip",
            Self::Error(_) => "error",
            Self::Failure(_) => "failure",
        }
    }

    /// What the guest says of it.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Success => "",
            Self::Differs(text) | Self::Skip(text) | Self::Error(text) | Self::Failure(text) => {
                text
            }
        }
    }

    /// The verdict of this word, or `None` where the word is none.
    pub(super) fn new(word: &str, text: &str) -> Option<Self> {
        let text = text.trim().to_owned();
        Some(match word {
            "success" => Self::Success,
            "differs" => Self::Differs(text),
            "skip" => Self::Skip(text),
            "error" => Self::Error(text),
            "failure" => Self::Failure(text),
            _ => return None,
        })
    }
}

/// Whether the console has said all that a verdict takes.
pub(super) fn is_over(log: &str) -> bool {
    let complete = log.rfind('\n').map_or("", |end| &log[..end]);
    let expects = |start: &str| complete.lines().any(|line| line.starts_with(start));
    let (crash, panic) = (expects(CRASHES), expects(PANICS));
    complete.lines().any(|line| {
        line.starts_with(VERDICT) || (crash && tells_crash(line)) || (panic && tells_panic(line))
    })
}

fn tells_panic(line: &str) -> bool {
    PANICKED.iter().any(|panicked| line.contains(panicked))
}

fn tells_crash(line: &str) -> bool {
    CRASHED.iter().any(|crashed| line.contains(crashed))
}

/// The verdict that the log comes to.
pub(super) fn judge(log: &str, rule: &str, end: &End, limit: Duration) -> Verdict {
    let said = |start: &str| {
        log.lines().find_map(|line| {
            let (name, rest) = line.strip_prefix(start)?.split_once(' ')?;
            (name == rule).then(|| rest.to_owned())
        })
    };
    if let Some(verdict) = said(VERDICT) {
        let (word, text) = verdict.split_once(' ').unwrap_or((&verdict, ""));
        return Verdict::new(word, text)
            .unwrap_or_else(|| Verdict::Error(format!("{word} is no verdict")));
    }
    if let Some(what) = said(PANICS) {
        let printed = log.lines().any(|line| line.contains("panicked at"));
        return match (printed, log.lines().any(tells_panic)) {
            (true, true) => Verdict::Success,
            (false, _) => Verdict::Failure(format!("nothing was printed of {}", what.trim())),
            (true, false) => Verdict::Failure(format!(
                "the domain did not end as crashed by {}",
                what.trim()
            )),
        };
    }
    if let Some(what) = said(POWERS_OFF) {
        let told = log
            .lines()
            .any(|line| OFF.iter().any(|off| line.contains(off)));
        // A machine that is reset stops as well, here; it does not say the other thing.
        return match (told, end) {
            (true, End::Stopped) => Verdict::Success,
            _ => Verdict::Failure(format!(
                "the machine was not switched off by {}",
                what.trim()
            )),
        };
    }
    let last = log.lines().rfind(|line| !line.trim().is_empty());
    let last = last.unwrap_or_default();
    match (said(CRASHES), log.lines().any(tells_crash), end) {
        (Some(_), true, _) => Verdict::Success,
        (Some(what), false, _) => {
            Verdict::Failure(format!("the domain did not crash by {}", what.trim()))
        }
        (None, true, _) => Verdict::Error(format!("the domain crashed: {}", cause(log))),
        (None, false, End::TimedOut) => {
            Verdict::Error(format!("no verdict in {limit:?}; the last line: {last}"))
        }
        (None, false, _) => Verdict::Error(format!("no verdict; the last line: {last}")),
    }
}

/// The line that says most about an unexpected crash.
fn cause(log: &str) -> &str {
    let words = ["panicked", " ends: ", "error: ", "domain_crash"];
    words
        .iter()
        .find_map(|word| log.lines().find(|line| line.contains(word)))
        .unwrap_or("for no stated reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(log: &str, end: End, expected: Verdict) {
        let found = judge(log, "a", &end, Duration::from_secs(1));
        assert_eq!(found, expected, "{log:?}");
    }

    #[test]
    fn verdicts_are_read_from_the_log() {
        for (log, verdict) in [
            ("x\nVERDICT a success \n", Verdict::Success),
            ("VERDICT a skip no AVX\n", Verdict::Skip("no AVX".into())),
            ("VERDICT a differs x\n", Verdict::Differs("x".into())),
            (
                "VERDICT a failure EINVAL, not 0\n",
                Verdict::Failure("EINVAL, not 0".into()),
            ),
            (
                "VERDICT a odd\n",
                Verdict::Error("odd is no verdict".into()),
            ),
        ] {
            check(log, End::Enough, verdict);
        }
    }

    #[test]
    fn no_verdict_is_an_error() {
        for (log, end, text) in [
            (
                "VERDICT b success\n",
                End::Stopped,
                "no verdict; the last line: VERDICT b success",
            ),
            ("x\n\n", End::TimedOut, "no verdict in 1s; the last line: x"),
            (
                "panicked at x\n(RW) dom0 has crashed\n",
                End::Stopped,
                "the domain crashed: panicked at x",
            ),
        ] {
            check(log, end, Verdict::Error(text.into()));
        }
    }

    #[test]
    fn a_crash_counts_where_it_is_due() {
        let due = "CRASHES a a bad stack\n";
        for crashed in [
            "(RW) dom0 has crashed",
            "(XEN) Domain 0 (vcpu#0) crashed on cpu#0:",
        ] {
            check(&format!("{due}{crashed}\n"), End::Enough, Verdict::Success);
            assert!(is_over(&format!("{due}{crashed}\n")));
            assert!(!is_over(&format!("{crashed}\n")));
        }
        let survived = Verdict::Failure("the domain did not crash by a bad stack".into());
        check(due, End::TimedOut, survived);
        check(
            &format!("{due}VERDICT a failure it goes on\n"),
            End::Enough,
            Verdict::Failure("it goes on".into()),
        );
    }

    #[test]
    fn a_panic_counts_where_it_is_printed_and_told() {
        let due = "PANICS a a panic\n";
        let printed = "panicked at main.rs:1:1:\n";
        for (end, success) in [
            ("(RW) d0 shuts down: SHUTDOWN_crash\n", true),
            ("(XEN) Hardware Dom0 crashed: rebooting machine\n", true),
            ("(RW) d0 shuts down: SHUTDOWN_reboot\n", false),
        ] {
            let log = format!("{due}{printed}{end}");
            let verdict = judge(&log, "a", &End::Enough, Duration::from_secs(1));
            assert_eq!(verdict == Verdict::Success, success, "{log}");
            assert_eq!(is_over(&log), success, "{log}");
            let silent = judge(
                &format!("{due}{end}"),
                "a",
                &End::Enough,
                Duration::from_secs(1),
            );
            assert!(matches!(silent, Verdict::Failure(_)), "{silent:?}");
        }
    }

    #[test]
    fn a_machine_is_off_where_it_is_told_and_stops() {
        let due = "POWERS OFF a S5\n";
        let failure = || Verdict::Failure("the machine was not switched off by S5".into());
        for said in [
            "(RW) d0 switches the machine off",
            "(XEN) Preparing system for ACPI S5 state.",
        ] {
            let log = format!("{due}{said}\n");
            check(&log, End::Stopped, Verdict::Success);
            check(&log, End::TimedOut, failure());
            assert!(!is_over(&log));
        }
        check(
            &format!("{due}(RW) dom0 has crashed\n"),
            End::Stopped,
            failure(),
        );
    }

    #[test]
    fn only_complete_lines_count() {
        for (log, over) in [
            ("VERDICT a succ", false),
            ("VERDICT a success\n", true),
            ("x\n", false),
            ("", false),
        ] {
            assert_eq!(is_over(log), over, "{log:?}");
        }
    }

    #[test]
    fn only_xen_may_differ() {
        let differs = Verdict::Differs(String::new());
        assert!(differs.is_bad(false));
        assert!(!differs.is_bad(true));
    }
}
