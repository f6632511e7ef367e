"""Whatever happens, in whatever order, the law of the ledger holds after every step.

Random traces of what the world and its operators do, over the real engine on a fake clock.
"""

import asyncio
import contextlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st
from law import imbalances

from asched.core.action import Function
from asched.core.change import Act, Backfill, Pause, Unpause
from asched.core.condition import Network, Term
from asched.core.jitter import fraction
from asched.core.limits import Limits
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Ending, Job, OnResume, Origin, Overlap, Policies, Retry
from asched.core.need import Need
from asched.core.occurrence import ADDED, MOVED, comes_at
from asched.core.outcome import ErrorNote, Failed, SkipReason, Succeeded
from asched.core.record import FireQuery
from asched.core.recovery import RECOVERY, Recovery, RecoveryOrder
from asched.core.rules.arranging import Asked, add, move, restore, skip
from asched.core.rules.backfilling import begin_backfill, cancel_backfill, open_backfill
from asched.core.rules.board import Cause, Kind
from asched.core.rules.draining import drain, lift
from asched.core.rules.owed import abort, approve
from asched.core.rules.pausing import unpause
from asched.core.rules.pending import pending
from asched.core.rules.roster import current, place, remove
from asched.core.rules.runs import again, manual, stop
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.wait import Wait
from asched.engine.engine import SLICE
from asched.engine.inheritance import succeeded
from asched.errors import LedgerUnavailable, Refused
from asched.ledger.memory import MemoryLedger
from asched.operating import Pausing, cancel_runs, pause_jobs, resume_jobs
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

START = datetime(2026, 3, 28, 12, tzinfo=UTC)
ACTION = Function(print, "builtins:print", "coroutine")
TICK = timedelta(microseconds=1)
ALWAYS = datetime.max.replace(tzinfo=UTC)
NAMES = ("a", "b", "c")
ARRANGING = {"skip": skip, "move": move, "add": add, "restore": restore}


class SwitchedLedger(MemoryLedger):
    """`off`: nothing is written, and, every second time, it was all the same. It keeps in mind when who was paused."""

    def __init__(self):
        super().__init__()
        self.off = False
        self.tries = 0
        self.pauses = Pauses()

    async def commit(self, owner, changes):
        self.tries += 1
        if self.off and self.tries % 2:
            raise LedgerUnavailable("before")
        answer = await super().commit(owner, changes)
        self.pauses.hear(changes)
        if self.off:
            raise LedgerUnavailable("after")
        return answer


class Pauses:
    """Of each job, from when to when it was paused (a pause takes the place of the one before), and how."""

    def __init__(self):
        self.spans = {}  # (job, from): (to, on_resume)
        self.began = {}  # job: when the pause began that it has, however often it was extended

    def hear(self, changes):
        for number, change in enumerate(changes):
            if isinstance(change, Unpause):
                self._end(change.job, change.at)
                self.began.pop(change.job, None)
            if isinstance(change, Pause):
                asked = next(act.at for act in changes[number:] if isinstance(act, Act) and act.job == change.job)
                self._hear(change, asked)

    def _hear(self, change, asked):
        goes_on = any(name == change.job and at <= asked < to for (name, at), (to, _) in self.spans.items())
        began = self.began.get(change.job, asked) if goes_on else asked
        assert change.at == min(began, asked), "a pause that is extended keeps its beginning"
        self.began[change.job] = change.at
        self._end(change.job, asked)
        self.spans[change.job, asked] = (change.until or ALWAYS, change.on_resume)

    def _end(self, job, at):
        for (name, since), (until, on_resume) in self.spans.items():
            if name == job and since <= at:
                self.spans[name, since] = (min(until, at), on_resume)

    def at(self, job, instant):
        """How it was paused then; at its very end it may or may not be."""
        return [how for (name, at), (to, how) in self.spans.items() if name == job and at <= instant <= to]

    def skips(self, job, instant):
        """It was paused right then, and that is what was to become of it."""
        spans = ((at, to) for (name, at), (to, how) in self.spans.items() if name == job and how is OnResume.SKIP)
        return any(at < instant < to for at, to in spans)


