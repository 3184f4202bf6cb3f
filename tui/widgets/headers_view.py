"""The answer's headers."""

from __future__ import annotations

from rich.text import Text

from tui.cookies import cookies
from tui.run_report import RunReport
from tui.widgets.table import Column, Table


class HeadersView(Table):
    """Names and values, in the order they came, repeated ones (Set-Cookie) on rows of their own."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__([Column("name"), Column("value")], header=False, id=id)
        self._headers: list[tuple[str, str]] = []

    def show(self, report: RunReport | None) -> None:
        """Show a run's response headers."""
        headers = list(report.headers) if report else []
        if headers != self._headers:
            self._headers = headers
            self.repaint()

    def table_rows(self) -> list[tuple[str, list[Text]]]:
        """One row a header."""
        return [
            (str(number), [self.text((name.lower(), "muted")), self.text(value)])
            for number, (name, value) in enumerate(self._headers)
        ] + [
            (
                f"cookie {number}",
                [
                    self.text(
                        ("cookie ", "muted"),
                        (cookie.name, "bold"),
                        (" removed" if cookie.removes else "", "warning"),
                    ),
                    self.text(cookie.value, (f"  {cookie.summary}", "muted")),
                ],
            )
            for number, cookie in enumerate(cookies(self._headers))
        ]

    @property
    def current_value(self) -> str:
        """The value under the cursor, for copying; empty in an empty table."""
        key = self.current_key
        if key is None:
            return ""
        kind, _, number = key.rpartition(" ")
        return cookies(self._headers)[int(number)].value if kind else self._headers[int(number)][1]
