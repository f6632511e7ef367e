"""What to say of a configuration that was given another ledger while a service has the old one: whoever reads it anew
says so, and whoever looks for that service, without reading a configuration."""

from __future__ import annotations


def another_ledger(named: str, served: str) -> str:
    return (
        f"this configuration names another ledger ({named}) than the one that is served ({served}): it needs a restart"
    )
