"""A plan, as `asched plan` and `asched reload --dry-run` say it: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.arranged import arranged_json
from asched.cli.desk import Desk
from asched.cli.foreseen import FIRES, INSTANTS, Change, Load, Plan, foresee
from asched.cli.planlimits import limits_json, limits_lines
from asched.core.change import Gap
from asched.core.foresight.forecast import Busy
from asched.core.foresight.rehearsal import Owed, counted, oldest
from asched.core.occurrence import named
from asched.core.recovery import Held
from asched.declaration.problems import format_problems
from asched.service.exitcodes import CONFIGURATION, FAILED, OK

DAYS, SHOWN = 7, 3  # how far ahead, and how many fires of a kind, unless somebody says otherwise

_SIGNS = {"added": "+", "changed": "~", "disabled": "!", "removed": "-"}
_CAUGHT_UP = ("start", "queue")
_CROWDS = 5


def say_plan(desk: Desk, days: int, count: int, *, tell: bool) -> int:
    """Returns the exit code: 4 when some jobs cannot be loaded, else, with `tell`, 1 when anything would change."""
    plan = foresee(desk, days)
    if plan.problems:
        click.echo(format_problems(plan.problems), err=True)
    show.say_what_was_raised(plan.rehearsal.raised)
    if plan.elsewhere:
        click.echo(f"asched: {plan.elsewhere}; compared with {desk.place.ledger}", err=True)
    if desk.as_json:
        show.as_json(_json(plan, desk.zone, count))
    else:
        _print(desk, plan, desk.zone, count)
    if plan.problems:
        return CONFIGURATION
    return FAILED if tell and plan.changes else OK


# For people.


def _print(desk: Desk, plan: Plan, home: ZoneInfo, count: int) -> None:
    click.echo(_title(plan, home))
    for change in plan.changes:
        click.echo()
        _print_change(plan, change, home, count)
    for title, lines in (
        ("if it were served now, at once", list(_owed_lines(plan, home))),
        (_load_title(plan, home), list(_load_lines(plan.load, home))),
        ("calendars", [f"{problem.message}: {problem.help}" for problem in plan.ending]),
    ):
        if lines:
            click.echo(f"\n{title}")
            for line in lines:
                click.echo(f"  {line}")
    desk.hint("asched reload" if plan.changes else "asched list")


def _title(plan: Plan, home: ZoneInfo) -> str:
    counts = [f"{plan.count(how)} {how}" for how in _SIGNS if plan.count(how)]
    counts += [f"{plan.same} as before"] if plan.same else []
    counts += [f"{plan.off} disabled as before"] if plan.off else []
    said = ", ".join(counts) or "there are no jobs"
    until = show.when(plan.until, home)[:16]
    moves = [change.shift.moves for change in plan.changes]
    fires = {"come": sum(len(one.new) for one in moves), "go": sum(len(one.gone) for one in moves)}
    fires["move"] = sum(len(one.moved) for one in moves)
    told = ", ".join(f"{number} {verb}" for verb, number in fires.items())
    return f"jobs: {said}\nfires until {until} ({home.key}): {told}" if plan.changes else f"nothing changes: {said}"


def _print_change(plan: Plan, change: Change, home: ZoneInfo, count: int) -> None:
    old, new = change.schedule
    beside = (
        "" if change.how == "changed" else f": {change.why or new or old or change.otherwise[change.how == 'added']}"
    )
    click.echo(show.one_line(f"{_SIGNS[change.how]} {change.job}  {change.how}{beside}"))
    for line in _change_lines(plan, change, home, count):
        click.echo(f"    {show.one_line(line)}")


def _change_lines(plan: Plan, change: Change, home: ZoneInfo, count: int) -> Iterator[str]:
    old, new = (text or other for text, other in zip(change.schedule, change.otherwise, strict=True))
    if change.how == "changed" and change.rescheduled:
        yield f"schedule: {old} -> {new}"
    if change.days:
        yield "its calendars have other days; its schedule goes on"
    yield from (edit.text() for edit in change.edits)
    yield from _fires(change, home, count)
    if plan.cuts(change):
        yield f"compared only until {show.when(change.shift.until, home)}: it has more than {INSTANTS} fires"
    for gap in plan.rehearsal.lost.get(change.job, ()):
        yield f"of what it owes since {show.when(gap.after, home)}, {_many(gap)} not run: recorded as removed"
    for one in plan.dropped(change):
        yield f"{named(one.occurrence, home)} will be dropped: {one.why}"
    if change.waiting:
        yield f"{show.counted(change.waiting, 'waiting run')} would not be started any more"
    if change.running:
        yield f"{show.counted(change.running, 'open run')} would end as defined now"
    yield from change.clocks


def _fires(change: Change, home: ZoneInfo, count: int) -> Iterator[str]:
    moves = change.shift.moves
    if moves.moved:
        first = ", ".join(f"{show.when(was, home)} to {show.when(is_, home)}" for was, is_ in moves.moved[:count])
        yield f"{_of(len(moves.moved), 'move', 'moves')}: {first}{_more(len(moves.moved), count)}"
    for verb, verbs, found in (("come", "comes", moves.new), ("go", "goes", moves.gone)):
        if found:
            first = ", ".join(show.when(at, home) for at in found[:count])
            yield f"{_of(len(found), verb, verbs)}: {first}{_more(len(found), count)}"


def _of(number: int, verb: str, verbs: str) -> str:
    return f"{show.counted(number, 'fire')} {verbs if number == 1 else verb}"


def _more(number: int, count: int) -> str:
    return f" and {number - count} more" if number > count else ""


def _many(gap: Gap) -> str:
    if gap.count is None:
        return "more than 1000 fires are"
    return f"{show.counted(gap.count, 'fire')} {'is' if gap.count == 1 else 'are'}"


def _owed_lines(plan: Plan, home: ZoneInfo) -> Iterator[str]:
    held = plan.rehearsal.held
    if held is not None:
        expires = show.when(held.expires_at, home)
        yield f"{show.counted(held.count, 'fire')} would be held until somebody approves them, or expire at {expires}"
    for job, owed in plan.rehearsal.owed.items():
        counts, since = counted(owed), oldest(owed)
        told = ", ".join(f"{number} {_DONE.get(what, what)}" for what, number in counts.items())
        started = [fire.scheduled_at for fire, decision in owed.fires if decision.kind in _CAUGHT_UP]
        which = f": {', '.join(show.when(at, home) for at in started[:3])}{_more(len(started), 3)}" if started else ""
        yield show.one_line(f"{job}: of what it owes since {show.when(since, home)}, {told}{which}")


_DONE = {"start": "started", "queue": "queued"}


def _load_title(plan: Plan, home: ZoneInfo) -> str:
    """Of more fires than are simulated, how far they went."""
    until = plan.until if plan.load is None else plan.load.after.until
    return "load" if until >= plan.until else f"load until {show.when(until, home)[:16]}: more than {FIRES} fires"


def _load_lines(load: Load | None, home: ZoneInfo) -> Iterator[str]:
    if load is None:
        return
    before, after = load.before.peak(), load.after.peak()
    yield f"runs at once: {_busy(before, home)} -> {_busy(after, home)}"
    was, is_ = (next(iter(one.busiest()), None) for one in (load.before, load.after))
    yield f"starts in one minute: {_busy(was, home)} -> {_busy(is_, home)}"
    for job, crowd in list(load.crowds.items())[:_CROWDS]:
        others = [f"{one} x{many}" if many > 1 else one for one, many in crowd.jobs.items() if one != job]
        named = ", ".join(others[:5]) + _more(len(others), 5)
        yield show.one_line(f"{job} newly starts at {show.when(crowd.at, home)[:16]} with {named}")
    if len(load.crowds) > _CROWDS:
        yield f"{len(load.crowds) - _CROWDS} more jobs newly start with many others"
    yield from limits_lines(load)


def _busy(busy: Busy | None, home: ZoneInfo) -> str:
    return "none" if busy is None else f"at most {busy.runs} ({show.when(busy.at, home)[:16]})"


# For programs.


def _json(plan: Plan, home: ZoneInfo, count: int) -> dict[str, object]:
    return {
        "changes": bool(plan.changes),
        "since": plan.now.astimezone(home),
        "until": plan.until.astimezone(home),
        "jobs": [_change_json(plan, one, home, count) for one in plan.changes],
        "same": plan.same,
        "disabled": plan.off,
        "owed": [_owed_json(job, owed, home) for job, owed in plan.rehearsal.owed.items()],
        "held": _held_json(plan.rehearsal.held, home),
        "load": None if plan.load is None else _load_json(plan, plan.load, home),
        "ending": [problem.message for problem in plan.ending],
        "problems": [problem.message for problem in plan.problems],
        "elsewhere": plan.elsewhere or None,
        "limits": None if plan.load is None else limits_json(plan.load),
    }


def _change_json(plan: Plan, change: Change, home: ZoneInfo, count: int) -> dict[str, object]:
    moves, lost = change.shift.moves, plan.rehearsal.lost.get(change.job, ())
    return {
        "job": change.job,
        "how": change.how,
        "why": change.why,
        "schedule": {"from": change.schedule[0] or None, "to": change.schedule[1] or None},
        "calendar_days": change.days,
        "options": [{"option": one.option, "from": one.was, "to": one.becomes} for one in change.edits],
        "until": change.shift.until.astimezone(home),
        "cut": plan.cuts(change),
        "fires": {"before": change.shift.before, "after": change.shift.after},
        "moved": len(moves.moved),
        "gone": len(moves.gone),
        "new": len(moves.new),
        "first_moved": [{"from": was.astimezone(home), "to": is_.astimezone(home)} for was, is_ in moves.moved[:count]],
        "first_gone": [at.astimezone(home) for at in moves.gone[:count]],
        "first_new": [at.astimezone(home) for at in moves.new[:count]],
        "lost": [{"after": gap.after.astimezone(home), "until": gap.until.astimezone(home), "count": gap.count}
                 for gap in lost],
        "dropped": [{**arranged_json(one.occurrence, home), "why": one.why} for one in plan.dropped(change)],
        "waiting": change.waiting,
        "running": change.running,
        "offset_changes": list(change.clocks),
    }  # fmt: skip


def _held_json(held: Held | None, home: ZoneInfo) -> dict[str, object] | None:
    return None if held is None else {"count": held.count, "expires_at": held.expires_at.astimezone(home)}


def _owed_json(job: str, owed: Owed, home: ZoneInfo) -> dict[str, object]:
    since = oldest(owed)
    return {
        "job": job,
        "since": None if since is None else since.astimezone(home),
        "decisions": counted(owed),
        "runs": [fire.scheduled_at.astimezone(home) for fire, decision in owed.fires if decision.kind in _CAUGHT_UP],
    }


def _load_json(plan: Plan, load: Load, home: ZoneInfo) -> dict[str, object]:
    return {
        "until": load.after.until.astimezone(home),
        "cut": load.after.until < plan.until,
        "peak": {"from": _busy_json(load.before.peak(), home), "to": _busy_json(load.after.peak(), home)},
        "busiest": {"from": [_busy_json(one, home) for one in load.before.busiest()],
                    "to": [_busy_json(one, home) for one in load.after.busiest()]},
        "crowds": {job: _busy_json(crowd, home) for job, crowd in load.crowds.items()},
    }  # fmt: skip


def _busy_json(busy: Busy | None, home: ZoneInfo) -> dict[str, object] | None:
    return None if busy is None else {"at": busy.at.astimezone(home), "runs": busy.runs, "jobs": busy.jobs}
