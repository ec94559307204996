"""A line for each measure: ours, theirs, how they compare, what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Line:
    """One measure.

    Attributes
    ----------
    what
        What was measured, with its unit.
    ours, theirs
        The numbers; theirs is None where there is nobody to compare with.
    ratio
        Theirs to ours or ours to theirs, as `aim` wants it; the number itself without theirs.
    aim
        "at least 5 x": words for people.
    is_reached
        Whether the ratio is within the aim.
    """

    what: str
    ours: str
    theirs: str
    ratio: str
    aim: str
    is_reached: bool


def at_least(what: str, ours: float, theirs: float, aim: float, *, unit: str, higher_is_better: bool) -> Line:
    """A line where ours is to be `aim` times better than theirs."""
    ratio = ours / theirs if higher_is_better else theirs / ours
    numbers = _number(ours, unit), _number(theirs, unit)
    return Line(what, *numbers, f"{ratio:.2f} x", f"at least {aim:.2g} x", ratio >= aim)


def at_most(what: str, ours: float, limit: float, *, unit: str) -> Line:
    """A line where ours alone is to stay within a limit."""
    return Line(what, _number(ours, unit), "", "", f"at most {_number(limit, unit)}", ours <= limit)


def _number(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 2
    return f"{value:,.{digits}f} {unit}"


def render(lines: list[Line]) -> str:
    rows = [["", "ours", "theirs", "ratio", "aim", ""]]
    for line in lines:
        verdict = "reached" if line.is_reached else "MISSED"
        rows.append([line.what, line.ours, line.theirs, line.ratio, line.aim, verdict])
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([texts[0], "-" * max(map(len, texts)), *texts[1:]])
