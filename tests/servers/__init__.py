"""One real PostgreSQL for a whole run, shared by all of its workers, and one real Valkey for each worker."""
