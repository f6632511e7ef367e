"""A class that is made cheaply is the class that dataclasses makes, in every other respect."""

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field, fields, is_dataclass, replace
from typing import ClassVar

import pytest

from asched.core.change import Decide, Finish
from asched.core.dataclass import dataclass, quickly_made
from asched.core.localtime.cron import Cron
from asched.core.model import Attempt, Fire, Job, Policies, Retry
from asched.core.outcome import Succeeded
from asched.core.record import FireQuery, FireRecord
from asched.core.rules.board import Now, StartRun
from asched.core.rules.policy import Candidate, Settled
from asched.core.rules.runs import Ended
from asched.core.rules.whilepaused import Stretch
from asched.engine.engine import Inbox

CHEAP = (Cron, FireQuery, Inbox, Job, Policies)
QUICK = (Attempt, Candidate, Decide, Ended, Finish, Fire, FireRecord, Now, Settled, StartRun, Stretch, Succeeded)


def mixed():
    class Value:
        first: int
        second: str = "two"
        third: dict[str, int] = field(default_factory=dict, hash=False)
        hidden: int = field(default=4, repr=False, compare=False)

    return Value


def empty():
    class Value: ...

    return Value


def alone():
    class Value:
        first: int

    return Value


def made_in_the_end():
    class Value:
        first: int
        steady: ClassVar[bool] = False
        second: int = field(init=False)
        third: list[int] = field(init=False, default_factory=list)

        def __post_init__(self):
            if self.first < 0:
                raise ValueError("negative")
            object.__setattr__(self, "second", self.first + 1)

    return Value


def with_its_own_words():
    class Value:
        first: int

        def __repr__(self):
            return f"<{self.first}>"

        def __eq__(self, other):
            return self.first % 10 == other.first % 10

        def __hash__(self):
            return self.first % 10

    return Value


def equal_only():
    class Value:
        first: int

        def __eq__(self, other):
            return True

    return Value


def with_names_of_the_machinery():
    class Value:
        first: int
        made: int = 2
        slow: int = 3
        set0: int = 4
        field0: int = 5
        given0: int = 6
        MADE: list[int] = field(default_factory=list, hash=False)

    return Value


WRITTEN = (mixed, empty, alone, made_in_the_end, with_its_own_words, equal_only, with_names_of_the_machinery)
KINDS = ({"frozen": True}, {}, {"eq": False}, {"frozen": True, "quick": True})
CALLS = (
    ((), {}),
    ((1,), {}),
    ((11, "b"), {}),
    ((1, "b", {"c": 3}, 5), {}),
    ((), {"first": 1}),
    ((1,), {"third": {"c": 3}, "second": ""}),
    ((1, 2, 3, 4, 5), {}),
    ((1,), {"first": 1}),
    ((1,), {"fourth": 4}),
    ((-1,), {}),
)


@pytest.fixture(params=KINDS, ids=str)
def kind(request):
    return request.param


@pytest.fixture(params=WRITTEN, ids=lambda written: written.__name__)
def twins(request, kind):
    """Ours and theirs."""
    theirs = {name: value for name, value in kind.items() if name != "quick"}
    return dataclass(slots=True, **kind)(request.param()), dataclasses.dataclass(slots=True, **theirs)(request.param())


def outcome(act, *given, **named):
    try:
        return act(*given, **named)
    except Exception as error:
        return type(error), str(error)


def what_is_seen(made):
    """Of a value; or the error there was instead."""
    if not is_dataclass(made):
        return made
    seen = repr(made), [getattr(made, one.name) for one in fields(made)], hasattr(made, "__dict__")
    hashed = outcome(hash, made)
    return *seen, "by identity" if hashed == object.__hash__(made) else hashed


@pytest.mark.parametrize(("given", "named"), CALLS)
def test_it_takes_or_refuses_the_same_parameters_and_has_the_same_fields(twins, given, named):
    ours, theirs = (what_is_seen(outcome(cls, *given, **named)) for cls in twins)
    assert ours == theirs


def equalities(cls):
    values = [made for given, named in CALLS if is_dataclass(made := outcome(cls, *given, **named))]
    return [outcome(lambda a, b: a == b, one, other) for one in values for other in [*values, one, 3, copy.copy(one)]]


