"""The engine's HTTP API for the verbs: found by the state folder, started when none runs."""

from __future__ import annotations

import argparse
import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine.cli.errors import AWAY, CliError

if TYPE_CHECKING:
    import httpx

Json = dict[str, Any]


class Refused(CliError):
    """The engine answered, and refused.

    Attributes:
        number: Cloudflare's error number, e.g. 10007 for an unknown service.
    """

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


class Client:
    """One account of one engine.

    Args:
        address: `http://127.0.0.1:PORT`.
        account: 32 hex.
        token: the API's bearer token.
    """

    def __init__(self, address: str, account: str, token: str) -> None:
        import httpx  # here: `--help` does not wait for it

        self._http = httpx.Client(
            base_url=f"{address}/client/v4/accounts/{account}",
            headers={
                "authorization": f"Bearer {token}",
                "x-svc-author": quote(_user(), safe=" @.-_"),
                "x-svc-source": "cli",
            },
            timeout=httpx.Timeout(60.0, connect=5.0),
            trust_env=False,  # a proxy knows nothing of this machine's loopback
        )

    def call(self, method: str, path: str, body: Json | None = None, **options: Any) -> Any:
        """One request below the account; gives the `result` of its envelope.

        Raises:
            Refused: the engine says no.
            CliError: exit code 3, it does not answer.
        """
        if body is not None:
            options["json"] = body
        with _reaching():
            response = self._http.request(method, path, **options)
        return _result(response.status_code, response.content)

    @contextmanager
    def lines(
        self, path: str, body: Json | None, method: str = "POST", **options: Any
    ) -> Iterator[Iterator[Json]]:
        """Ask for an answer of NDJSON, object by object as it comes; leaving the context ends it."""
        import httpx

        timeout = httpx.Timeout(None, connect=5.0)
        if body is not None:
            options["json"] = body
        with _reaching(), self._http.stream(method, path, timeout=timeout, **options) as response:
            if response.status_code != 200:
                _result(response.status_code, response.read())
            yield _objects(response)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


@contextmanager
def connected(args: argparse.Namespace) -> Iterator[Client]:
    """The engine of `args.state`, started when none runs.

    Raises:
        CliError: exit code 3, it cannot be started.
    """
    from engine.cli import up
    from engine.statefolder import StateFolder, default_path

    try:
        found = up.ensure(StateFolder(args.state or default_path()))
        token = Path(found["token_file"]).read_text("ascii").strip()
    except up.EngineFailed as error:
        raise CliError(str(error), AWAY) from None
    except OSError as error:
        raise CliError(f"cannot read {error.filename}: {error.strerror}", AWAY) from None
    client = Client(found["address"], found["account_id"], token)
    try:
        yield client
    finally:
        client.close()


def add_common(parser: argparse.ArgumentParser, output: bool = True) -> None:
    """The options of every verb that talks to the engine: --state, and --json where there is output."""
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state folder of the engine (default: $SVC_TUI_STATE, else the user's)",
    )
    if output:
        parser.add_argument("--json", action="store_true", help="print JSON")


def service_path(service: str) -> str:
    """Path of a service below the account."""
    return f"/workers/services/{quote(service, safe='')}"


def environment_path(service: str, environment: str) -> str:
    """Path of an environment below the account."""
    return f"{service_path(service)}/environments/{quote(environment, safe='')}"


def dump(value: Any) -> None:
    """Print a value as one line of JSON."""
    print(json.dumps(value, ensure_ascii=False))


@contextmanager
def _reaching() -> Iterator[None]:
    import httpx

    try:
        yield
    except httpx.TimeoutException as error:
        raise CliError("the engine does not answer; see engine.log in its state folder", AWAY) from error
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise CliError(f"the engine went away ({reason}); run the command again", AWAY) from error


def _result(status: int, content: bytes) -> Any:
    try:
        body = json.loads(content)
    except ValueError:
        text = content[:200].decode("utf-8", "replace")
        raise CliError(f"the engine answered {status} without JSON: {text or 'nothing'}") from None
    if not body.get("success"):
        first = (body.get("errors") or [{}])[0]
        message = first.get("message") or f"the engine answered {status}"
        raise Refused(int(first.get("code") or 0), str(message))
    return body.get("result")


def _objects(response: httpx.Response) -> Iterator[Json]:
    """NDJSON by bytes: a text splitter would also cut at U+2028 inside a string."""
    rest = b""
    for chunk in response.iter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)
    if rest.strip():
        yield json.loads(rest)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return "cli"
