"""Column widths in a pane that is too narrow for them."""

from __future__ import annotations

from collections.abc import Sequence

#: Cells a column keeps, however narrow the pane.
LEAST = 4


def fit(widths: Sequence[int], room: int, rigid: Sequence[bool]) -> list[int]:
    """Cut column widths to the room there is, the widest first.

    Args:
        widths: what each column would like, in cells.
        room: cells for all of them together.
        rigid: which columns keep their width as long as any other can give way.
    """
    fitted = list(widths)
    for candidates in ([n for n, fixed in enumerate(rigid) if not fixed], range(len(fitted))):
        while sum(fitted) > room:
            cuttable = [n for n in candidates if fitted[n] > LEAST]
            if not cuttable:
                break
            fitted[max(cuttable, key=lambda n: fitted[n])] -= 1
    return fitted
