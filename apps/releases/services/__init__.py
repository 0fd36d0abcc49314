"""Making releases, and reading what they hold."""
