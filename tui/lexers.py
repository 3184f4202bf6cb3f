"""Lexers that can stop and resume at any line end.

Pygments' own lexers take comments, strings and scripts as single tokens over many lines, so a quote typed in
line 3 recolours all that follows. Here whatever may span lines is a state and every token ends with its line:
the state at a line's start is then all that its colours depend on.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include, inherit, using, words
from pygments.lexers.javascript import JS_IDENT, JavascriptLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

from tui.sql_words import KEYWORDS

STRINGS: dict[str, list[Any]] = {
    "double": [
        (r'[^"\\\n]+', String.Double),
        (r"\\.", String.Double),
        (r'"', String.Double, "#pop"),
        (r"\n", Whitespace, "#pop"),
    ],
    "single": [
        (r"[^'\\\n]+", String.Single),
        (r"\\.", String.Single),
        (r"'", String.Single, "#pop"),
        (r"\n", Whitespace, "#pop"),
    ],
}
BLOCK_COMMENT: dict[str, list[Any]] = {
    "comment": [
        (r"[^*\n]+", Comment.Multiline),
        (r"\*/", Comment.Multiline, "#pop"),
        (r"\*", Comment.Multiline),
        (r"\n", Whitespace),
    ]
}
OPEN_STRING = [(r'"', String.Double, "double"), (r"'", String.Single, "single")]


class JavaScriptLines(JavascriptLexer):  # type: ignore[misc]
    """JavaScript and JSX."""

    flags = re.DOTALL | re.MULTILINE
    tokens: ClassVar[dict[str, list[Any]]] = {
        "commentsandwhitespace": [
            (r"[^\S\n]+", Whitespace),
            (r"\n", Whitespace),
            (r"<!--", Comment),
            (r"//[^\n]*", Comment.Single),
            (r"/\*", Comment.Multiline, "comment"),
        ],
        "badregex": [(r"/", Operator, "#pop"), default("#pop")],
        "root": [
            (r"^#!.*?$", Comment.Hashbang),
            *OPEN_STRING,
            # Numeric separators, which Pygments does not know yet.
            (r"0[xX][0-9a-fA-F_]+n?|0[bB][01_]+n?|0[oO][0-7_]+n?", Number),
            (r"(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][-+]?\d+)?n?", Number),
            (r"(?:class)\b", Keyword.Declaration, ("class-name", "slashstartsregex")),
            (
                r"(\.)([^\S\n]*)(" + JS_IDENT + r")(?=[^\S\n]*\()",
                bygroups(Punctuation, Whitespace, Name.Function),
            ),
            # After a dot any word is a name: `map.delete(key)`, `promise.catch(…)`.
            (r"(\.)([^\S\n]*)(" + JS_IDENT + r")", bygroups(Punctuation, Whitespace, Name.Other)),
            (
                r"(?!(?:if|for|while|switch|catch|return|await|function|typeof|new|in|of|void|delete|throw"
                r"|super|import|case|do|else|yield|with|instanceof)\b)" + JS_IDENT + r"(?=[^\S\n]*\()",
                Name.Function,
            ),
            inherit,
        ],
        "class-name": [(r"\b(extends)\b", Keyword), (JS_IDENT, Name.Class, "#pop"), default("#pop")],
        # An object literal inside ${…} has braces of its own.
        "interp": [
            (r"`", String.Backtick, "#pop"),
            (r"\\.", String.Backtick),
            (r"\$\{", String.Interpol, "interp-inside"),
            (r"\$", String.Backtick),
            (r"[^`\\$\n]+", String.Backtick),
            (r"\n", String.Backtick),
        ],
        "interp-inside": [
            (r"\}", String.Interpol, "#pop"),
            (r"\{", Punctuation, ("braces", "slashstartsregex")),
            include("root"),
        ],
        "braces": [
            (r"\}", Punctuation, "#pop"),
            (r"\{", Punctuation, ("#push", "slashstartsregex")),
            include("root"),
        ],
        **STRINGS,
        **BLOCK_COMMENT,
    }


class TypeScriptLines(JavaScriptLines):
    """TypeScript and TSX: JavaScript with the words of types."""

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"(\.)([^\S\n]*)(" + JS_IDENT + r")", bygroups(Punctuation, Whitespace, Name.Other)),
            (
                r"\b(abstract|as|declare|enum|implements|infer|interface|is|keyof|namespace|override|private"
                r"|protected|public|readonly|satisfies|type)\b(?=[^\S\n]+[\w{\[(\"'])",
                Keyword.Declaration,
            ),
            (
                r"\b(any|bigint|boolean|never|number|object|string|symbol|unknown)\b(?![^\S\n]*[:(])",
                Keyword.Type,
            ),
            (r"@" + JS_IDENT, Name.Decorator),
            inherit,
        ],
    }


class JsonLines(RegexLexer):  # type: ignore[misc]
    """JSON, and the comments that settings files have."""

    name = "JSON by line"
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"//[^\n]*", Comment.Single),
            (r"/\*", Comment.Multiline, "comment"),
            (r'"(?:\\.|[^"\\\n])*"(?=[^\S\n]*:)', Name.Tag),
            (r'"(?:\\.|[^"\\\n])*"?', String.Double),
            (r"-?\d+(\.\d+)?([eE][-+]?\d+)?", Number),
            (r"\b(true|false|null)\b", Keyword.Constant),
            (r"[\[\]{}:,]", Punctuation),
            (r".", Text),
        ],
        **BLOCK_COMMENT,
    }


class CssLines(RegexLexer):  # type: ignore[misc]
    """Style sheets: selectors, properties, values."""

    name = "CSS by line"
    flags = re.DOTALL | re.MULTILINE
    tokens: ClassVar[dict[str, list[Any]]] = {
        "space": [(r"\s+", Whitespace), (r"/\*", Comment.Multiline, "comment"), *OPEN_STRING],
        "root": [
            include("space"),
            (r"@[\w-]+", Keyword),
            (r"[{}]", Punctuation),
            (
                r"(--[\w-]+|[\w-]+)([^\S\n]*)(:)(?=[^\S\n]|$|[^{\n]*;)",
                bygroups(Keyword, Whitespace, Punctuation),
                "value",
            ),
            (r"::?[\w-]+", Name.Decorator),
            (r"[.#][\w-]+", Name.Tag),
            (r"[\w-]+", Name.Tag),
            (r".", Operator),
        ],
        "value": [
            include("space"),
            (r";", Punctuation, "#pop"),
            (r"(?=\})", Punctuation, "#pop"),
            (r"!important\b", Keyword),
            (r"#[0-9a-fA-F]{3,8}\b", Number),
            (r"[-+]?(\d*\.\d+|\d+)(%|[a-zA-Z]+)?", Number),
            (r"[\w-]+(?=\()", Name.Function),
            (r"--[\w-]+|[\w-]+", Name),
            (r".", Operator),
        ],
        **STRINGS,
        **BLOCK_COMMENT,
    }


class HtmlLines(RegexLexer):  # type: ignore[misc]
    """HTML and XML. Scripts and styles inside are coloured line by line."""

    name = "HTML by line"
    flags = re.IGNORECASE | re.DOTALL | re.MULTILINE
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"[^<&\n]+", Text),
            (r"\n", Whitespace),
            (r"&[\w#]+;", Name.Entity),
            (r"<!--", Comment.Multiline, "remark"),
            (r"<[!?][^>\n]*>?", Comment.Preproc),
            (r"<script\b", Name.Tag, ("script", "tag")),
            (r"<style\b", Name.Tag, ("style", "tag")),
            (r"</?[\w:.-]+", Name.Tag, "tag"),
            (r".", Text),
        ],
        "remark": [
            (r"-->", Comment.Multiline, "#pop"),
            (r"[^-\n]+|-", Comment.Multiline),
            (r"\n", Whitespace),
        ],
        "tag": [
            (r"\s+", Whitespace),
            (r"/?>", Name.Tag, "#pop"),
            (r"(?=<)", Punctuation, "#pop"),
            (r'"', String, "double-attribute"),
            (r"'", String, "single-attribute"),
            (r"=", Operator),
            (r"[^\s=>\"'/<]+", Name.Attribute),
            (r".", Text),
        ],
        "double-attribute": [(r'"', String, "#pop"), (r'[^"\n]+', String), (r"\n", Whitespace)],
        "single-attribute": [(r"'", String, "#pop"), (r"[^'\n]+", String), (r"\n", Whitespace)],
        "script": [
            (r"</script\s*>", Name.Tag, "#pop"),
            (r"\n", Whitespace),
            (r"[^\n]+?(?=</script|\n)", using(JavaScriptLines)),
        ],
        "style": [
            (r"</style\s*>", Name.Tag, "#pop"),
            (r"\n", Whitespace),
            (r"[^\n]+?(?=</style|\n)", using(CssLines)),
        ],
    }


class SqlLines(RegexLexer):  # type: ignore[misc]
    """SQL as SQLite has it."""

    flags = re.IGNORECASE
    tokens: ClassVar[dict[str, list[Any]]] = {
        **BLOCK_COMMENT,
        "root": [
            (r"\s+", Whitespace),
            (r"--[^\n]*", Comment.Single),
            (r"/\*", Comment.Multiline, "comment"),
            (r"'", String.Single, "text"),
            (r"[\"`][^\"`\n]*[\"`]|\[[^\]\n]*\]", Name),
            (r"x'[0-9a-f]*'", Number),
            (r"0x[0-9a-f]+|\d+(\.\d+)?(e[+-]?\d+)?", Number),
            (words(KEYWORDS, prefix=r"\b", suffix=r"\b"), Keyword),
            (r"\w+(?=\()", Name.Function),
            (r"[?:@$]\w*", Name.Variable),
            (r"\w+", Name),
            (r"[-+*/%<>=!|&~]+", Operator),
            (r".", Punctuation),
        ],
        "text": [
            (r"[^'\n]+", String.Single),
            (r"''", String.Single),
            (r"'", String.Single, "#pop"),
            (r"\n", Whitespace),
        ],
    }


SUFFIXES: dict[str, Any] = {
    "sql": SqlLines,
    **dict.fromkeys(("js", "mjs", "cjs", "jsx"), JavaScriptLines),
    **dict.fromkeys(("ts", "mts", "cts", "tsx"), TypeScriptLines),
    **dict.fromkeys(("json", "jsonc", "map"), JsonLines),
    **dict.fromkeys(("html", "htm", "xml", "svg"), HtmlLines),
    "css": CssLines,
}


@cache
def _instance(kind: Any) -> Any:
    """Lexers hold no state between calls: one of each serves every editor."""
    return kind(stripnl=False, ensurenl=False)


def lexer_for_name(name: str) -> Any | None:
    """The lexer for a module's name (by its suffix), None for plain text.

    A main module without a suffix is JavaScript: Cloudflare's dashboard names it `worker` and the like.
    """
    _, dot, suffix = name.rpartition("/")[2].rpartition(".")
    kind: Any = SUFFIXES.get(suffix.lower()) if dot else JavaScriptLines
    return _instance(kind) if kind else None


def lexer_for_content_type(content_type: str) -> Any | None:
    """The lexer for a body's content type, None for plain text.

    Args:
        content_type: A Content-Type header's value, parameters and all; may be empty.
    """
    essence = content_type.partition(";")[0].strip().lower()
    subtype = essence.rpartition("/")[2]
    if subtype == "json" or subtype.endswith("+json"):
        return _instance(JsonLines)
    if subtype in ("html", "xml") or subtype.endswith("+xml"):
        return _instance(HtmlLines)
    if essence == "text/css":
        return _instance(CssLines)
    if "javascript" in subtype or "ecmascript" in subtype:
        return _instance(JavaScriptLines)
    return None
