"""Reading wrangler projects: configuration, .dev.vars, modules."""

from __future__ import annotations

from pathlib import Path

import pytest
from clikit import write

from engine.wrangler import config, dotenv, modules
from engine.wrangler.errors import ProjectError

TOML = """name = "notes"
main = "src/index.ts"
compatibility_date = "2026-03-01"
compatibility_flags = ["nodejs_compat"]
keep_vars = true
vars = { A = "1", N = 2 }
kv_namespaces = [{ binding = "NOTES", id = "0123456789abcdef0123456789abcdef" }, { binding = "MORE" }]
[[services]]
binding = "AUTH"
service = "auth"
environment = "staging"
[limits]
cpu_ms = 100
[env.staging]
vars = { A = "2" }
[env.named]
name = "other"
main = "other.js"
"""


def load(folder: Path, text: str, environment: str | None = None, name: str = "wrangler.toml"):
    file = folder / name
    file.write_text(text)
    return config.load(file, environment)


def test_everything_of_the_top_level(tmp_path: Path):
    found = load(tmp_path, TOML)
    assert (found.service, found.environment) == ("notes", "production")
    assert found.main == tmp_path / "src/index.ts"
    assert found.bindings == (
        {"name": "A", "type": "plain_text", "text": "1"},
        {"name": "N", "type": "json", "json": 2},
        {"name": "NOTES", "type": "kv_namespace", "namespace_id": "0123456789abcdef0123456789abcdef"},
        {"name": "MORE", "type": "kv_namespace"},
        {"name": "AUTH", "type": "service", "service": "auth", "environment": "staging"},
    )
    assert found.settings == {
        "compatibility_date": "2026-03-01",
        "compatibility_flags": ["nodejs_compat"],
        "limits": {"cpu_ms": 100},
    }
    assert found.keep_vars


def test_environments_inherit_settings_but_not_bindings(tmp_path: Path):
    found = load(tmp_path, TOML, "staging")
    assert (found.service, found.environment) == ("notes-staging", "production")
    assert found.bindings == ({"name": "A", "type": "plain_text", "text": "2"},)
    assert found.settings["compatibility_date"] == "2026-03-01"
    named = load(tmp_path, TOML, "named")
    assert (named.service, named.main) == ("other", tmp_path / "other.js")
    service_environment = load(tmp_path, "legacy_env = false\n" + TOML, "staging")
    assert (service_environment.service, service_environment.environment) == ("notes", "staging")
    plain = load(tmp_path, TOML, "preview")
    assert (plain.service, plain.environment, len(plain.bindings)) == ("notes", "preview", 5)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('name = "x"\nmain = \n', "wrangler.toml:2:8: Invalid value"),
        ('name = "x"\n', "wrangler.toml: main: is missing: name the file to run"),
        ('main = "a.js"\n', "wrangler.toml: name: is missing: name the service"),
        ('name = "x"\nmain = 1\n', "wrangler.toml: main: must be text"),
        (
            'name = "x"\nmain = "a"\n[[kv_namespaces]]\nid = "1"\n',
            "wrangler.toml: kv_namespaces[0].binding: is missing",
        ),
        ('name = "x"\nmain = "a"\nservices = 1\n', "wrangler.toml: services: must be a list of tables"),
        (
            'name = "x"\nmain = "a"\n[[containers]]\nimage = "i"\n',
            "wrangler.toml: containers: this engine has nothing",
        ),
        ('name = "x"\nmain = "a"\n[vars]\nA = 2026-01-01\n', "wrangler.toml: vars.A: is a date"),
    ],
)
def test_errors_name_file_and_place(tmp_path: Path, text: str, error: str):
    with pytest.raises(ProjectError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/{error}")


def test_errors_of_an_environment_name_it(tmp_path: Path):
    with pytest.raises(ProjectError, match=r"wrangler.toml: env.staging.kv_namespaces\[0\].id: must be text"):
        load(tmp_path, TOML + '[[env.staging.kv_namespaces]]\nbinding = "X"\nid = 5\n', "staging")


def test_jsonc(tmp_path: Path):
    text = '{\n  // comment\n  "name": "x", /* more */ "main": "a.js",\n  "vars": {"url": "http://x//y",},\n}'
    found = load(tmp_path, text, name="wrangler.jsonc")
    assert found.bindings == ({"name": "url", "type": "plain_text", "text": "http://x//y"},)
    with pytest.raises(ProjectError, match=r"wrangler.jsonc:2:4: Unexpected"):
        load(tmp_path, "{\n  ]", name="wrangler.jsonc")


def test_dev_vars():
    text = (
        '# comment\n\nA=1\nexport B = two words # not this\nC="a\\nb \\"q\\""\nD=\'raw \\n #x\'  # c\n'
        'E=\nF=`x"y\'z`\nG=a#b\nH="over\nlines"\n'
    )
    assert dotenv.parse(text, Path(".dev.vars")) == {
        "A": "1",
        "B": "two words",
        "C": 'a\nb "q"',
        "D": "raw \\n #x",
        "E": "",
        "F": "x\"y'z",
        "G": "a#b",
        "H": "over\nlines",
    }


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("A=1\nnonsense\n", ".dev.vars:2: write NAME=value"),
        ("\nA='open\n", ".dev.vars:2: the value's quote is not closed"),
        ("A='x' y\n", ".dev.vars:1: there is text behind the value's quote"),
    ],
)
def test_dev_vars_errors_name_the_line(text: str, error: str):
    with pytest.raises(ProjectError) as caught:
        dotenv.parse(text, Path(".dev.vars"))
    assert str(caught.value).startswith(error)


def test_modules_are_found_by_relative_imports(tmp_path: Path):
    write(
        tmp_path,
        src__main_js='import a from "./a";\nexport * from "../common/b.js"; import("./c.mjs");\n'
        'import x from "./gone.js"; import n from "node:assert"; import t from "./t.txt"; export default {};',
        src__a_ts="import './main.js'; import type { T } from './types.js';",
        src__types_ts="export type T = 1;",
        src__c_mjs="const d = require('./d.cjs');",
        src__d_cjs="module.exports = 1;",
        src__t_txt="import './never.js'",
        src__never_js="",
        common__b_ts="export const b = 1;",
    )
    found = [(file.name, file.type) for file in modules.collect(tmp_path / "src/main.js")]
    assert found == [
        ("src/main.js", "esm"),
        ("common/b.ts", "esm"),
        ("src/a.ts", "esm"),
        ("src/c.mjs", "esm"),
        ("src/d.cjs", "commonjs"),
        ("src/t.txt", "text"),
        ("src/types.ts", "esm"),
    ]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("addEventListener('fetch', (event) => event.respondWith(new Response('x')));", "script"),
        ("export default {};", "esm"),
        ("const a={};export{a as default};", "esm"),
        ('import"./x.js";', "esm"),
        ("exports.x = 1; important = 2;", "script"),
    ],
)
def test_the_format_of_the_main_file(tmp_path: Path, code: str, kind: str):
    [file] = modules.collect(write(tmp_path, main_js=code) / "main.js")
    assert (file.name, file.type) == ("main.js", kind)