def seconds(low, high):
    return st.integers(low, high).map(lambda n: timedelta(seconds=n))


triggers = st.one_of(
    seconds(7, 120).map(Every),
    seconds(3, 120).map(AfterFinish),
    st.sampled_from(["*/5 * * * *", "* * * * *", "0 * * * *"]).map(lambda text: Cron(text, "Europe/Berlin")),
    seconds(30, 300).map(lambda period: AnyOf((Startup(), Every(period), Cron("*/10 * * * *")))),
)
policies = st.builds(
    Policies,
    grace=seconds(0, 30),
    catch_up=st.sampled_from(CatchUp),
    catch_up_window=st.none() | seconds(60, 7200),
    catch_up_max=st.integers(1, 10),
    overlap=st.sampled_from(Overlap),
    max_instances=st.just(2),
    queue_max=st.integers(1, 3),
    timeout=st.none() | seconds(5, 100),
    run_timeout=st.none() | st.integers(20_000_001, 900_000_000).map(lambda n: timedelta(microseconds=n)),
    kill_after=st.just(timedelta(0)),
    retry=st.builds(Retry, attempts=st.integers(1, 3), delay=seconds(1, 60)),
    idempotent=st.booleans(),
    quarantine=st.just(False),  # a guess about deaths, of which a simulation knows nothing
    pause_after=st.none() | st.integers(1, 3),
    probe_after=st.none() | seconds(10, 1000).map(lambda wait: wait + TICK),
    jitter=st.just(timedelta(0)) | seconds(1, 20),
    cooldown=st.just(timedelta(0)) | seconds(1, 100),
    on_resume=st.sampled_from(OnResume),
    wait=st.none() | st.none() | seconds(1, 500).map(lambda limit: Wait(limit=limit)) | st.just(Wait(until=3600 * 14)),
    poll=seconds(1, 60),
)
conditions = st.sampled_from([(), (), (Term(Network()),)])
needs = st.sampled_from([(), (), (Need("a"),), (Need("b", timedelta(minutes=10)),)])
gates = st.fixed_dictionaries({"conditions": conditions, "needs": needs})
recoveries = st.builds(
    Recovery,
    order=st.sampled_from(RecoveryOrder),
    at_once=st.sampled_from([1, 2, 20]),
    pace=st.just(timedelta(0)) | seconds(1, 30),
    limit=st.none() | st.integers(1, 8),
    ask_above=st.none() | st.integers(0, 8),
    expires=seconds(60, 9000),
)
LIMITS = Limits(running=3, pools={"p": 2})
CAPACITIES = {("service", ""): 3, ("pool", "p"): 2, ("exclusive", "x"): 1}
SHARED = {
    "a": {"pool": ("p",)},
    "b": {"pool": ("p",), "exclusive": ("x",)},
    "c": {"key": ("who",), "exclusive": ("x",)},
}


def sharing(job):
    """What it shares depends on its name: so no run ever holds more, or other things, than its job does."""
    return replace(job, policies=replace(job.policies, **SHARED[job.name]))


names = st.sampled_from(NAMES)
spans = seconds(1, 400)
steps = st.one_of(
    st.tuples(st.just("advance"), spans),
    st.tuples(st.just("advance"), spans),
    st.tuples(st.just("kill"), seconds(0, 8000)),
    st.tuples(st.just("restart"), seconds(0, 3000)),
    st.tuples(st.just("pause"), names, st.none() | spans),
    st.tuples(st.just("resume"), names),
    st.tuples(st.just("run"), names, st.integers(0, 2)),
    st.tuples(st.just("skip"), names, st.none() | spans),
    st.tuples(st.just("move"), names, st.none() | spans, st.none() | spans),
    st.tuples(st.just("add"), names, spans),
    st.tuples(st.just("restore"), names),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("approve")),
    st.tuples(st.just("abort"), names),
    st.tuples(st.just("step"), seconds(-20_000, 20_000)),
    st.tuples(st.just("suspend"), seconds(1, 20_000)),
    st.tuples(st.just("stall"), spans),
    st.tuples(st.just("remove"), names),
    st.tuples(st.just("place"), names, triggers, policies, gates),
    st.tuples(st.just("outage"), spans),
    st.tuples(st.just("backfill"), names, seconds(0, 900), seconds(1, 900), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("backfill"), names, seconds(0, 900), seconds(1, 900), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("cancel backfill"), st.integers(0, 3)),
    st.tuples(
        st.just("pause some"), st.none() | st.lists(names, max_size=2), st.none() | spans, st.sampled_from(OnResume)
    ),
    st.tuples(st.just("resume some"), st.none() | st.lists(names, max_size=2)),
    st.tuples(st.just("drain"), seconds(0, 8000)),
    st.tuples(st.just("cancel all"), names),
    st.tuples(st.just("retry"), st.integers(0, 5)),
)


