//! `top`: the machine and its domains, looked at again and again.

mod draw;
mod rates;

use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ringwall_api::{Client, Request, Result, Sample, typed};

use crate::commands::Session;
use crate::output::{Table, cpu_time, memory};
use rates::{Order, Row, View};

/// Draws on a terminal; elsewhere, or as JSON, prints what it sees.
pub(crate) fn run(
    session: &Session<'_>,
    interval: Duration,
    iterations: Option<u32>,
) -> Result<u8> {
    if session.output.json || !session.output.terminal {
        return print(session, interval, iterations.unwrap_or(1));
    }
    // A shell without a controlling terminal can't be drawn on.
    let Ok(mut terminal) = ratatui::try_init() else {
        return print(session, interval, iterations.unwrap_or(1));
    };
    let result = watch(session, &mut terminal, interval, iterations);
    ratatui::restore();
    result.map(|()| 0)
}

fn sample(session: &Session<'_>) -> Result<Sample> {
    Client::call(&session.socket, Request::Sample)
}

fn print(session: &Session<'_>, interval: Duration, iterations: u32) -> Result<u8> {
    let mut view = View::default();
    for round in 0..iterations {
        if round > 0 {
            std::thread::sleep(interval);
        }
        let reply = Client::ask(&session.socket, Request::Sample)?.reply()?;
        if session.output.json {
            session.output.line(&reply.to_string())?;
            continue;
        }
        view.update(typed(reply)?);
        let mut table = Table::new([
            ">ID", "NAME", "STATE", ">CPU%", ">TIME", ">MEMORY", ">VCPUS",
        ]);
        view.rows().iter().for_each(|row| table.row(cells(row)));
        table.print(session.output)?;
    }
    Ok(0)
}

/// A domain's cells, as both ways of printing have them.
fn cells(row: &Row) -> [String; 7] {
    let domain = &row.domain;
    [
        domain.id.to_string(),
        domain.name.clone(),
        domain.state.name().to_owned(),
        row.percent
            .map_or_else(|| "-".to_owned(), |percent| format!("{percent:.1}")),
        cpu_time(domain.cpu_time_ns),
        memory(domain.memory_kib),
        domain.vcpus.to_string(),
    ]
}

fn watch(
    session: &Session<'_>,
    terminal: &mut ratatui::DefaultTerminal,
    interval: Duration,
    iterations: Option<u32>,
) -> Result<()> {
    let mut view = View::default();
    let mut rounds = 0;
    loop {
        view.update(sample(session)?);
        rounds += 1;
        let next = Instant::now() + interval;
        loop {
            terminal.draw(|frame| draw::draw(frame, &view))?;
            let left = next.saturating_duration_since(Instant::now());
            if !event::poll(left)? {
                break;
            }
            if let Event::Key(key) = event::read()?
                && key.kind == KeyEventKind::Press
            {
                let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
                match key.code {
                    KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                    KeyCode::Char('c') if is_control => return Ok(()),
                    KeyCode::Char('c') => view.order = Order::Cpu,
                    KeyCode::Char('m') => view.order = Order::Memory,
                    KeyCode::Char('n') => view.order = Order::Name,
                    KeyCode::Char('i') => view.order = Order::Id,
                    _ => {}
                }
            }
        }
        if iterations.is_some_and(|most| rounds >= most) {
            return Ok(());
        }
    }
}
