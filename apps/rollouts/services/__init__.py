"""Everything that changes a rollout. Faces call `starting` and `steering`; the worker calls `advancing`."""
