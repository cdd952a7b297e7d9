//! What `top` draws.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Gauge, Row, Table};
use ringwall_api::State;

use super::columns::Show;
use super::rates::View;
use crate::output::memory;

/// Draws all: the machine, its memory, the domains, the keys.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View) {
    let [head, gauge, domains, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    if let Some(machine) = &view.machine {
        let line = format!(
            "{}, {} CPU{} of {} MHz, {} domains",
            machine.hypervisor,
            machine.cpus,
            if machine.cpus == 1 { "" } else { "s" },
            machine.cpu_khz / 1000,
            view.rows().len()
        );
        frame.render_widget(Line::from(line), head);
        let used = machine.total_kib.saturating_sub(machine.free_kib);
        #[expect(clippy::cast_precision_loss, reason = "a bar of some 80 characters")]
        let ratio = used as f64 / machine.total_kib.max(1) as f64;
        let label = format!("memory {} of {}", memory(used), memory(machine.total_kib));
        let bar = Gauge::default().ratio(ratio.clamp(0.0, 1.0)).label(label);
        frame.render_widget(bar.gauge_style(Style::new().fg(Color::Blue)), gauge);
    }
    frame.render_widget(table(view), domains);
    let line = Line::from("sort by: c CPU, m memory, n name, i ID    v other numbers    q ends");
    frame.render_widget(line.style(Style::new().add_modifier(Modifier::DIM)), keys);
}

fn table(view: &View) -> Table<'static> {
    let sorted = view.show.sorted(view.order);
    let names = view.show.head();
    let is_number = names.map(|name| name.starts_with('>'));
    let head = names.iter().enumerate().map(|(column, name)| {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let style = match sorted == Some(column) {
            true => bold.add_modifier(Modifier::REVERSED),
            false => bold,
        };
        let is_number = name.starts_with('>');
        cell(name.trim_start_matches('>').to_owned(), is_number).style(style)
    });
    let rows = view.rows().into_iter().map(|row| {
        let color = match row.load.summary.state {
            State::Running => Color::Green,
            State::Blocked => Color::Cyan,
            State::Paused => Color::Yellow,
            State::Crashed => Color::Red,
            State::Shutdown | State::Dying => Color::DarkGray,
        };
        let cells = view.show.cells(&row).into_iter().zip(is_number).zip(names);
        Row::new(cells.map(|((text, is_number), name)| match name {
            "STATE" => cell(text, is_number).style(Style::new().fg(color)),
            _ => cell(text, is_number),
        }))
    });
    let widths = match view.show {
        Show::Load => [5, 20, 9, 6, 9, 8, 8, 5],
        Show::Counters => [5, 18, 6, 8, 8, 10, 9, 8],
        Show::Memory => [5, 18, 8, 9, 8, 8, 8, 8],
    };
    Table::new(rows, widths.map(Constraint::Length)).header(Row::new(head))
}

/// Numbers stand to the right.
fn cell(text: String, is_number: bool) -> Cell<'static> {
    let line = Line::from(text);
    Cell::from(match is_number {
        true => line.right_aligned(),
        false => line,
    })
}

#[cfg(test)]
mod tests {
    use super::super::rates::tests::sample;
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    #[test]
    fn the_domains_are_drawn() {
        let mut view = View::default();
        view.update(sample(0, &[(0, "dom0", 0, 524_288), (7, "web", 0, 65_536)]));
        view.update(sample(
            1_000_000_000,
            &[
                (0, "dom0", 100_000_000, 524_288),
                (7, "web", 500_000_000, 65_536),
            ],
        ));
        let mut terminal = Terminal::new(TestBackend::new(80, 8)).unwrap();
        terminal.draw(|frame| draw(frame, &view)).unwrap();
        let lines: Vec<String> = terminal
            .backend()
            .buffer()
            .content()
            .chunks(80)
            .map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>())
            .collect();
        assert!(
            lines[0].starts_with("Ringwall 4.17, 1 CPU of 2600 MHz, 2 domains"),
            "{lines:?}"
        );
        assert!(lines[1].contains("memory 768M of 1024M"), "{lines:?}");
        assert!(
            lines[3].starts_with("    7 web                  running     50.0"),
            "{lines:?}"
        );
        assert!(lines[4].starts_with("    0 dom0"), "{lines:?}");
        view.show = view.show.next();
        terminal.draw(|frame| draw(frame, &view)).unwrap();
        let lines: String = terminal
            .backend()
            .buffer()
            .content()
            .iter()
            .map(|cell| cell.symbol())
            .collect();
        assert!(lines.contains("FAULTS/S"), "{lines:?}");
        assert!(lines.contains("5000000"), "{lines:?}");
    }
}
