//! The sides of the benchmark that are not in TypeScript: LaminarDB's `ObjectStoreBackend`, and a
//! loop of durable creates on a file system.
//!
//!     seed '{"task":"checkpoint",…}'
//!
//! It prepares, prints `{"ready":true}`, runs once for each line of its standard input, and prints
//! what it measured as a line of JSON. It ends when its input does.

mod backend;
mod creates;
#[rustfmt::skip] // as it is published
mod laminar_core;
mod meter;

use std::io::{BufRead, Write};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "task", rename_all = "camelCase")]
enum Task {
    Checkpoint(backend::Checkpoint),
    Latest(backend::History),
    Prune(backend::History),
    Restore(backend::Restore),
    Memory(backend::Checkpoint),
    Epochs(backend::Epochs),
    Creates(creates::Creates),
}

type Run = Box<dyn FnMut() -> meter::Figures>;

fn main() {
    let text = std::env::args().nth(1).expect("a task as JSON");
    let mut run: Run = match serde_json::from_str(&text).expect("a task") {
        Task::Checkpoint(task) => backend::checkpoint(task),
        Task::Latest(task) => backend::latest(task),
        Task::Prune(task) => backend::prune(task),
        Task::Restore(task) => backend::restore(task),
        Task::Memory(task) => backend::memory(task),
        Task::Epochs(task) => backend::epochs(task),
        Task::Creates(task) => creates::creates(task),
    };
    say(&serde_json::json!({ "ready": true }));
    for line in std::io::stdin().lock().lines() {
        line.expect("a line");
        say(&serde_json::to_value(run()).expect("figures"));
    }
}

fn say(value: &serde_json::Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")
        .and_then(|()| out.flush())
        .expect("an output");
}
