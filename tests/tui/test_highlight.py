"""The resumable highlighter gives what lexing the whole document would give, whatever was edited before."""

from __future__ import annotations

import random

import pytest
from pygments.lexer import ExtendedRegexLexer, LexerContext

from tui.document import CodeDocument
from tui.highlight import Highlighter, Palette, Token
from tui.lexers import lexer_for_content_type, lexer_for_name

SOURCES = {
    "worker.js": """\
import { json } from "./http.js";
/* a comment
   over lines, with "quotes" and `ticks` */
const limit = 86_400 * 0x1F, big = 12n, half = .5e-3;
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url); // where
    const page = `<p>${ { a: `inner ${limit}` }.a }
      second line ${pathname.split(/[/\\]]+/g).length / 2}</p>`;
    if (a / b / c) return json({ page, 'single': 'it\\'s' });
    const broken = "no end
    return text.split(/\\s+/).length;
  },
};
class Note extends Base { #secret = 1; static count() { return super.count(); } }
""",
    "types.ts": """\
@sealed
export abstract class Box<T extends object> implements Iterable<T> {
  private readonly items: Map<string, number> = new Map();
  constructor(private name: string) { super(); }
  get<K extends keyof T>(key: K): T[K] | undefined { return this.items.get(key) as any; }
}
type Pair = [a: string, b?: number]; /* open
still open */ interface Named { name: string }
""",
    "schema.json": """\
{
  "name": "note", "at": -1.5e3, /* why
  not */ "tags": ["a", "b\\"c", null, true],
  "open": "no end
  "next": {}
}
""",
    "page.html": """\
<!doctype html>
<html><head><style>
  body > .note { color: #fff; margin: 1px 2em }
</style></head>
<!-- a remark
over lines -->
<body class="a
b" data-x='1'>&amp; text <script>
  const x = "<p>"; // yes
</script></body></html>
""",
    "style.css": """\
@media (min-width: 10em) {
  /* over
     lines */
  .note:hover, #id { color: rgb(1, 2, 3) !important; --own: "a
  b"; margin: -1.5em auto }
}
""",
}
SNIPPETS = [
    *('"', "'", "`", "/*", "*/", "${", "}", "{", "/", "\n", "\n\n", "<!--", "-->", "<script>", "</script>"),
    *("<style>", "x", " ", ";", ":", "//", "#", "return ", "\\", "é", "𝒳", "\t"),
]


def whole(name: str, text: str) -> list[list[Token]]:
    """The tokens of each line from one pass of Pygments over the whole text."""
    context = LexerContext(text + "\n", 0, ["root"])
    rows: list[list[Token]] = [[]]
    column = 0
    for _, kind, value in ExtendedRegexLexer.get_tokens_unprocessed(lexer_for_name(name), context=context):
        for number, part in enumerate(value.split("\n")):
            if number:
                rows.append([])
                column = 0
            if part:
                rows[-1].append((column, column + len(part), kind))
                column += len(part)
    return rows


def cells(rows: list[list[Token]]) -> list[list[object]]:
    """One token type a character: how a run of blanks is cut up does not matter."""
    return [[kind for start, end, kind in row for _ in range(start, end)] for row in rows]


@pytest.mark.parametrize("name", SOURCES)
def test_equals_whole_document_lexing_over_random_edits(name: str) -> None:
    dice = random.Random(name)
    document = CodeDocument(SOURCES[name] * 3)
    highlighter = Highlighter(lexer_for_name(name), lambda: document.lines)
    document = CodeDocument(SOURCES[name] * 3, highlighter.replace)
    for _ in range(60):
        row = dice.randrange(document.line_count)
        start = (row, dice.randint(0, len(document[row])))
        row = min(document.line_count - 1, row + dice.choice((0, 0, 0, 0, 1, 3)))
        end = (row, dice.randint(0, len(document[row]))) if dice.random() < 0.4 else start
        document.replace_range(start, end, "".join(dice.choices(SNIPPETS, k=dice.randint(0, 3))))
        expected = cells(whole(name, document.text))
        top = dice.randrange(document.line_count)
        for line in range(top, min(document.line_count, top + 40)):
            assert cells([highlighter.tokens(line)])[0] == expected[line], (line, document[line])


def test_an_edit_lexes_one_line_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = SOURCES["worker.js"] * 100
    highlighter = Highlighter(lexer_for_name("worker.js"), lambda: document.lines)
    document = CodeDocument(text, highlighter.replace)
    highlighter.advance(document.line_count)
    assert highlighter.done
    lexed: list[str] = []
    real = ExtendedRegexLexer.get_tokens_unprocessed

    def counting(lexer: object, context: LexerContext) -> object:
        lexed.append(context.text)
        return real(lexer, context=context)

    monkeypatch.setattr(ExtendedRegexLexer, "get_tokens_unprocessed", staticmethod(counting))
    document.replace_range((700, 2), (700, 2), "x")
    highlighter.advance(document.line_count)
    assert len(lexed) == 1
    document.replace_range((700, 0), (700, 0), "\n")
    highlighter.advance(document.line_count)
    assert len(lexed) <= 3


def test_an_open_quote_ends_with_its_line() -> None:
    lines = ['const a = "open', "const b = 1;"]
    tokens = Highlighter(lexer_for_name("a.js"), lambda: lines).tokens(1)
    assert str(tokens[0][2]) == "Token.Keyword.Declaration"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lib/a.mjs", "JavaScriptLines"),
        ("a.TSX", "TypeScriptLines"),
        ("worker", "JavaScriptLines"),
        ("a.jsonc", "JsonLines"),
        ("a.htm", "HtmlLines"),
        ("a.css", "CssLines"),
        ("a.txt", "NoneType"),
        ("a.b/readme.md", "NoneType"),
    ],
)
def test_suffix_chooses_the_lexer(name: str, expected: str) -> None:
    assert type(lexer_for_name(name)).__name__ == expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json; charset=utf-8", "JsonLines"),
        ("application/problem+json", "JsonLines"),
        ("text/html", "HtmlLines"),
        ("image/svg+xml", "HtmlLines"),
        ("text/javascript", "JavaScriptLines"),
        ("text/plain", "NoneType"),
        ("", "NoneType"),
    ],
)
def test_content_type_chooses_the_lexer(content_type: str, expected: str) -> None:
    assert type(lexer_for_content_type(content_type)).__name__ == expected


def test_spans_take_the_themes_colours_and_follow_a_change() -> None:
    lines = ["const a = 1; // one"]
    highlighter = Highlighter(lexer_for_name("a.js"), lambda: lines)
    assert highlighter.spans(0) == []
    highlighter.recolor(Palette({"syn-keyword": "#b9a3ff", "syn-comment": "#868e9a"}))
    styles = {lines[0][span.start : span.end]: str(span.style) for span in highlighter.spans(0)}
    assert styles == {"const": "#b9a3ff", "// one": "italic #868e9a"}
    highlighter.recolor(Palette({"syn-keyword": "#ff0000"}))
    assert [str(span.style) for span in highlighter.spans(0)] == ["#ff0000"]