class World:
    def __init__(self, jobs, seed, recovery):
        self.seed = seed
        self.started = Counter()
        self.crowded = set()  # jobs that were allowed any number of runs at some time
        self.set_back = False  # then no clock says what came before what
        self.definitions = {job.name: job for job in jobs}
        limits = replace(LIMITS, recovery=recovery)
        self.harness = Harness(
            jobs,
            behave=self.behave,
            clock=FakeClock(START),
            ledger=SwitchedLedger(),
            limits=limits,
            conditions=lambda fire, at: fraction(seed, fire.job, at) < 0.5,
        )

    def behave(self, fire, attempt):
        self.started[fire.id, attempt] += 1
        chance = fraction(self.seed, fire.job, fire.scheduled_at, fire.origin, attempt)
        failed = int(chance * 10_000) % 4 == 0
        took = timedelta(microseconds=int(chance * 10**15) % 150_000_000)
        return took, Failed(ErrorNote("ValueError", "by chance")) if failed else Succeeded()

    @property
    def board(self):
        return self.harness.engine.board

    async def start(self):
        self.harness.jobs = list(self.definitions.values())
        await self.harness.start()

    async def ask(self, act):
        answer = await self.harness.engine.ask(lambda board, now, turn: act(board, now, turn))
        await self.harness.clock.settle()
        return answer

    async def do(self, what, *details):
        clock, harness = self.harness.clock, self.harness
        match what:
            case "advance":
                await clock.advance(*details)
            case "kill":
                await harness.kill()
                await clock.advance(details[0] + timedelta(microseconds=1))
                await self.start()
            case "restart":
                await harness.stop()
                await clock.advance(details[0] + timedelta(microseconds=1))
                await self.start()
            case "step":
                self.set_back |= details[0] < timedelta(0)
                await clock.step(*details)
                await clock.advance("31s")  # it is noticed when somebody looks
            case "suspend":
                await clock.suspend(*details)
            case "stall":
                await clock.stall(*details)
            case "outage":
                harness.ledger.off = True
                await clock.advance(*details)
                harness.ledger.off = False
                await clock.advance("6s")
            case "cancel":
                open_fires = sorted(f.id for f in await harness.ledger.fires(FireQuery(open=True)))
                if open_fires:
                    fire = open_fires[details[0] % len(open_fires)]
                    assert await self.ask(lambda b, now, turn: stop(b, fire, Cause.OPERATOR, "x", now, turn))
            case "drain":
                assert await self.ask(lambda b, now, turn: drain(b, "x", "", now, turn))
                before = self.started.copy()
                await clock.advance(details[0] + timedelta(microseconds=1))
                assert self.started == before, "something was started"
                assert await self.ask(lambda b, now, turn: lift(b, "x", "", now, turn))
            case "pause some":
                some, span, on_resume = details
                wanted = Pausing("x", "", span, None, on_resume)
                await self.ask(lambda b, now, turn: pause_jobs(b, some, wanted, now, turn))
            case "resume some":
                with contextlib.suppress(Refused):  # none of them is paused
                    await self.ask(lambda b, now, turn: resume_jobs(b, details[0], "x", "", now, turn))
            case "cancel all":
                await self.ask(lambda b, now, turn: cancel_runs(b, details[0], "x", "", now, turn))
                waiting = self.board.jobs[details[0]].queue if details[0] in self.board.jobs else ()
                assert all(fire.backfill for fire in waiting), "only a backfill goes on"
            case "retry":
                over = await harness.ledger.fires(FireQuery(decisions=("start",), limit=1000))
                over = [one for one in over if not one.open and one.job in self.board.jobs]
                if over:
                    fire = over[details[0] % len(over)].fire
                    await self.ask(lambda b, now, turn: again(b, b.jobs[fire.job], fire, now, turn))
            case "cancel backfill":
                numbers = sorted(self.board.backfills)
                if numbers:
                    number = numbers[details[0] % len(numbers)]
                    assert await self.ask(lambda b, now, turn: cancel_backfill(b, number, "x", "", now, turn))
            case "approve":
                await self.ask(approve)
            case "abort":
                await self.ask(lambda b, now, turn: abort(b, "x", details, now, SLICE, turn))
            case _:
                await self.to_job(what, *details)

    async def to_job(self, what, name, *details):
        there = name in self.board.jobs
        match what:
            case "pause" if there:
                await self.ask(lambda b, now, turn: pause_jobs(b, [name], Pausing("x", "", details[0]), now, turn))
            case "resume" if there:
                await self.ask(lambda b, now, turn: unpause(b, b.jobs[name], Unpause(name, now.wall, "x"), now, turn))
            case "run" if there:
                (who,) = details
                await self.ask(lambda b, now, turn: manual(b, b.jobs[name], now, turn, args={"who": who}))
            case "skip" | "move" | "add" | "restore" if there:
                await self.arrange(what, name, *details)
            case "remove" if there:
                del self.definitions[name]
                await self.ask(lambda b, now, turn: (remove(b, name, now, turn), b.link()))
            case "backfill" if there and not self.board.jobs[name].relative:
                await self.backfill(name, *details)
            case "place":
                trigger, policies, gate = details
                job = sharing(Job(name, ACTION, trigger, policies, **gate))
                self.definitions[name] = job
                await self.ask(lambda b, now, turn: (self.place(b, job, now, turn), b.link()))

    async def arrange(self, what, name, *spans):
        """For the next instant, or one about so long from now. What may not be is refused, and changes nothing."""

        def act(board, now, turn):
            state, (which, *to) = board.jobs[name], spans or (None,)
            given = None if which is None else now.wall + which
            if given is not None and what in ("skip", "move") and state.trigger and not state.relative:
                given = state.trigger.next_after(given)
            to = [None if one is None else now.wall + one for one in to]
            ARRANGING[what](board, state, given, *to, Asked("x"), now, turn)

        with contextlib.suppress(Refused):
            await self.ask(act)

    async def backfill(self, name, ago, length, at_once, again):
        def act(board, now, turn):
            until = now.on(board.jobs[name].steady) - ago
            since = until - length
            order = Backfill(0, name, since, until, since, now.wall, "x", "", at_once, again)
            one = open_backfill(board, order)
            one.done |= done
            begin_backfill(one, now, turn)

        done = set() if again else await succeeded(self.harness.ledger, name, START, START + timedelta(days=999))
        await self.ask(act)

    def place(self, board, job, now, turn):
        state = board.jobs.get(job.name)
        place(board, job, None if state is None else current(state), now, turn)

    async def check(self):
        """The law, and that the board and the ledger say the same."""
        harness, board = self.harness, self.board
        now = harness.engine.axes.read()
        assert await imbalances(harness.ledger, now.wall) == []
        open_fires = {f.id: f for f in await harness.ledger.fires(FireQuery(open=True, limit=100_000))}
        waiting = {fire.id for state in board.jobs.values() for fire in state.queue}
        assert {f for f, record in open_fires.items() if record.decision.kind == "queue"} == waiting
        assert open_fires.keys() - waiting == board.runs.keys()
        executing = {f for f, run in board.runs.items() if not run.waiting}
        assert executing == harness.engine.dispatch.running.keys()
        for fire, run in board.runs.items():
            assert run.attempt == open_fires[fire].attempt
            if run.waiting:
                assert open_fires[fire].retry_at is not None
                assert (Kind.RETRY, run.fire.job, fire) in board.steady._live
        self.check_recovery(board, waiting)
        for permit in [("service", ""), ("pool", "p"), ("exclusive", "x")]:
            assert len(board.permits.holders(permit)) <= CAPACITIES[permit]
        for name, state in board.jobs.items():
            await self.check_job(name, state, now)
        await self.check_arranged(now)
        await self.check_backfills(open_fires.values())
        await self.check_pauses()
        assert set(self.started.values()) <= {1}, "an attempt started twice"

    async def check_arranged(self, now):
        """On the board as in the ledger, ahead, and each with its deadline, if it has one."""
        kept = [one for state in self.board.jobs.values() for one in pending(state)]
        assert Counter(kept) == Counter((await self.harness.ledger.restore()).occurrences)
        dues = [due for one in kept if (due := comes_at(one)) is not None]
        assert all(due > now.wall for due in dues), "due, and not decided"
        assert len(dues) == sum(key[0] in (Kind.MOVED, Kind.ADDED) for key in self.board.wall._live)
        for one in kept:
            over = one.scheduled_at <= self.board.jobs[one.job].watermark
            assert comes_at(one) is not None or not over, "it has come, and is still there"

    async def check_backfills(self, open_fires):
        stored = {one.number: one for one in (await self.harness.ledger.restore()).backfills}
        assert stored.keys() == self.board.backfills.keys()
        for number, one in self.board.backfills.items():
            instants = {r.scheduled_at for r in open_fires if r.fire.backfill == number}
            assert instants == set(one.open.values()), "the board counts what the ledger says"
            assert len({r.scheduled_at for r in open_fires if r.fire.backfill == number}) <= one.order.at_once
            state = self.board.jobs.get(one.order.job)
            assert not one.has_room or instants or state is None or state.pause, (
                "it has room, and nothing of it is open"
            )
            assert stored[number].cursor <= one.order.cursor
        for record in await self.harness.ledger.fires(
            FireQuery(origins=("backfill",), decisions=("skip",), limit=1000)
        ):
            assert record.decision.reason not in (SkipReason.OVERLAPPED, SkipReason.QUEUE_FULL, SkipReason.PAUSED)

    async def check_pauses(self):
        """What came due in a pause was skipped for that, or waited, as it says; and nothing else was."""
        for record in () if self.set_back else await self.harness.ledger.fires(FireQuery(limit=100_000)):
            fire, job = record.fire, record.job
            if record.decision.kind == "skip" and record.decision.reason is SkipReason.PAUSED:
                assert self.pauses.at(job, fire.due_at), "it was not paused then"
            elif self.pauses.skips(job, fire.due_at) and held_by_a_pause(fire):
                assert record.decision.kind == "skip", "it was paused then"

    @property
    def pauses(self):
        return self.harness.ledger.pauses

    def check_recovery(self, board, waiting):
        """What is owed waits; it is closed only for a reason that ends."""
        recovering = board.recovering
        assert recovering.owed.keys() <= waiting
        assert recovering.new | recovering.given_up.keys() <= recovering.owed.keys()
        assert not recovering.counting
        assert not recovering.given_up
        assert (recovering.held is not None) is bool(recovering.new)
        if recovering.held is not None:
            assert (Kind.UNANSWERED, "", 0) in board.wall._live
        if recovering.next_at is not None:
            assert (Kind.PACED, "", 0) in board.steady._live
        assert (RECOVERY in board.permits._shut) is recovering.closed

    async def check_job(self, name, state, now):
        policies = state.job.policies
        running = [run for run in self.board.runs.values() if run.fire.job == name]
        assert len(running) == len(state.running)
        lanes = Counter(run.lane for run in running)
        if name not in self.crowded:
            assert max(lanes.values(), default=0) <= policies.max_instances
        versions = await self.harness.ledger.versions(name, active=True)
        assert [(v.version, v.watermark) for v in versions] == [(state.version, state.watermark)]
        if state.next_at is not None:
            assert self.board.due_at(state, state.next_at) > now.on(state.steady), "due, and not decided"
            live = (self.board.steady if state.steady else self.board.wall)._live
            assert (Kind.FIRE, name, 0) in live
        elif state.relative:
            assert state.running or state.queue, "it counts from the end of nothing"
        if state.pause is None:
            for lane in state.queue.lanes:
                self.check_waits(state, lane)
        for held in state.queue.gated.values():
            assert not held.asking, "it was asked, and nobody answered"
            if state.pause is None:
                self.check_held(name, held)

    def check_held(self, name, held):
        """Whoever waits at the gate is asked again, or waits for another job; in any case it does not for ever."""
        assert (Kind.GIVE_UP, name, held.fire.id) in self.board.wall._live
        assert "needs" in held.facts or (Kind.ASK, name, held.fire.id) in self.board.steady._live

    def check_waits(self, state, lane):
        """Whoever waits lacks something, and is looked at when it is there."""
        policies, permits, name = state.job.policies, self.board.permits, state.job.name
        if policies.overlap is not Overlap.ALLOW and len(state.in_lane(lane)) >= policies.max_instances:
            return
        if lane in state.cooling:
            assert (Kind.COOLED, name, 0) in self.board.steady._live
            return
        wants = self.board.wants(state, state.queue.first(lane))
        assert permits.lacking(wants) is not None, "there is room, and somebody waits"
        assert (name, lane) in permits._place, "nobody will look at it again"

    async def live(self, trace):
        await self.start()
        try:
            for step in trace:
                self.crowded |= {n for n, job in self.definitions.items() if job.policies.overlap is Overlap.ALLOW}
                await self.do(*step)
                await self.check()
        finally:
            with contextlib.suppress(Exception):
                await self.harness.kill()


