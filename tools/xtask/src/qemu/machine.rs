//! A running machine: watched until it ends, and ended when it does not.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Boot, Console};

/// After the commands, to switch the machine off.
const POWER_OFF_LIMIT: Duration = Duration::from_secs(20);
/// After a fatal line, for the rest of what the machine has to say.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Between two looks at a machine that has the terminal.
const POLL: Duration = Duration::from_millis(50);

/// How a boot ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The machine switched itself off, or was reset.
    Stopped,
    /// It was told to stop, having said all that was asked for.
    Enough,
    /// It ran too long.
    TimedOut,
    /// It said that it is lost.
    Lost(String),
}

/// What came of a boot.
pub(crate) struct Outcome {
    pub(crate) end: End,
    /// Exit status of the commands, if they came to their end.
    pub(crate) status: Option<u8>,
    /// Whether they were started.
    pub(crate) began: bool,
    /// What they printed.
    pub(crate) output: Vec<u8>,
    /// All that came over the serial line.
    pub(crate) log: String,
    pub(crate) elapsed: Duration,
}

/// What the caller decides while the machine runs.
pub(crate) struct Watch<'a> {
    /// Gets the commands' output as it comes.
    pub(crate) output: &'a mut dyn FnMut(&[u8]) -> Result<()>,
    /// Asked after each piece: is this enough?
    pub(crate) enough: &'a dyn Fn(&Console) -> bool,
    /// What to type, one after the other.
    pub(crate) answers: &'a [Answer],
}

/// Something to type when the console shows a prompt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) prompt: &'static str,
    pub(crate) text: &'static str,
}

/// Boots with the terminal as console; false if it took longer than `limit`.
pub(crate) fn interactive(boot: &Boot, log: &Path, limit: Duration) -> Result<bool> {
    let deadline = Instant::now() + limit;
    let mut machine = Machine(
        boot.command(log)?
            .spawn()
            .context("QEMU could not be started")?,
    );
    while Instant::now() < deadline {
        if let Some(status) = machine.0.try_wait()? {
            anyhow::ensure!(status.success(), "QEMU failed ({status})");
            return Ok(true);
        }
        std::thread::sleep(POLL);
    }
    drop(machine);
    // QEMU had the terminal in raw mode, and could not put it back.
    let _ = Command::new("stty").arg("sane").status();
    Ok(false)
}

/// Boots without a terminal and watches the console until the end or for `limit`.
pub(crate) fn supervised(
    boot: &Boot,
    log: &Path,
    marker: &str,
    limit: Duration,
    watch: Watch<'_>,
) -> Result<Outcome> {
    let mut command = boot.command(log)?;
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut machine = Machine(command.spawn().context("QEMU could not be started")?);
    let pieces = read_in_background(machine.0.stdout.take().context("QEMU has no output")?);
    let mut run = Run {
        keyboard: machine.0.stdin.take().context("QEMU has no input")?,
        answered: 0,
        read_until: 0,
        console: Console::new(marker),
        output: Vec::new(),
        start: Instant::now(),
        deadline: Instant::now() + limit,
        at_deadline: End::TimedOut,
        decided: false,
    };
    let end = run.until_end(&pieces, watch)?;
    let elapsed = run.start.elapsed();
    if end == End::Stopped {
        machine.check_exit(&run.console)?;
    }
    Ok(Outcome {
        end,
        status: run.console.status(),
        began: run.console.began(),
        output: run.output,
        log: run.console.log(),
        elapsed,
    })
}

/// The state of a supervised boot.
struct Run {
    keyboard: ChildStdin,
    /// How many prompts were answered, and how much of the log came before that.
    answered: usize,
    read_until: usize,
    console: Console,
    output: Vec<u8>,
    start: Instant,
    deadline: Instant,
    /// What it means when the deadline is reached.
    at_deadline: End,
    decided: bool,
}

impl Run {
    fn until_end(&mut self, pieces: &Receiver<Vec<u8>>, watch: Watch<'_>) -> Result<End> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match pieces.recv_timeout(left) {
                Ok(piece) => {
                    let output = self.console.feed(&piece);
                    (watch.output)(&output)?;
                    self.output.extend_from_slice(&output);
                    if (watch.enough)(&self.console) {
                        return Ok(End::Enough);
                    }
                    self.answer(watch.answers)?;
                    self.decide();
                }
                Err(RecvTimeoutError::Timeout) => return Ok(self.at_deadline.clone()),
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(match &self.at_deadline {
                        lost @ End::Lost(_) => lost.clone(),
                        _ => End::Stopped,
                    });
                }
            }
        }
    }

    /// Types what the next prompt asks for.
    fn answer(&mut self, answers: &[Answer]) -> Result<()> {
        while let Some(answer) = answers.get(self.answered) {
            let log = self.console.log();
            let unread = log.get(self.read_until..).unwrap_or_default();
            let Some(at) = unread.find(answer.prompt) else {
                break;
            };
            self.read_until += at + answer.prompt.len();
            self.answered += 1;
            self.keyboard.write_all(answer.text.as_bytes())?;
            self.keyboard.flush()?;
        }
        Ok(())
    }

    /// Shortens the time that is left once the outcome is known.
    fn decide(&mut self) {
        if self.decided {
            return;
        }
        let (limit, end) = if let Some(line) = self.console.fatal() {
            (LAST_WORDS, End::Lost(line.to_owned()))
        } else if self.console.status().is_some() {
            (POWER_OFF_LIMIT, End::TimedOut)
        } else {
            return;
        };
        self.decided = true;
        self.at_deadline = end;
        self.deadline = self.deadline.min(Instant::now() + limit);
    }
}

/// A QEMU that ends with this value.
struct Machine(Child);

impl Machine {
    /// An error that carries QEMU's own words if it could not run the machine.
    fn check_exit(&mut self, console: &Console) -> Result<()> {
        let status = self.0.wait()?;
        let mut words = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            stderr.read_to_string(&mut words)?;
        }
        if !status.success() && !console.began() {
            anyhow::bail!("QEMU failed ({status}): {}", words.trim_end());
        }
        std::io::stderr().write_all(words.as_bytes())?;
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read_in_background(mut stdout: ChildStdout) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(size @ 1..) = stdout.read(&mut buffer) {
            if sender.send(buffer[..size].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
