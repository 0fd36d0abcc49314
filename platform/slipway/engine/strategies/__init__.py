"""Planners: a strategy lays a plan's objects out as steps; the shell that carries them out knows none by name."""

from slipway.engine.strategies.ordered import lay_out

__all__ = ["lay_out"]
