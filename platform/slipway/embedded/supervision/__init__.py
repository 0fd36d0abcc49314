"""Keeps a handful of processes running: starts them in order, restarts what crashes, leaves nothing behind."""
