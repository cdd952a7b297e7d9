//! A TOML guest file as keys and values with places.

use toml_edit::{Document, Item, TableLike, Value as Toml};

use crate::problem::{Place, Problem};
use crate::value::{Located, Value};

/// A key of a file with its value; keys of the table `on` are named `on.poweroff` and so on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Option<Place>,
    pub(crate) value: Located,
}

/// Reads a TOML file.
pub(crate) fn read(text: &str) -> Result<Vec<Entry>, Problem> {
    let document = Document::parse(text).map_err(|error| {
        let place = error.span().map(|span| Place::of(text, span.start));
        // Several lines of the library's become one.
        let message = error.message().trim().replace('\n', ", ");
        Problem::new(message).at(place)
    })?;
    let reader = Reader { text };
    let mut entries = Vec::new();
    for (key, item) in document.as_table().iter() {
        match (key, item.as_table_like()) {
            ("on", Some(table)) => entries.extend(reader.entries("on.", table)?),
            _ => entries.push(reader.entry("", document.as_table(), key, item)?),
        }
    }
    Ok(entries)
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn entries(&self, prefix: &str, table: &dyn TableLike) -> Result<Vec<Entry>, Problem> {
        let entries = table.iter();
        entries
            .map(|(key, item)| self.entry(prefix, table, key, item))
            .collect()
    }

    fn entry(
        &self,
        prefix: &str,
        table: &dyn TableLike,
        key: &str,
        item: &Item,
    ) -> Result<Entry, Problem> {
        let span = table.key(key).and_then(toml_edit::Key::span);
        let place = span.map(|span| Place::of(self.text, span.start));
        Ok(Entry {
            key: format!("{prefix}{key}"),
            place,
            value: self.item(item).map_err(|problem| problem.at(place))?,
        })
    }

    fn item(&self, item: &Item) -> Result<Located, Problem> {
        let place = item.span().map(|span| Place::of(self.text, span.start));
        let value = match item {
            Item::Value(value) => return self.value(value),
            Item::Table(table) => self.table(table)?,
            Item::ArrayOfTables(tables) => {
                let tables = tables.iter().map(|table| {
                    Ok(Located {
                        place: table.span().map(|span| Place::of(self.text, span.start)),
                        value: self.table(table)?,
                    })
                });
                Value::List(tables.collect::<Result<_, Problem>>()?)
            }
            Item::None => return Err(Problem::new("the value is missing").at(place)),
        };
        Ok(Located { place, value })
    }

    fn table(&self, table: &dyn TableLike) -> Result<Value, Problem> {
        let entries = self.entries("", table)?.into_iter().map(|entry| {
            let mut value = entry.value;
            value.place = entry.place.or(value.place);
            (entry.key, value)
        });
        Ok(Value::Table(entries.collect()))
    }

    fn value(&self, value: &Toml) -> Result<Located, Problem> {
        let place = value.span().map(|span| Place::of(self.text, span.start));
        let value = match value {
            Toml::String(text) => Value::Text(text.value().clone()),
            Toml::Integer(number) => Value::Integer(*number.value()),
            Toml::Boolean(flag) => Value::Flag(*flag.value()),
            Toml::Array(list) => {
                let list = list.iter().map(|value| self.value(value));
                Value::List(list.collect::<Result<_, _>>()?)
            }
            Toml::InlineTable(table) => self.table(table)?,
            Toml::Float(_) | Toml::Datetime(_) => {
                return Err(Problem::new("no key takes fractions or dates").at(place));
            }
        };
        Ok(Located { place, value })
    }
}
