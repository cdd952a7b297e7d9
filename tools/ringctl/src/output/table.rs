//! Tables: aligned under headings on a terminal, cells between tabs elsewhere.

use anstyle::Style;
use ringwall_api::Result;

use super::{HEADING, Output};

/// Rows in the making.
pub(crate) struct Table<const COLUMNS: usize> {
    head: [&'static str; COLUMNS],
    rows: Vec<[(String, Style); COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with these headings; one that starts with `>` is of numbers, set to the right.
    pub(crate) fn new(head: [&'static str; COLUMNS]) -> Self {
        Self {
            head,
            rows: Vec::new(),
        }
    }

    /// Adds a row without colours.
    pub(crate) fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells.map(|cell| (cell, Style::new())));
    }

    /// Adds a row with a colour for one of its cells.
    pub(crate) fn row_with(&mut self, cells: [String; COLUMNS], colored: usize, style: Style) {
        let mut row = cells.map(|cell| (cell, Style::new()));
        if let Some((_, cell_style)) = row.get_mut(colored) {
            *cell_style = style;
        }
        self.rows.push(row);
    }

    /// Prints it.
    pub(crate) fn print(&self, output: &Output) -> Result<()> {
        if !output.terminal {
            for row in &self.rows {
                let cells: Vec<_> = row.iter().map(|(cell, _)| cell.as_str()).collect();
                output.line(&cells.join("\t"))?;
            }
            return Ok(());
        }
        let head = self.head.map(|name| name.trim_start_matches('>'));
        let mut widths = head.map(|name| name.chars().count());
        for row in &self.rows {
            for (width, (cell, _)) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let head_row = head.map(|name| (name.to_owned(), HEADING));
        for row in std::iter::once(&head_row).chain(&self.rows) {
            let cells = row.iter().zip(widths).zip(self.head);
            let line: Vec<String> = cells
                .map(|(((cell, style), width), name)| {
                    let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
                    let cell = output.styled(*style, cell);
                    match name.starts_with('>') {
                        true => padding + &cell,
                        false => cell + &padding,
                    }
                })
                .collect();
            output.line(line.join("  ").trim_end())?;
        }
        Ok(())
    }
}
