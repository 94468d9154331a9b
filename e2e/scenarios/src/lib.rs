//! End-to-end scenarios against a real API server and a real node.
