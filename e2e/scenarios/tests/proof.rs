//! Level 2: nothing is lost and nothing is doubled, whatever dies, stands still or is cut off.
//!
//! Real gateway, two replicas of the task service, a recording consumer, sidecars, PostgreSQL, Redis and Kafka as
//! processes. A random schedule that follows from a seed breaks them while clients write; afterwards a judge compares
//! what the clients were told with what happened. docs/developing.md says how to replay one.

mod proof {
    pub(crate) mod load;
    pub(crate) mod ports;
    pub(crate) mod process;
    pub(crate) mod run;
    pub(crate) mod services;
    pub(crate) mod sidecars;
    pub(crate) mod stores;
    pub(crate) mod world;
}

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use todo_kit::failpoint::Failpoint;
use todo_scenarios::proof::schedule::Schedule;
use todo_scenarios::proof::verdict::judge;
use todo_scenarios::{Result, env};

use proof::run::{run, settled};
use proof::world::World;

/// So many have every leading fault. They run unless `TODO_PROOF_SCHEDULES` says otherwise.
const DOZEN: u64 = 12;
/// A schedule that stops all work proves nothing.
const ACCEPTED_MIN: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_is_doubled() -> Result<()> {
    // Fails only when another provider was installed before, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let random = rand::random::<u32>().to_string();
    let first: u64 = env::or("TODO_PROOF_SEED", &random).parse()?;
    let count: u64 = env::or("TODO_PROOF_SCHEDULES", &DOZEN.to_string()).parse()?;
    println!("{count} schedules from seed {first}");
    let logs = PathBuf::from(env::or("TODO_TEST_ARTIFACTS", "/tmp")).join("proof");
    let mut world = World::start(&logs).await?;
    let mut writes = Vec::new();
    let (mut accepted, mut repeats, mut passed) = (0, 0, BTreeSet::new());
    for seed in first..first.saturating_add(count) {
        let begun = Instant::now();
        let schedule = Schedule::new(seed);
        println!("{schedule}");
        let (new, mut ended) = run(&mut world, &schedule).await?;
        writes.extend(new);
        let mut history = settled(&mut world, &mut ended).await?;
        history.writes.clone_from(&writes);
        let verdict = judge(&history);
        for ended in &ended {
            println!("  {ended}");
        }
        println!("  after {} s: {verdict}", begun.elapsed().as_secs());
        passed.extend(ended.iter().filter_map(|ended| ended.at));
        if !verdict.findings.is_empty() {
            return Err(format!(
                "seed {seed}: {} findings; again with: TODO_PROOF_SEED={seed} TODO_PROOF_SCHEDULES=1 \
                 cargo xtask test --level 2 --filter nothing_is_lost_and_nothing_is_doubled",
                verdict.findings.len()
            )
            .into());
        }
        if verdict.accepted < accepted + ACCEPTED_MIN {
            return Err(format!("seed {seed}: too few writes were accepted to prove anything").into());
        }
        (accepted, repeats) = (verdict.accepted, verdict.repeats);
    }
    let missed: Vec<_> = Failpoint::ALL
        .iter()
        .filter(|point| !passed.contains(point))
        .collect();
    if count >= DOZEN && (!missed.is_empty() || repeats == 0) {
        return Err(format!("the faults did not bite: nobody died at {missed:?}, {repeats} repeats").into());
    }
    Ok(())
}
