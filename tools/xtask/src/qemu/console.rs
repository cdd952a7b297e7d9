//! The serial console, read as it comes: what the guest's commands print, and what goes wrong.

/// Starts of lines that the hypervisor writes between the guest's.
const HYPERVISOR: [&str; 2] = ["(RW) ", "(XEN) "];
/// What lines say after which nothing good comes, in lower case.
const FATAL: [&str; 5] = [
    "(rw) panic",
    "(xen) panic on cpu",
    "dom0 crashed",
    "domain 0 crashed",
    "kernel panic - not syncing",
];

/// Where the frame of the commands' output stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Frame {
    Before,
    Inside { line_start: bool },
    After,
}

/// What was read so far.
pub(crate) struct Console {
    begin: String,
    end: String,
    frame: Frame,
    /// Bytes that no decision was made about.
    pending: Vec<u8>,
    /// All that came, without carriage returns.
    log: Vec<u8>,
    scanned: usize,
    status: Option<u8>,
    fatal: Option<String>,
}

impl Console {
    /// A console on which the frame's lines start with `marker`.
    pub(crate) fn new(marker: &str) -> Self {
        Self {
            begin: format!("{marker}:begin\n"),
            end: format!("{marker}:end:"),
            frame: Frame::Before,
            pending: Vec::new(),
            log: Vec::new(),
            scanned: 0,
            status: None,
            fatal: None,
        }
    }

    /// Takes what came, and returns the part of the commands' output that is now certain.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let bytes: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(|byte| *byte != b'\r')
            .collect();
        self.log.extend_from_slice(&bytes);
        self.pending.extend_from_slice(&bytes);
        self.look_for_fatal_lines();
        let mut output = Vec::new();
        while self.step(&mut output) {}
        output
    }

    /// The commands' exit status, once they have ended.
    pub(crate) fn status(&self) -> Option<u8> {
        self.status
    }

    /// Whether the commands were started.
    pub(crate) fn began(&self) -> bool {
        self.frame != Frame::Before
    }

    /// The first line that says that the machine is lost.
    pub(crate) fn fatal(&self) -> Option<&str> {
        self.fatal.as_deref()
    }

    /// All that came.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log).into_owned()
    }

    /// Makes one decision about the pending bytes; false when it takes more of them.
    fn step(&mut self, output: &mut Vec<u8>) -> bool {
        match self.frame {
            Frame::Before => self.before(),
            Frame::Inside { line_start } => self.inside(line_start, output),
            Frame::After => self.after(),
        }
    }

    fn before(&mut self) -> bool {
        let Some(at) = find(&self.pending, self.begin.as_bytes()) else {
            let keep = overlap(&self.pending, self.begin.as_bytes());
            self.pending.drain(..self.pending.len() - keep);
            return false;
        };
        self.pending.drain(..at + self.begin.len());
        self.frame = Frame::Inside { line_start: true };
        true
    }

    fn inside(&mut self, line_start: bool, output: &mut Vec<u8>) -> bool {
        let line_end = self
            .pending
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|at| at + 1);
        if line_start {
            for prefix in HYPERVISOR.map(str::as_bytes) {
                if self.pending.starts_with(prefix) {
                    let Some(end) = line_end else { return false };
                    self.pending.drain(..end);
                    return true;
                }
                if prefix.starts_with(&self.pending) {
                    return false;
                }
            }
        }
        let line = &self.pending[..line_end.unwrap_or(self.pending.len())];
        if let Some(at) = find(line, self.end.as_bytes()) {
            output.extend(self.pending.drain(..at));
            self.frame = Frame::After;
            return true;
        }
        let keep = if line_end.is_some() {
            0
        } else {
            overlap(line, self.end.as_bytes())
        };
        let take = line.len() - keep;
        output.extend(self.pending.drain(..take));
        self.frame = Frame::Inside {
            line_start: if take == 0 {
                line_start
            } else {
                line_end.is_some()
            },
        };
        line_end.is_some()
    }

    fn after(&mut self) -> bool {
        if self.status.is_none() {
            let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') else {
                return false;
            };
            let digits = self.pending.get(self.end.len()..end).unwrap_or_default();
            self.status = Some(String::from_utf8_lossy(digits).parse().unwrap_or(u8::MAX));
        }
        self.pending.clear();
        false
    }

    fn look_for_fatal_lines(&mut self) {
        // The commands may print what they like, as may the kernel's log after them.
        while let Some(length) = self.log[self.scanned..]
            .iter()
            .position(|byte| *byte == b'\n')
        {
            let line = String::from_utf8_lossy(&self.log[self.scanned..self.scanned + length]);
            let hypervisor = HYPERVISOR.iter().any(|prefix| line.starts_with(prefix));
            let kernel = line.trim_start().starts_with('[');
            if self.fatal.is_none()
                && self.status.is_none()
                && (hypervisor || kernel)
                && FATAL
                    .iter()
                    .any(|fatal| line.to_lowercase().contains(fatal))
            {
                self.fatal = Some(line.into_owned());
            }
            self.scanned += length + 1;
        }
    }
}

/// Where `needle` starts in `bytes`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}

/// How many bytes at the end of `bytes` may be the start of `needle`.
fn overlap(bytes: &[u8], needle: &[u8]) -> usize {
    (0..needle.len().min(bytes.len() + 1))
        .rev()
        .find(|length| bytes.ends_with(&needle[..*length]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the size of the pieces, the same comes out.
    fn check(input: &str, output: &str, status: Option<u8>) {
        for size in [1, 2, 3, 7, 1000] {
            let mut console = Console::new("@m");
            let pieces = input.as_bytes().chunks(size);
            let seen: Vec<u8> = pieces.flat_map(|piece| console.feed(piece)).collect();
            assert_eq!(String::from_utf8_lossy(&seen), output, "pieces of {size}");
            assert_eq!(console.status(), status, "pieces of {size}");
        }
    }

    #[test]
    fn output_is_what_the_commands_print() {
        for (input, output, status) in [
            (
                "boot\n@m:begin\nhello\n@m:end:0\nmore\n",
                "hello\n",
                Some(0),
            ),
            ("@m:begin\r\nno newline@m:end:7\r\n", "no newline", Some(7)),
            ("@m:begin\n@m:end:0\n", "", Some(0)),
            (
                "@m:begin\na @m: b @m:end\n@m:end:1\n",
                "a @m: b @m:end\n",
                Some(1),
            ),
            ("never", "", None),
            ("@m:begin\nunfinished\n", "unfinished\n", None),
        ] {
            check(input, output, status);
        }
    }

    #[test]
    fn lines_of_the_hypervisor_are_left_out() {
        check(
            "@m:begin\na\n(XEN) x\nb (RW) c\n(RW) y\n@m:end:0\n",
            "a\nb (RW) c\n",
            Some(0),
        );
    }

    #[test]
    fn only_the_machine_itself_can_declare_itself_lost() {
        for (input, fatal) in [
            ("(XEN) Panic on CPU 0:\n", Some("(XEN) Panic on CPU 0:")),
            (
                "[    1.0] Kernel panic - not syncing: x\n",
                Some("[    1.0] Kernel panic - not syncing: x"),
            ),
            ("echo Kernel panic - not syncing\n", None),
        ] {
            let mut console = Console::new("@m");
            console.feed(input.as_bytes());
            assert_eq!(console.fatal(), fatal);
        }
    }
}
