"""Every event of every life that is lived here is one that the documentation promises, with its fields."""

import pytest
from eventtable import faults_of

from asched.engine.bus import Bus


@pytest.fixture(autouse=True)
def events_as_documented(monkeypatch):
    """Also where nobody listens: then they would not even be made."""
    publish, faults = Bus.publish, set()

    def checked(self, event):
        faults.update(faults_of(event))
        publish(self, event)

    monkeypatch.setattr(Bus, "publish", checked)
    monkeypatch.setattr(Bus, "heard", True)
    yield
    assert faults == set()
