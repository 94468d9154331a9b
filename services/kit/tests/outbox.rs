//! The relay against a real PostgreSQL.
