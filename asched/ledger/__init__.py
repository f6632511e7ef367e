"""Remembers: one contract (engine/ports.py), several stores.

Must not know: the engine's insides, the runners.
"""