def test_the_same_values_are_equal(twins):
    ours, theirs = (equalities(cls) for cls in twins)
    assert ours == theirs


def test_the_same_may_be_changed(twins):
    def changes(cls):
        for name in [one.name for one in fields(cls)]:
            value = cls(1)
            yield outcome(setattr, value, name, 2), what_is_seen(value)
            yield outcome(delattr, value, name), what_is_seen(outcome(replace, cls(1), **{name: 3}))

    ours, theirs = (list(changes(cls)) for cls in twins)
    assert ours == theirs


def test_it_says_the_same_of_itself(twins, kind):
    ours, theirs = twins
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    assert inspect.get_annotations(ours.__init__) == inspect.get_annotations(theirs.__init__)
    assert ours.__match_args__ == theirs.__match_args__
    assert repr(ours.__dataclass_params__).count("True") == repr(theirs.__dataclass_params__).count("True")
    assert [repr(one) for one in fields(ours)] == [repr(one) for one in fields(theirs)]


frozen = pytest.mark.parametrize("frozen", [dataclass(frozen=True, slots=True), quickly_made])


@frozen
def test_a_frozen_value_refuses_to_change(frozen):
    value = frozen(alone())(1)
    for name in ("first", "unknown"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(value, name, 2)
        with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(value, name)


@frozen
def test_each_value_has_a_default_of_its_own(frozen):
    cls = frozen(mixed())
    assert cls(1).third is not cls(1).third


@dataclass(slots=True)
class Knot:
    inner: object = None


def test_a_value_within_itself_is_written_once():
    knot = Knot()
    knot.inner = [knot]
    assert repr(knot) == "Knot(inner=[...])"


@pytest.mark.parametrize("value", [Succeeded("1"), Retry(attempts=2), Knot(3)])
def test_values_can_be_pickled_and_copied(value):
    assert pickle.loads(pickle.dumps(value)) == value == copy.copy(value) == copy.deepcopy(value)


@pytest.mark.parametrize("ours", CHEAP + QUICK)
def test_ours_say_what_they_take(ours):
    taken = inspect.signature(ours).parameters
    assert list(taken) == [one.name for one in fields(ours) if one.init]
    assert inspect.get_annotations(ours.__init__, eval_str=True).keys() == {*taken, "return"}


class Derived(Knot):
    second: int


class ByName:
    first: int = field(kw_only=True)


class Hidden:
    first: int = field(init=False, default=1)


@pytest.mark.parametrize("not_plain", [Derived, ByName, Hidden])
def test_what_is_not_so_plain_is_refused(not_plain):
    with pytest.raises(TypeError, match=f"{not_plain.__name__} is not so plain"):
        dataclass(slots=True)(not_plain)


class Cased: ...


class Based(Cased):
    first: int


def test_what_has_a_base_class_is_not_made_quickly():
    assert dataclass(frozen=True, slots=True)(Based)(1).first == 1
    with pytest.raises(TypeError, match="Based is not so plain"):
        quickly_made(Based)


@pytest.mark.parametrize("written", [mixed, made_in_the_end])
@pytest.mark.parametrize("more", [{}, {"__slots__": ()}], ids=["more than slots", "the same slots"])
@frozen
def test_a_class_may_derive_from_it(frozen, written, more):
    base = frozen(written())
    derived = type("Derived", (base,), more)
    value = derived(1)
    assert type(value) is derived
    assert type(base(1)) is base
    assert [getattr(value, one.name) for one in fields(base)] == [getattr(base(1), one.name) for one in fields(base)]
    with pytest.raises(FrozenInstanceError):
        value.first = 3


@frozen
def test_classes_of_one_shape_share_their_code(frozen):
    def one():
        class Value:
            a: int
            b: str = ""

        return Value

    def other():
        class Value:
            c: float
            d: int

        return Value

    first, second = (frozen(written()).__init__.__code__ for written in (one, other))
    assert first.co_code == second.co_code
    assert (first.co_varnames, second.co_varnames) == (("self", "a", "b"), ("self", "c", "d"))
