"""What every API view shares: the door, problem+json, pages, idempotency."""
