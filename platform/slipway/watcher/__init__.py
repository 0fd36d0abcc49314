"""The watch process: a change on a cluster wakes the rollouts that it concerns. Whatever it misses, polling finds."""
