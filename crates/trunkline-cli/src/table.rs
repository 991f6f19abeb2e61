//! Tables for people, aligned by how wide text is on the screen.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use crate::text::one_line;

/// A table: a heading for each column, and rows.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    numbers: Vec<usize>,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![headings.iter().map(|&heading| heading.to_owned()).collect()],
            numbers: Vec::new(),
        }
    }

    /// Aligns this column, counted from 0, to the right.
    pub(crate) fn numbers_in(mut self, column: usize) -> Self {
        self.numbers.push(column);
        self
    }

    /// Adds a row; what others wrote is made safe.
    pub(crate) fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows
            .push(cells.into_iter().map(|cell| one_line(cell.as_ref())).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.width())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let space = " ".repeat(width - cell.width());
                if self.numbers.contains(&column) {
                    line += &space;
                    line += cell;
                } else {
                    line += cell;
                    line += &space;
                }
                line += "  ";
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_whatever_is_in_them() {
        let mut table = Table::new(&["NAME", "MS", "TYPE"]).numbers_in(1);
        table.row(["Zürich", "7", "A"]);
        table.row(["東京支店", "1,200", ""]);
        table.row(["a\u{1b}b", "", "B"]);
        assert_eq!(
            table.to_string(),
            "NAME         MS  TYPE\n\
             Zürich        7  A\n\
             東京支店  1,200\n\
             a\\u{1b}b         B\n"
        );
    }
}
