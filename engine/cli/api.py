"""The engine's HTTP API for the verbs: found by the state folder, started when none runs."""

from __future__ import annotations

import argparse
import getpass
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from engine.accounts.accounts import is_loopback
from engine.cli.errors import AWAY, CliError

if TYPE_CHECKING:
    import httpx

    from engine.accounts.accounts import Account

Json = dict[str, Any]
#: Requests by POST that change nothing.
_ASKING: Final = ("/promotions/plan", "/check", "/tails")


class Refused(CliError):
    """The engine answered, and refused.

    Attributes:
        number: Cloudflare's error number, e.g. 10007 for an unknown service.
    """

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


class Client:
    """One account of one engine, or of Cloudflare.

    Args:
        address: `http://127.0.0.1:PORT`, what stands before `/client/v4`.
        account: 32 hex.
        token: the API's bearer token.
        read_only: the name of an account in which nothing may be changed; None where that is allowed.
    """

    def __init__(self, address: str, account: str, token: str, read_only: str | None = None) -> None:
        import httpx  # here: `--help` does not wait for it

        self._read_only = read_only
        self._api = f"{address}/client/v4"
        here = is_loopback(httpx.URL(address).host)
        own = {"x-svc-author": quote(_user(), safe=" @.-_"), "x-svc-source": "cli"}  # nobody else's business
        self._http = httpx.Client(
            base_url=f"{self._api}/accounts/{account}",
            headers={"authorization": f"Bearer {token}", **(own if here else {})},
            timeout=httpx.Timeout(60.0, connect=5.0),
            trust_env=not here,  # a proxy knows nothing of this machine's loopback
        )

    def call(self, method: str, path: str, body: Json | None = None, **options: Any) -> Any:
        """One request below the account; gives the `result` of its envelope.

        Raises:
            Refused: the engine says no.
            CliError: exit code 3, it does not answer.
        """
        self._refuse_change(method, path)
        if body is not None:
            options["json"] = body
        with _reaching():
            response = self._http.request(method, path, **options)
        return _result(response.status_code, response.content)

    def outside(self, method: str, path: str) -> Any:
        """As `call`, for a path that is not below the account, such as `/user/tokens/verify`."""
        self._refuse_change(method, path)
        return self.call(method, self._api + path)

    def raw(self, path: str) -> tuple[Mapping[str, str], bytes]:
        """The head and the body of a resource that answers without an envelope; raises as `call`."""
        with _reaching():
            response = self._http.get(path)
        if response.status_code != 200:
            _result(response.status_code, response.content)
        return response.headers, response.content

    def _refuse_change(self, method: str, path: str) -> None:
        if self._read_only is not None and method not in {"GET", "HEAD"} and not path.endswith(_ASKING):
            raise CliError(
                f"{self._read_only} is read-only: add the account again with --write to change anything"
            )

    def text(self, path: str) -> str:
        """The text of a resource that answers without an envelope; raises as `call`."""
        with _reaching():
            response = self._http.get(path)
        if response.status_code != 200:
            _result(response.status_code, response.content)
        return response.text

    @contextmanager
    def lines(
        self, path: str, body: Json | None, method: str = "POST", **options: Any
    ) -> Iterator[Iterator[Json]]:
        """Ask for an answer of NDJSON, object by object as it comes; leaving the context ends it."""
        import httpx

        self._refuse_change(method, path)
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
    """The account of `args.account`, else the one in use; an engine of this machine is started if need be.

    Raises:
        CliError: there is no such account, or (exit code 3) its engine cannot be started.
    """
    from engine.accounts import accounts

    folder = accounts.folder()
    try:
        known = accounts.Accounts(folder)
        # A state folder on the command line means the engine that it belongs to.
        wanted = getattr(args, "account", None) or (accounts.LOCAL if args.state else None)
        account = known.get(wanted)
    except accounts.AccountError as error:
        raise CliError(str(error)) from None
    client = open_account(account, folder, args.state)
    try:
        yield client
    finally:
        client.close()


def open_account(account: Account, folder: Path, state: Path | None = None) -> Client:
    """A client of an account; who opens it closes it.

    Args:
        account: the account.
        folder: the settings folder, which may hold its token.
        state: the state folder of `local`; the user's when None.

    Raises:
        CliError: its token is gone, or (exit code 3) its engine cannot be started.
    """
    from engine.accounts import accounts, tokens
    from engine.cli import up
    from engine.statefolder import StateFolder, default_path

    read_only = None if account.write else account.name
    if account.base_url:
        try:
            token = tokens.read(folder, account)
        except accounts.AccountError as error:
            raise CliError(str(error)) from None
        return Client(account.base_url.removesuffix(accounts.PREFIX), account.account_id, token, read_only)
    try:
        found = up.ensure(StateFolder(account.state or state or default_path()))
        token = Path(found["token_file"]).read_text("ascii").strip()
    except up.EngineFailed as error:
        raise CliError(str(error), AWAY) from None
    except OSError as error:
        raise CliError(f"cannot read {error.filename}: {error.strerror}", AWAY) from None
    return Client(found["address"], found["account_id"], token, read_only)


def add_common(parser: argparse.ArgumentParser, output: bool = True) -> None:
    """The options of every verb that talks to an engine: --state, --account, --json if there is output."""
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state folder of the engine (default: $SVC_TUI_STATE, else the user's)",
    )
    parser.add_argument("--account", metavar="NAME", help="work on this account (see svc-tui account)")
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
