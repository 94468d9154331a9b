//! One schedule in one world: load, faults, healing, and what is left.

use std::time::Duration;

use todo_kit::failpoint::Failpoint;
use todo_kit::postgres;
use todo_scenarios::Result;
use todo_scenarios::proof::history::{Effect, History, Standing, Write};
use todo_scenarios::proof::schedule::{Fault, Schedule};
use tokio::time::Instant;
use uuid::Uuid;

use super::load::Load;
use super::world::{Ended, World};

/// The load goes on for so long, at least.
const LOAD: Duration = Duration::from_secs(6);
/// And until somebody has passed the place where he is to die, at most for so long.
const STRIKE: Duration = Duration::from_secs(20);
/// How often it is looked whether something begins, ends, or has died.
const TICK: Duration = Duration::from_millis(50);
/// A hold is meant for who comes first: after this nobody else is held.
const HOLD_ARMED: Duration = Duration::from_secs(1);
/// How long events may take to arrive after the last fault: a lease, a rebalance, the longest pause of a retry.
const SETTLE: Duration = Duration::from_secs(90);

const SNAPSHOT: &str = "begin transaction isolation level repeatable read read only";

/// Something that is done at a moment.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Begin(Fault, Duration),
    Disarm(Failpoint),
    End(Fault),
}

/// Everything that is to be done, in order of time.
fn deeds(schedule: &Schedule) -> Vec<(Duration, Deed)> {
    let mut deeds = Vec::new();
    for step in &schedule.steps {
        deeds.push((step.at, Deed::Begin(step.fault, step.lasts)));
        if let Fault::HoldAt(point) = step.fault {
            deeds.push((step.at + HOLD_ARMED, Deed::Disarm(point)));
        }
        deeds.push((step.end(), Deed::End(step.fault)));
    }
    deeds.sort_by_key(|(at, _)| *at);
    deeds
}

/// Runs it; gives what the clients recorded, and what ended by itself meanwhile.
pub(crate) async fn run(world: &mut World, schedule: &Schedule) -> Result<(Vec<Write>, Vec<Ended>)> {
    let mut load = Load::start(world, schedule.seed)?;
    let begun = Instant::now();
    let mut deeds = deeds(schedule).into_iter().peekable();
    let (mut writes, mut ended) = (Vec::new(), Vec::new());
    loop {
        while let Some((_, deed)) = deeds.next_if(|(at, _)| *at <= begun.elapsed()) {
            carry_out(world, deed).await?;
        }
        ended.extend(world.revive().await?);
        let has_struck = !world.is_armed() || begun.elapsed() > STRIKE;
        if deeds.peek().is_none() && begun.elapsed() > LOAD && has_struck {
            load.end();
            world.disarm_all().await;
            if load.ended(&mut writes)? {
                return Ok((writes, ended));
            }
        }
        tokio::time::sleep(TICK).await;
    }
}

async fn carry_out(world: &mut World, deed: Deed) -> Result<()> {
    match deed {
        Deed::Begin(Fault::Kill(program), _) => {
            world.down.insert(program);
            world.process(program)?.kill().await
        }
        Deed::End(Fault::Kill(program)) => {
            world.down.remove(&program);
            Ok(())
        }
        Deed::Begin(Fault::Restart(program), _) => world.process(program)?.terminate(),
        Deed::Begin(Fault::Pause(program), _) => world.process(program)?.hold(),
        Deed::End(Fault::Pause(program)) => world.process(program)?.release(),
        Deed::Begin(Fault::Cut(link), _) => {
            world.way(link)?.cut();
            Ok(())
        }
        Deed::End(Fault::Cut(link)) => {
            world.way(link)?.mend();
            Ok(())
        }
        Deed::Begin(Fault::Sever(link), _) => {
            world.way(link)?.sever();
            Ok(())
        }
        Deed::Begin(Fault::DieAt(point), _) => {
            world.arm(point, "1*return").await;
            Ok(())
        }
        Deed::Begin(Fault::HoldAt(point), lasts) => {
            let actions = format!("1*sleep({})", lasts.as_millis());
            world.arm(point, &actions).await;
            Ok(())
        }
        Deed::Disarm(point) => {
            world.disarm(point).await;
            Ok(())
        }
        // What is held goes on by itself, what was asked to end is started again when it has, and a death is waited for.
        Deed::End(Fault::Restart(_) | Fault::Sever(_) | Fault::DieAt(_) | Fault::HoldAt(_)) => Ok(()),
    }
}

/// Waits until every event that was written has taken effect, and gives what is there then; at the latest what is there
/// when the time is up.
pub(crate) async fn settled(world: &mut World, ended: &mut Vec<Ended>) -> Result<History> {
    let end = Instant::now() + SETTLE;
    loop {
        ended.extend(world.revive().await?);
        match snapshot(world).await {
            Ok((history, missing)) if missing == 0 && history.waiting == 0 || Instant::now() > end => {
                return Ok(history);
            }
            Err(error) if Instant::now() > end => return Err(error),
            Ok(_) | Err(_) => tokio::time::sleep(TICK * 4).await,
        }
    }
}

/// All that is written at one moment, without the clients' part, and how many events have neither taken effect nor died.
async fn snapshot(world: &World) -> Result<(History, i64)> {
    let mut reading = postgres::begin_with(&world.database, SNAPSHOT).await?;
    let dead_letters: Vec<Uuid> = sqlx::query_scalar(
        "select (convert_from(body, 'UTF8')::jsonb ->> 'id')::uuid from recorder.dead_letter order by position",
    )
    .fetch_all(&mut *reading)
    .await?;
    let (waiting, parked, missing): (i64, i64, i64) = sqlx::query_as(
        "select count(*) filter (where published_at is null and parked_at is null),
                count(*) filter (where parked_at is not null),
                count(*) filter (where id <> all ($1)
                                   and not exists (select from recorder.effect where event_id = outbox.id))
         from task.outbox",
    )
    .bind(&dead_letters)
    .fetch_one(&mut *reading)
    .await?;
    let effects: Vec<(Uuid, String, Uuid, i64, String)> = sqlx::query_as(
        "select event_id, topic, task_id, version, title from recorder.effect order by position",
    )
    .fetch_all(&mut *reading)
    .await?;
    let repeats: i64 = sqlx::query_scalar("select count(*) from recorder.repeat")
        .fetch_one(&mut *reading)
        .await?;
    let standings: Vec<(Uuid, i64, String)> = sqlx::query_as("select id, version, title from task.task")
        .fetch_all(&mut *reading)
        .await?;
    let effects: Result<_> = effects
        .into_iter()
        .map(|(event, topic, task, version, title)| {
            let topic = topic.parse()?;
            Ok(Effect {
                event,
                topic,
                task,
                version,
                title,
            })
        })
        .collect();
    let standings = standings.into_iter();
    let history = History {
        effects: effects?,
        standings: standings
            .map(|(task, version, title)| Standing { task, version, title })
            .collect(),
        repeats,
        waiting,
        parked,
        dead_letters,
        ..History::default()
    };
    Ok((history, missing))
}
