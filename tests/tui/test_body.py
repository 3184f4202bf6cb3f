"""Bodies as they are shown: laid out without changing a value, decoded, capped; and runs put together."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tui import body
from tui.run_report import SHOWN, RunReport
from tui.widgets.calls_view import calls_summary


def test_json_keeps_its_numbers_strings_and_order() -> None:
    text = '{"b":[1,2.50,1e400],"a":{"x":[]},"s":"{\\"[,:]\\" é","n":12345678901234567890,"o":{},"l":[{}]}'
    pretty = body.pretty_json(text)
    assert json.loads(pretty) == json.loads(text)
    assert '"b": [1, 2.50, 1e400]' in pretty
    assert pretty.splitlines()[3] == '    "x": []'
    assert "12345678901234567890" in pretty


@pytest.mark.parametrize(
    ("content", "content_type", "kind", "shown"),
    [
        (b'{"a":1}', "application/json", "json", '{\n  "a": 1\n}'),
        (b'{"a":1}', "application/problem+json", "json", '{\n  "a": 1\n}'),
        (b'{"a":', "application/json", "json", '{"a":'),
        (b"[" * 5_000, "application/json", "json", "[" * 5_000),
        ("é".encode("latin-1"), "text/plain; charset=latin-1", "text", "é"),
        (b"\xff", "text/plain; charset=nonsense", "text", "\ufffd"),
        (b"a,b", "text/csv", "csv", "a,b"),
        (b"hello", "", "text", "hello"),
        (b"", "text/html", "no body", ""),
    ],
)
def test_shown(content: bytes, content_type: str, kind: str, shown: str) -> None:
    result = body.show(content, len(content), content_type)
    assert (result.kind, result.text, result.notice) == (kind, shown, "")


def test_binary_is_dumped() -> None:
    result = body.show(b"\x89PNG\r\n\0\1", 8, "image/png")
    assert result.text == "000000  89 50 4e 47 0d 0a 00 01                          .PNG...."
    assert (result.kind, result.notice) == ("image/png", "binary.")


def test_large_bodies_are_capped_and_say_so() -> None:
    cut = body.show("é".encode() * 40_000, 5_872_026, "text/plain")
    assert cut.notice == "first 64 KB of 5.6 MB."
    assert len(cut.text.encode()) <= body.MOST_BYTES
    assert "\ufffd" not in body.show(b"a" + "é".encode() * 32_768, 100_000, "text/plain").text
    lines = body.show(b"a\n" * 3_000, 6_000, "text/plain")
    assert lines.notice == "first 2,000 of 3,000 lines."


def test_html_on_one_line_is_laid_out() -> None:
    source = (
        "<!doctype html><html><head><title>A &amp; b</title></head><body><p>some <b>bold</b> text</p>"
        "<ul><li>one</li><li>two</li></ul><pre> a\n  b</pre><script>let a = '<p>';</script></body></html>"
    )
    lines = body.show(source.encode(), len(source), "text/html").text.splitlines()
    assert "    <p>some <b>bold</b> text</p>" in lines
    assert "      <li>two</li>" in lines
    assert "    <script>let a = '<p>';</script>" in lines
    assert "  b</pre>" in lines


def taken(*events: dict[str, Any]) -> RunReport:
    report = RunReport()
    for event in events:
        report.take(event)
    return report


def test_a_body_is_whole_for_saving_and_short_for_showing() -> None:
    import base64

    chunk = base64.b64encode(b"x" * 40_000).decode()
    report = taken(*[{"type": "body", "base64": chunk}] * 3)
    assert (report.size, len(report.head), len(report.body())) == (120_000, SHOWN, 120_000)
    target = io.BytesIO()
    report.copy_body(target)
    assert len(target.getvalue()) == 120_000
    report.close()
    assert report.body() == b""


def test_what_fails_after_the_answer_leaves_the_answer() -> None:
    late = {"type": "exception", "name": "Error", "message": "late", "phase": "waituntil"}
    report = taken({"type": "response", "status": 200, "headers": []}, late, {"type": "something new"})
    assert report.failure is None
    assert [failure.message for failure in report.later_failures] == ["late"]
    assert report.running


def test_calls_are_summed_up() -> None:
    call = {"type": "call", "id": 1, "binding": "NOTES", "operation": "put", "start": 2.0, "duration": 12.2}
    assert calls_summary(None) == calls_summary(RunReport()) == ""
    assert "⊘ 1 write kept back" in calls_summary(taken({**call, "kept_back": True}))
    assert "ms, 0 to 14.2" in calls_summary(taken(call))
