"""Waits: the one loop, the clock, the dispatch of a run, recovery, and the ports it needs.

Must not know: how things are stored, executed, configured or shown.
"""
