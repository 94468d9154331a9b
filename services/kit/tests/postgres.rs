//! Transactions against a real PostgreSQL: `TODO_TEST_POSTGRES_URL` names its server.

#[cfg(test)]
mod postgres_cases;
