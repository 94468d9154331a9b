//! What every service shares: configuration, HTTP, Dapr, stores, telemetry, shutdown.
