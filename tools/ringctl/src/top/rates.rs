//! Shares of CPU time, from two looks.

use super::columns::Show;
use ringwall_api::{Counters, Load, Machine, Sample};

/// By what the domains are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Order {
    #[default]
    Cpu,
    Memory,
    Name,
    Id,
}

/// A domain, and what it did since the look before.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) load: Load,
    /// Its share of one CPU, in per cent.
    pub(super) percent: Option<f64>,
    /// In a second: hypercalls, page faults, what was emulated, upcalls, grants.
    pub(super) rates: Option<[u64; 5]>,
}

/// What is shown.
#[derive(Default)]
pub(super) struct View {
    pub(super) order: Order,
    pub(super) show: Show,
    pub(super) machine: Option<Machine>,
    last: Option<Sample>,
    rows: Vec<Row>,
}

impl View {
    /// Takes a look.
    pub(super) fn update(&mut self, sample: Sample) {
        let last = self.last.as_ref();
        let rows = sample.domains.iter().map(|load| {
            let since = last.and_then(|last| Since::new(last, &sample, load));
            Row {
                load: load.clone(),
                percent: since.as_ref().map(Since::percent),
                rates: since.as_ref().and_then(Since::rates),
            }
        });
        self.rows = rows.collect();
        self.machine = Some(sample.machine.clone());
        self.last = Some(sample);
    }

    /// The domains in order.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = self.rows.clone();
        match self.order {
            Order::Cpu => rows.sort_by(|a, b| {
                let share = |row: &Row| row.percent.unwrap_or(0.0);
                share(b)
                    .total_cmp(&share(a))
                    .then(a.load.summary.id.cmp(&b.load.summary.id))
            }),
            Order::Memory => rows.sort_by_key(|row| std::cmp::Reverse(row.load.summary.memory_kib)),
            Order::Name => rows.sort_by(|a, b| a.load.summary.name.cmp(&b.load.summary.name)),
            Order::Id => rows.sort_by_key(|row| row.load.summary.id),
        }
        rows
    }
}

/// A domain at two times.
struct Since<'a> {
    before: &'a Load,
    now: &'a Load,
    elapsed_ns: u64,
}

impl<'a> Since<'a> {
    /// `None` for a domain that was not there, or where no time went by.
    fn new(last: &'a Sample, sample: &Sample, now: &'a Load) -> Option<Self> {
        let id = now.summary.id;
        let mut domains = last.domains.iter();
        let before = domains.find(|other| other.summary.id == id)?;
        let elapsed_ns = sample.time_ns.checked_sub(last.time_ns)?;
        (elapsed_ns > 0).then_some(Self {
            before,
            now,
            elapsed_ns,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    fn percent(&self) -> f64 {
        let [before, now] = [self.before, self.now].map(|load| load.summary.cpu_time_ns);
        now.saturating_sub(before) as f64 * 100.0 / self.elapsed_ns as f64
    }

    fn rates(&self) -> Option<[u64; 5]> {
        let [before, now] = [self.before, self.now].map(|load| load.counters.as_ref().map(shown));
        let mut rates = now?;
        for (rate, before) in rates.iter_mut().zip(before?) {
            let count = u128::from(rate.saturating_sub(before)) * 1_000_000_000;
            *rate = u64::try_from(count / u128::from(self.elapsed_ns)).unwrap_or(u64::MAX);
        }
        Some(rates)
    }
}

/// The counters whose rates are shown.
fn shown(counters: &Counters) -> [u64; 5] {
    let emulated = counters.emulated_writes;
    [
        counters.hypercalls.sum(),
        counters.page_faults,
        emulated.saturating_add(counters.emulated_instructions),
        counters.upcalls,
        counters.grants,
    ]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ringwall_api::{State, Summary};

    pub(in crate::top) fn sample(time_ns: u64, domains: &[(u16, &str, u64, u64)]) -> Sample {
        let domains = domains
            .iter()
            .map(|&(id, name, cpu_time_ns, memory_kib)| Load {
                counters: Some(Counters {
                    page_faults: cpu_time_ns / 100,
                    ..Counters::default()
                }),
                memory_use: None,
                summary: Summary {
                    id,
                    name: name.to_owned(),
                    state: State::Running,
                    reason: None,
                    memory_kib,
                    max_memory_kib: None,
                    vcpus: 1,
                    max_vcpus: 1,
                    cpu_time_ns,
                    created_ms: None,
                },
            });
        Sample {
            time_ns,
            machine: Machine {
                hypervisor: "Ringwall 4.17".to_owned(),
                total_kib: 1 << 20,
                free_kib: 1 << 18,
                cpus: 1,
                cpu_khz: 2_600_000,
            },
            domains: domains.collect(),
        }
    }

    #[test]
    fn shares_come_from_two_looks() {
        let mut view = View::default();
        view.update(sample(0, &[(0, "dom0", 0, 100), (1, "b", 0, 300)]));
        assert_eq!(view.rows()[0].percent, None);
        view.update(sample(
            1000,
            &[(0, "dom0", 250, 100), (1, "b", 500, 300), (2, "a", 9, 200)],
        ));
        let shown = |view: &View| {
            let rows = view.rows();
            rows.iter()
                .map(|row| (row.load.summary.id, row.percent))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(&view), [(1, Some(50.0)), (0, Some(25.0)), (2, None)]);
        // Five in a microsecond.
        let rates = view.rows()[0].rates;
        assert_eq!(rates, Some([0, 5_000_000, 0, 0, 0]));
        for (order, ids) in [
            (Order::Memory, [1, 2, 0]),
            (Order::Name, [2, 1, 0]),
            (Order::Id, [0, 1, 2]),
        ] {
            view.order = order;
            let found: Vec<u16> = shown(&view).iter().map(|(id, _)| *id).collect();
            assert_eq!(found, ids, "{order:?}");
        }
    }
}
