"""Measures what this machine and this disk allow: syncs, recorded runs, lateness, as a Scheduler on them has it.

Must not know: configuration, the command line, anybody's ledger but its own.
"""
