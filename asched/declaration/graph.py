"""What is wrong between jobs: doubled names, an `after`, a need or a pool that names nobody, a circle."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from asched.core.model import Job
from asched.declaration.faults import Fault, Path, did_you_mean
from asched.declaration.problems import Finding


def graph_problems(jobs: Iterable[Job], pools: Collection[str] = ()) -> list[Finding]:
    """Every problem, at the place where its job was written."""
    problems = []
    for job, fault in graph_faults(list(jobs), pools=pools):
        file, _, line = job.source.rpartition(":")
        message = f'job "{job.name}": {fault.message}'
        problems.append(Finding(message, file, int(line or 0), help=fault.help, job=job.name))
    return problems


def graph_faults(
    jobs: Sequence[Job], *, broken: Collection[str] = (), silent: Collection[str] = (), pools: Collection[str] = ()
) -> list[tuple[Job, Fault]]:
    """Every problem with the job that it is found at, in the order of the jobs.

    `pools` are those that there are. `broken` are names of jobs that exist but could not be loaded: what comes after
    them is said to wait for them; where it is one of the `silent` names, nothing is said.
    """
    found = [*_doubled(jobs), *_unknown(jobs, broken, silent), *_circles(jobs), *_unknown_pools(jobs, pools)]
    order = {id(job): place for place, job in enumerate(jobs)} if len(found) > 1 else {}
    return found if not order else sorted(found, key=lambda pair: order[id(pair[0])])


def _doubled(jobs: Iterable[Job]) -> Iterable[tuple[Job, Fault]]:
    first: dict[str, Job] = {}
    for job in jobs:
        other = first.setdefault(job.name, job)
        if other is not job:
            message = f"two jobs have this name: {other.source or 'one'} and {job.source or 'another'}"
            yield job, Fault(("name",), message, "a name belongs to one job: rename one of them")


def _unknown(jobs: Iterable[Job], broken: Collection[str], silent: Collection[str]) -> Iterable[tuple[Job, Fault]]:
    jobs = list(jobs)
    depending = [job for job in jobs if job.after or job.needs]
    names = {job.name for job in jobs} if depending else set()
    for job in depending:
        for path, verb, other in _depends(job):
            if other in names or other in silent:
                continue
            if other in broken:
                yield job, Fault(path, f'{verb} job "{other}", which could not be loaded')
            else:
                help = did_you_mean(other, names - {job.name})
                yield job, Fault(path, f'{verb} an unknown job "{other}"', help)


def _depends(job: Job) -> Iterable[tuple[Path, str, str]]:
    """On which others, and where it says so."""
    for place, upstream in enumerate(job.after):
        yield ("after", place), "comes after", upstream
    for place, need in enumerate(job.needs):
        yield ("needs", place), "needs", need.job


def _unknown_pools(jobs: Iterable[Job], pools: Collection[str]) -> Iterable[tuple[Job, Fault]]:
    for job in jobs:
        for name in job.policies.pool:
            if name not in pools:
                help = did_you_mean(name, pools) or f"give it its places: {name} = 2 in [pools]"
                yield job, Fault(("pool",), f'takes a place in an unknown pool "{name}"', help)


def _circles(jobs: Iterable[Job]) -> Iterable[tuple[Job, Fault]]:
    """One circle for each group of jobs that wait for each other."""
    by_name = {job.name: job for job in jobs if job.after}
    waiting = _never_ready({name: job.after for name, job in by_name.items()})
    seen: set[str] = set()
    for name in by_name:
        if name not in waiting or name in seen:
            continue
        walked: list[str] = []
        while name not in seen:
            seen.add(name)
            walked.append(name)
            name = next(upstream for upstream in by_name[name].after if upstream in waiting)
        if name in walked:  # else the walk ran into a circle that was told already
            circle = walked[walked.index(name) :]
            shown = " -> ".join([*circle, circle[0]])
            yield by_name[circle[0]], Fault(("after",), f"after goes in a circle: {shown}", "no job would ever start")


def _never_ready(after: Mapping[str, Sequence[str]]) -> set[str]:
    """The jobs left when all that could ever become ready has been taken away, one by one."""
    followers: dict[str, list[str]] = {name: [] for name in after}
    missing = dict.fromkeys(after, 0)
    for name, upstreams in after.items():
        for upstream in {upstream for upstream in upstreams if upstream in after}:
            followers[upstream].append(name)
            missing[name] += 1
    ready = [name for name, count in missing.items() if count == 0]
    for name in ready:  # grows while it is walked
        for follower in followers[name]:
            missing[follower] -= 1
            if missing[follower] == 0:
                ready.append(follower)
    return set(after).difference(ready)
