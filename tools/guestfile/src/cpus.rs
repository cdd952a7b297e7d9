//! Which physical CPUs a domain's virtual CPUs may run on.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The highest number of a physical CPU that is taken.
const HIGHEST_CPU: u32 = 4095;

/// A set of physical CPUs, written `0-3,5,^2`; in JSON a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct CpuSet(BTreeSet<u32>);

impl CpuSet {
    /// Reads `0-3,5,^2`; `^` takes a CPU or a range out again.
    ///
    /// # Errors
    /// One line that says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut cpus = BTreeSet::new();
        for part in text.split(',') {
            let part = part.trim();
            let (remove, range) = match part.strip_prefix('^') {
                Some(range) => (true, range),
                None => (false, part),
            };
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let number = |digits: &str| -> Result<u32, String> {
                let cpu = digits.trim().parse().map_err(|_| {
                    format!("{text:?} is no set of CPUs: use 0-3,5 or ^2 to leave one out")
                })?;
                if cpu > HIGHEST_CPU {
                    return Err(format!("CPU {cpu} is above {HIGHEST_CPU}"));
                }
                Ok(cpu)
            };
            let range = number(first)?..=number(last)?;
            if range.is_empty() {
                return Err(format!("{part:?} runs backwards"));
            }
            for cpu in range {
                if remove {
                    cpus.remove(&cpu);
                } else {
                    cpus.insert(cpu);
                }
            }
        }
        if cpus.is_empty() {
            return Err(format!("{text:?} leaves no CPU"));
        }
        Ok(Self(cpus))
    }

    /// The CPUs, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().copied()
    }

    /// Whether it has this CPU.
    #[must_use]
    pub fn contains(&self, cpu: u32) -> bool {
        self.0.contains(&cpu)
    }
}

impl FromIterator<u32> for CpuSet {
    fn from_iter<T: IntoIterator<Item = u32>>(cpus: T) -> Self {
        Self(cpus.into_iter().collect())
    }
}

impl fmt::Display for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for cpu in self.iter() {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(cpu) => *last = cpu,
                _ => ranges.push((cpu, cpu)),
            }
        }
        let texts = ranges.iter().map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
        f.write_str(&texts.collect::<Vec<_>>().join(","))
    }
}

/// Where virtual CPUs may run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Affinity {
    /// Everywhere.
    #[default]
    Any,
    /// All of them on this set.
    Shared(CpuSet),
    /// Each on its own set; those without one run everywhere.
    Each(Vec<CpuSet>),
}

impl Affinity {
    /// The set of a virtual CPU, if it is bound to one.
    #[must_use]
    pub fn of_vcpu(&self, vcpu: usize) -> Option<&CpuSet> {
        match self {
            Self::Any => None,
            Self::Shared(set) => Some(set),
            Self::Each(sets) => sets.get(vcpu),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_and_written() {
        for (text, expected) in [
            ("0", Some("0")),
            ("0-3", Some("0-3")),
            ("0-3,^2", Some("0-1,3")),
            ("5, 1-2", Some("1-2,5")),
            ("0-4095", Some("0-4095")),
            ("3-1", None),
            ("^0", None),
            ("", None),
            ("4096", None),
            ("0-4294967295", None),
            ("node:0", None),
        ] {
            let set = CpuSet::parse(text).map(|set| set.to_string());
            assert_eq!(set.ok().as_deref(), expected, "{text:?}");
        }
    }
}
