"""huey with its queue in SQLite: what is enqueued is taken off, run in this thread, and its result stored."""

from __future__ import annotations

TITLE = "huey"
PACKAGES = ("huey",)
NOTES = {
    "durable": "queue only: nothing is scheduled (its schedules are of whole minutes), the task is deleted as it is "
    "taken, so what was running at a crash is lost; its result is stored until it is read; fsync on",
    "help": "`huey_consumer --help`",
}
CASES = {"durable": "FULL"}
AT_ONCE = 100


def durable(race) -> None:
    from huey import SqliteHuey

    huey = SqliteHuey(filename=str(race.folder / "huey.db"), fsync=True)

    @huey.task()
    def run() -> bool:
        race.count += 1
        return True

    race.begin()
    while race.going():
        for _ in range(AT_ONCE):
            run()
        for _ in range(AT_ONCE):
            huey.execute(huey.dequeue())


def help(subject) -> None:
    subject.run("-m", "huey.bin.huey_consumer", "--help")
