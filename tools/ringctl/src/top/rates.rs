//! Shares of CPU time, from two looks.

use ringwall_api::{Machine, Sample, Summary};

/// By what the domains are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Order {
    #[default]
    Cpu,
    Memory,
    Name,
    Id,
}

/// A domain, and its share of one CPU since the look before, in per cent.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) domain: Summary,
    pub(super) percent: Option<f64>,
}

/// What is shown.
#[derive(Default)]
pub(super) struct View {
    pub(super) order: Order,
    pub(super) machine: Option<Machine>,
    last: Option<Sample>,
    rows: Vec<Row>,
}

impl View {
    /// Takes a look.
    pub(super) fn update(&mut self, sample: Sample) {
        let last = self.last.as_ref();
        let rows = sample.domains.iter().map(|domain| Row {
            domain: domain.clone(),
            percent: last.and_then(|last| percent(last, &sample, domain)),
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
                    .then(a.domain.id.cmp(&b.domain.id))
            }),
            Order::Memory => rows.sort_by_key(|row| std::cmp::Reverse(row.domain.memory_kib)),
            Order::Name => rows.sort_by(|a, b| a.domain.name.cmp(&b.domain.name)),
            Order::Id => rows.sort_by_key(|row| row.domain.id),
        }
        rows
    }
}

fn percent(last: &Sample, now: &Sample, domain: &Summary) -> Option<f64> {
    let before = last.domains.iter().find(|other| other.id == domain.id)?;
    let elapsed = now.time_ns.checked_sub(last.time_ns).filter(|ns| *ns > 0)?;
    let used = domain.cpu_time_ns.saturating_sub(before.cpu_time_ns);
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    Some(used as f64 * 100.0 / elapsed as f64)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ringwall_api::State;

    pub(in crate::top) fn sample(time_ns: u64, domains: &[(u16, &str, u64, u64)]) -> Sample {
        let domains = domains
            .iter()
            .map(|&(id, name, cpu_time_ns, memory_kib)| Summary {
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
                .map(|row| (row.domain.id, row.percent))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(&view), [(1, Some(50.0)), (0, Some(25.0)), (2, None)]);
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
