"""A table in Markdown that can be read as it stands: each column as wide as its widest cell, the first row its head."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence


def table(rows: Sequence[Sequence[str]], right: Collection[int]) -> str:
    """`right`: the columns whose cells stand on the right."""
    return "\n".join(_lines(rows, right))


def _lines(rows: Sequence[Sequence[str]], right: Collection[int]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield "|" + "".join(_rule(width, column in right) for column, width in enumerate(widths))


def _rule(width: int, right: bool) -> str:
    return f"{'-' * (width + 1)}:|" if right else f"{'-' * (width + 2)}|"
