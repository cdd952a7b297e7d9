//! How long a command takes, from its start to its end: `stopwatch NAME COMMAND [ARGUMENT...]` prints `NAME=` and nanoseconds.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(name), Some(program)) = (arguments.next(), arguments.next()) else {
        return Err("stopwatch NAME COMMAND [ARGUMENT...]".into());
    };
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let elapsed = start.elapsed();
    if !status.success() {
        return Err(format!("{}: {status}", name.to_string_lossy()).into());
    }
    println!("{}={}", name.to_string_lossy(), elapsed.as_nanos());
    Ok(())
}
