//! `top`: the machine and its domains, looked at again and again.

mod columns;
mod draw;
mod rates;

use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ringwall_api::{Client, Request, Result, Sample};

use crate::commands::Session;
use crate::output::Table;
pub(crate) use columns::Show;
use rates::{Order, View};

/// Draws on a terminal; elsewhere, or as JSON, prints what it sees.
pub(crate) fn run(
    session: &Session<'_>,
    show: Show,
    interval: Duration,
    iterations: Option<u32>,
) -> Result<u8> {
    let mut view = View::default();
    view.show = show;
    if session.output.json {
        return print_json(session, show, interval, iterations.unwrap_or(1));
    }
    if !session.output.can_draw() {
        return print(session, view, interval, iterations.unwrap_or(1));
    }
    // A shell without a controlling terminal can't be drawn on.
    let Ok(mut terminal) = ratatui::try_init() else {
        return print(session, view, interval, iterations.unwrap_or(1));
    };
    let result = watch(session, view, &mut terminal, interval, iterations);
    ratatui::restore();
    result.map(|()| 0)
}

fn request(show: Show) -> Request {
    let memory_use = show == Show::Memory;
    Request::Sample { memory_use }
}

fn sample(session: &Session<'_>, show: Show) -> Result<Sample> {
    Client::call(&session.socket, request(show))
}

fn print_json(
    session: &Session<'_>,
    show: Show,
    interval: Duration,
    iterations: u32,
) -> Result<u8> {
    for round in 0..iterations {
        if round > 0 {
            std::thread::sleep(interval);
        }
        let reply = Client::ask(&session.socket, request(show))?.reply()?;
        session.output.line(&reply.to_string())?;
    }
    Ok(0)
}

/// Shares and rates come from two looks, so that a first one is not printed.
fn print(session: &Session<'_>, mut view: View, interval: Duration, iterations: u32) -> Result<u8> {
    view.update(sample(session, view.show)?);
    for _ in 0..iterations {
        std::thread::sleep(interval);
        view.update(sample(session, view.show)?);
        let mut table = Table::new(view.show.head());
        let rows = view.rows();
        rows.iter().for_each(|row| table.row(view.show.cells(row)));
        table.print(session.output)?;
    }
    Ok(0)
}

fn watch(
    session: &Session<'_>,
    mut view: View,
    terminal: &mut ratatui::DefaultTerminal,
    interval: Duration,
    iterations: Option<u32>,
) -> Result<()> {
    let mut rounds = 0;
    loop {
        view.update(sample(session, view.show)?);
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
                    KeyCode::Char('v') => {
                        view.show = view.show.next();
                        // What was not asked for is not there yet.
                        view.update(sample(session, view.show)?);
                    }
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
