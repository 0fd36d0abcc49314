"""What the people and programs that run an installation ask of it."""
