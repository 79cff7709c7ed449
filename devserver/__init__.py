"""The portal on one machine: embedded PostgreSQL and Valkey, and script/server's supervisor."""
