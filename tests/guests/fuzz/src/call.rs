//! One random hypercall.

use guests::sdk::println;
use guests::{Answer, ask_number};

use crate::world::World;
use guests::random::Random;

/// Hypercalls whose first argument is an operation, and how many of those there are, with a few to spare.
const OPERATIONS: [(u64, u64); 13] = [
    // memory_op, event_channel_op and grant_table_op are most of what a domain can do to others.
    (12, 30),
    (12, 30),
    (32, 16),
    (32, 16),
    (20, 14),
    (20, 14),
    (20, 14),
    (24, 16),
    (17, 12),
    (29, 9),
    (33, 36),
    (30, 4),
    (28, 3),
];
/// Those whose first argument points to a list or a structure.
const LISTS: [u64; 12] = [1, 1, 1, 26, 26, 26, 13, 13, 35, 36, 7, 49];
/// Those that take numbers.
const NUMBERS: [u64; 11] = [0, 2, 5, 8, 9, 10, 14, 14, 15, 22, 25];

/// What would end the guest, or have it sleep for good, at once: tried now and then.
const fn is_an_end(number: u64, operation: u64) -> bool {
    match number {
        // set_trap_table, stack_switch, set_callbacks, iret.
        0 | 3 | 4 | 23 => true,
        // block, shutdown, poll, remote_shutdown, watchdog.
        29 => matches!(operation, 1..=4 | 6),
        // VCPUOP_down.
        24 => operation == 2,
        _ => false,
    }
}

/// Makes one: its number and what came of it; none where it would be the end.
pub(crate) fn one(random: &mut Random, world: &World, trace: bool) -> Option<(u64, Answer)> {
    let mut arguments = [0; 5];
    for argument in &mut arguments {
        *argument = world.value(random);
    }
    let [first, second, third, fourth, _] = &mut arguments;
    let number = match random.below(16) {
        0 => random.below(64),
        1 => random.next() >> random.below(64),
        2..=3 => random.of(&NUMBERS),
        4..=8 => {
            let number = random.of(&LISTS);
            *first = world.pointer(random);
            // Mostly short; a long list goes on until it fails.
            *second = match random.below(8) {
                // But for multicall, where one of many would be the end.
                0 if number != 13 => world.value(random),
                _ => random.below(9),
            };
            if !random.once_in(4) {
                *third = world.pointer(random);
                *fourth = match random.below(3) {
                    0 => 0x7ff0,
                    1 => world.domain(random),
                    _ => world.domain(random) | (world.domain(random) + 1) << 16,
                };
            }
            number
        }
        _ => {
            let (number, operations) = random.of(&OPERATIONS);
            *first = random.below(operations);
            match number {
                // Virtual CPU, structure.
                24 => (*second, *third) = (random.below(3), world.pointer(random)),
                // Structure, count.
                20 => (*second, *third) = (world.pointer(random), random.below(9)),
                _ => *second = world.pointer(random),
            }
            number
        }
    };
    if is_an_end(number, arguments[0]) && !random.once_in(200) {
        return None;
    }
    if trace {
        println!("{number} {arguments:x?}");
    }
    let answer = ask_number(number, arguments);
    if trace {
        println!("= {answer}");
    }
    Some((number, answer))
}
