//! The relay against a real PostgreSQL: `TODO_TEST_POSTGRES_URL` names its server.

#[cfg(test)]
mod outbox_cases;
