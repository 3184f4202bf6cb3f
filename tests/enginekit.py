"""A real engine for tests: `python -m engine serve` as a process, and its API by httpx."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

HELLO = 'export default { async fetch(request) { return new Response("hello") } }'
START_LIMIT = 30.0


class RunningEngine:
    """An engine on a state folder of its own, on a free port."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        command = [sys.executable, "-m", "engine", "serve", "--port", "0", "--state", str(state), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the engine did not start: {self.process.communicate()[1]}")
        self.first_line = line.strip()
        found = json.loads((state / "engine.json").read_text())
        self.address: str = found["address"]
        self.account: str = found["account_id"]
        self.port: int = found["port"]
        self.tls_port: int = found["tls_port"]
        self.token = (state / "api-token").read_text().strip()
        self.api = httpx.Client(
            base_url=f"{self.address}/client/v4/accounts/{self.account}",
            headers={"authorization": f"Bearer {self.token}"},
            timeout=60,
            trust_env=False,
        )
        self.http = httpx.Client(base_url=self.address, timeout=60, trust_env=False)

    # ------------------------------------------------------------------ asking

    def host(self, service: str, environment: str = "production") -> str:
        """An environment's hostname."""
        prefix = "" if environment == "production" else f"{environment}."
        return f"{prefix}{service}.dev.localhost"

    def urls(self, host: str) -> list[str]:
        """Where a hostname is reached."""
        return [f"http://{host}:{self.port}", f"https://{host}:{self.tls_port}"]

    def get(
        self, service: str, path: str = "/", environment: str = "production", **more: Any
    ) -> httpx.Response:
        """GET by hostname."""
        return self.send("GET", service, path, environment, **more)

    def send(
        self, method: str, service: str, path: str = "/", environment: str = "production", **more: Any
    ) -> httpx.Response:
        """Any request by hostname."""
        headers = {**dict(more.pop("headers", {})), "host": self.host(service, environment)}
        return self.http.request(method, path, headers=headers, **more)

    def result(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """The result of an API call that must succeed."""
        answer = self.api.request(method, path, **more)
        assert answer.status_code == status, f"{answer.status_code} {answer.text[:500]}"
        body = answer.json()
        assert body["success"] is True
        assert body["errors"] == []
        return body["result"]

    def refusal(self, method: str, path: str, status: int, code: int, **more: Any) -> str:
        """The message of an API call that must be refused with this status and code."""
        answer = self.api.request(method, path, **more)
        body = answer.json()
        assert (answer.status_code, body["success"], body["result"]) == (status, False, None), answer.text[
            :500
        ]
        assert body["errors"][0]["code"] == code, answer.text[:500]
        message: str = body["errors"][0]["message"]
        return message

    # ------------------------------------------------------------------ doing

    def deploy(
        self, service: str, code: str = HELLO, environment: str = "production", **metadata: Any
    ) -> dict[str, Any]:
        """Upload one ES module as wrangler does; gives the result."""
        result: dict[str, Any] = self.result(
            "PUT",
            worker_path(service, environment),
            status=metadata.pop("status", 200),
            **upload({"worker.js": code}, **metadata),
        )
        return result

    def run(
        self, service: str, code: str, environment: str = "production", **more: Any
    ) -> list[dict[str, Any]]:
        """The events of a draft run."""
        payload = run_payload(code, **more)
        path = f"/workers/services/{service}/environments/{environment}/runs"
        with self.api.stream("POST", path, json=payload) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("application/x-ndjson")
            return [json.loads(line) for line in answer.iter_lines() if line]

    def children(self) -> dict[str, int]:
        """Process ids of the two children by kind."""
        found = {}
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=True,
        )
        for line in listed.stdout.splitlines():
            number, _, command = line.strip().partition(" ")
            for kind in ("live", "drafts"):
                if f"child {kind} " in command:
                    found[kind] = int(number)
        return found

    def child(self, kind: str, *, other_than: int = 0) -> int:
        """The process id of a child, waiting until there is one (other than one that was killed)."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.children().get(kind)
            if found is not None and found != other_than:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no {kind} process")

    def answers(self, limit: float = 10.0) -> bool:
        """Whether it answers, perhaps after a process of it was killed; connections that died are let go."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            try:
                if self.api.get("/engine").status_code == self.get("hello").status_code == 200:
                    return True
            except httpx.HTTPError:
                time.sleep(0.02)
        return False

    def stop(self, limit: float = 60.0) -> int:
        """SIGTERM, and the exit code."""
        self.api.close()
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise


def worker_path(service: str, environment: str = "production") -> str:
    """The API's path of an environment's script."""
    if environment == "production":
        return f"/workers/scripts/{service}"
    return f"/workers/services/{service}/environments/{environment}"


def environment_path(service: str, environment: str = "production") -> str:
    """The API's path of an environment."""
    return f"/workers/services/{service}/environments/{environment}"


def upload(
    modules: Mapping[str, str | bytes],
    *,
    types: Mapping[str, str] | None = None,
    main: str = "",
    **metadata: Any,
) -> dict[str, Any]:
    """httpx arguments of an upload, its parts as undici sends them."""
    types = types or {}
    described = {"main_module": main or next(iter(modules)), "compatibility_date": "2026-01-01", **metadata}
    parts: list[tuple[str, bytes, str | None]] = [("metadata", json.dumps(described).encode(), None)]
    for name, content in modules.items():
        data = content.encode() if isinstance(content, str) else content
        parts.append((name, data, types.get(name, "application/javascript+module")))
    return form(parts)


def form(parts: Sequence[tuple[str, bytes, str | None]]) -> dict[str, Any]:
    """httpx arguments of a form; a part without a type is a plain field without a filename."""
    boundary = f"----formdata-undici-{uuid.uuid4().hex}"
    body = b""
    for name, data, kind in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{name}"' if kind else "")
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
        head += f"Content-Type: {kind}\r\n" if kind else ""
        body += head.encode() + b"\r\n" + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return {"content": body, "headers": {"content-type": f"multipart/form-data; boundary={boundary}"}}


def run_payload(code: str, **more: Any) -> dict[str, Any]:
    """The body of a draft run of one module."""
    return {
        "modules": [{"name": "worker.js", "text": code}],
        "main_module": "worker.js",
        "request": {"method": "GET", "url": "http://draft.dev.localhost/", "headers": []},
        **more,
    }


def events_of(events: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    """The events of one type."""
    return [event for event in events if event["type"] == kind]
