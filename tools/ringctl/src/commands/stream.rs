//! `logs`, `events`, `dmesg`: lines.

use ringwall_api::{Event, LogLine, Request, Result};

use super::Session;
use crate::output::{FAINT, Output, clock_time};

pub(super) fn logs(
    session: &Session<'_>,
    domain: String,
    follow: bool,
    since_ms: Option<u64>,
    timestamps: bool,
) -> Result<u8> {
    let request = Request::Logs {
        domain,
        follow,
        since_ms,
    };
    session.stream(request, |output, line: LogLine| {
        let text = output.foreign(&line.text);
        if !timestamps {
            return output.line(&text);
        }
        let time = output.styled(FAINT, &clock_time(line.time_ms));
        output.line(&format!("{time} {text}"))
    })
}

pub(super) fn events(session: &Session<'_>, follow: bool) -> Result<u8> {
    session.stream(Request::Events { follow }, |output, event: Event| {
        let time = output.styled(FAINT, &clock_time(event.time_ms));
        let line = format!(
            "{time} {} {} {}",
            event.name,
            event.kind.name(),
            output.foreign(&event.detail)
        );
        output.line(line.trim_end())
    })
}

pub(super) fn lines(output: &Output, lines: Vec<String>) -> Result<()> {
    lines.iter().try_for_each(|line| output.line(line))
}
