"""A class that is quickly made is the class that dataclasses makes, in every other respect."""

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from asched.core.change import Decide, Finish
from asched.core.model import Attempt, Fire
from asched.core.outcome import Succeeded
from asched.core.quickly import quickly_made
from asched.core.record import FireRecord
from asched.core.rules.board import Now, StartRun
from asched.core.rules.policy import Candidate, Settled
from asched.core.rules.runs import Ended
from asched.core.rules.whilepaused import Stretch

OURS = (Attempt, Candidate, Decide, Ended, Finish, Fire, FireRecord, Now, Settled, StartRun, Stretch, Succeeded)


def plain(name="Value"):
    class Value:
        first: int
        second: str = "two"
        third: dict[str, int] = field(default_factory=dict, hash=False)

    Value.__qualname__ = Value.__name__ = name
    return dataclass(frozen=True, slots=True)(Value)


Quick = quickly_made(plain("Quick"))
Slow = plain("Slow")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((1,), {}),
        ((1, "b"), {}),
        ((1, "b", {"c": 3}), {}),
        ((), {"first": 1}),
        ((1,), {"third": {"c": 3}, "second": ""}),
    ],
)
def test_it_takes_the_same_parameters_and_has_the_same_fields(given, named):
    quick, slow = Quick(*given, **named), Slow(*given, **named)
    assert [getattr(quick, one.name) for one in fields(quick)] == [getattr(slow, one.name) for one in fields(slow)]
    assert repr(quick) == repr(slow).replace("Slow", "Quick")
    assert hash(quick) == hash(slow)
    assert quick == Quick(*given, **named) == copy.copy(quick) == replace(quick)


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, 2, 3, 4), {}), ((1,), {"first": 1}), ((1,), {"fourth": 4})]
)
def test_it_refuses_the_same_parameters_in_the_same_words(given, named):
    with pytest.raises(TypeError) as slow:
        Slow(*given, **named)
    with pytest.raises(TypeError) as quick:
        Quick(*given, **named)
    assert str(quick.value) == str(slow.value).replace("Slow", "Quick")


def test_what_is_derived_from_it_stays_what_it_is():
    class Derived(Quick):
        __slots__ = ()

    assert type(Derived(1)) is Derived
    assert type(Quick(1)) is Quick


def test_it_is_frozen():
    value = Quick(1)
    with pytest.raises(FrozenInstanceError):
        value.first = 2
    with pytest.raises(FrozenInstanceError):
        del value.first
    assert not hasattr(value, "__dict__")


def test_each_has_a_default_of_its_own():
    assert Quick(1).third is not Quick(1).third


@pytest.mark.parametrize("ours", OURS)
def test_the_values_of_the_hot_path_say_what_they_take(ours):
    taken = inspect.signature(ours).parameters
    assert list(taken) == [one.name for one in fields(ours)]
    assert not [name for name in taken if name not in ours.__init__.__annotations__]


def test_they_can_be_pickled():
    value = Succeeded("1")
    assert pickle.loads(pickle.dumps(value)) == value


@dataclass(frozen=True, slots=True)
class Base:
    first: int


@dataclass(frozen=True, slots=True)
class Derived(Base):
    second: int


@dataclass(frozen=True, slots=True)
class Checked:
    first: int

    def __post_init__(self):
        raise ValueError


@dataclass(frozen=True, slots=True)
class Hidden:
    first: int = field(init=False, default=1)


@pytest.mark.parametrize("not_plain", [Derived, Checked, Hidden])
def test_what_is_not_so_plain_is_refused(not_plain):
    with pytest.raises(TypeError, match=not_plain.__name__):
        quickly_made(not_plain)


class More(Quick):
    """It has more than slots."""


def test_a_class_may_derive_from_it():
    value = More(1)
    object.__setattr__(value, "more", 2)
    assert (value.first, value.third, value.more) == (1, {}, 2)
    with pytest.raises(FrozenInstanceError):
        value.first = 3