def held_by_a_pause(fire):
    """Not what somebody runs by hand."""
    return fire.origin is not Origin.BACKFILL and (fire.origin is not Origin.MANUAL or fire.nonce in (ADDED, MOVED))


@st.composite
def worlds(draw):
    names = NAMES[: draw(st.integers(1, 3))]
    jobs = [sharing(Job(name, ACTION, draw(triggers), draw(policies), **draw(gates))) for name in names]
    if draw(st.booleans()):
        wished = {jobs[0].name: draw(st.sampled_from(Ending))}
        jobs.append(Job("follower", ACTION, None, draw(policies), after=(jobs[0].name,), wished=wished))
        jobs.append(Job("last", ACTION, None, draw(policies), after=("follower",), **draw(gates)))
    if len(jobs) > 2 and draw(st.booleans()):
        wished = {"a": draw(st.sampled_from(Ending))}
        jobs.append(Job("join", ACTION, None, draw(policies), after=("a", "b"), wished=wished))
    return jobs, draw(st.lists(steps, min_size=1, max_size=14)), draw(st.integers(0, 1000)), draw(recoveries)


A_JOB = Job("a", ACTION, Every(timedelta(seconds=7)), Policies(max_instances=2))
A_MINUTE = ("advance", timedelta(minutes=1))
COMES_BACK = [("remove", "a"), ("place", "a", A_JOB.trigger, A_JOB.policies, {}), A_MINUTE]
MINUTES = {n: ("advance", timedelta(minutes=n)) for n in (4, 5)}
UP_IN_A_PAUSE = [MINUTES[5], ("pause", "a", None), MINUTES[4], ("step", timedelta(minutes=-3)), ("resume", "a")]
WAITS = Policies(wait=Wait(limit=timedelta(minutes=3)))
NEEDING = replace(A_JOB, trigger=Cron("*/5 * * * *"), needs=(Need("b"),), policies=WAITS)
SET_BACK = [A_MINUTE, ("step", timedelta(hours=-4)), *[A_MINUTE] * 250]


@settings(max_examples=120, deadline=None)
@given(worlds())
@example(([A_JOB], COMES_BACK, 1, Recovery()))
@example(([replace(A_JOB, trigger=Cron("* * * * *"))], SET_BACK, 1, Recovery()))
@example(([NEEDING], UP_IN_A_PAUSE, 1, Recovery()))
def test_the_law_holds_after_every_step(world):
    jobs, trace, seed, recovery = world
    asyncio.run(World(jobs, seed, recovery).live(trace))
