//! The task service against a real PostgreSQL: `TODO_TEST_POSTGRES_URL` names its server.

#[cfg(test)]
mod stores;
