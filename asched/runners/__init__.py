"""Do: one contract (engine/ports.py), one file a kind of action.

Must not know: schedules, decisions, the ledger.
"""
