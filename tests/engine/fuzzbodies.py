"""Bodies that the API understands, from which the fuzzing makes others."""

from __future__ import annotations

from typing import Any

from enginekit import HELLO

METADATA: dict[str, Any] = {
    "main_module": "worker.js",
    "compatibility_date": "2026-01-01",
    "compatibility_flags": ["nodejs_compat"],
    "bindings": [
        {"name": "A", "type": "plain_text", "text": "1"},
        {"name": "S", "type": "secret_text", "text": "s"},
        {"name": "J", "type": "json", "json": {"a": [1]}},
        {"name": "KV", "type": "kv_namespace", "namespace_id": "{hex:0}"},
        {"name": "B", "type": "service", "service": "fuzz-two", "environment": "staging"},
        {"name": "R", "type": "r2_bucket", "bucket_name": "fuzz"},
        {"name": "D", "type": "d1", "id": "{uuid:0}"},
        {"name": "O", "type": "durable_object_namespace", "class_name": "Thing"},
    ],
    "keep_bindings": ["secret_text"],
    "migrations": {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Thing"]}]},
    "annotations": {"workers/message": "m", "workers/tag": "t"},
    "limits": {"cpu_ms": 50},
    "tags": ["a"],
    "observability": {"enabled": True},
    "placement": {"mode": "smart"},
}
#: Bodies that make sense, by the end of the path they go to; what is drawn is one of them, bent.
BODIES: dict[str, Any] = {
    "/workers/services": {"id": "fuzz", "template": "hello"},
    "/tokens": {
        "name": "fuzz",
        "policies": [
            {
                "effect": "allow",
                "resources": {"com.cloudflare.api.account.{account}": "*"},
                "permission_groups": [{"name": "read"}],
            }
        ],
        "expires_on": "2030-01-01T00:00:00Z",
    },
    "/tokens/{token}": {"name": "fuzz-two", "status": "disabled", "not_before": None},
    "/environments": {"environment": "staging"},
    "/environments/{environment}": {"environment": "preview"},
    "/copy/{target}": {"data": "own"},
    "/deployments": {
        "strategy": "percentage",
        "versions": [
            {"version_id": "{uuid:0}", "percentage": 60},
            {"version_id": "{uuid:1}", "percentage": 40},
        ],
        "annotations": {"workers/message": "m"},
    },
    "/secrets": {"name": "S", "text": "x", "type": "secret_text"},
    "/secrets-bulk": {"secrets": {"S": {"name": "S", "text": "x", "type": "secret_text"}, "T": None}},
    "/settings": {"bindings": METADATA["bindings"][:3], "compatibility_date": "2026-02-01", "limits": {}},
    "/script-settings": {"tags": ["a"], "observability": {"enabled": False}, "logpush": False},
    "/versions/latest": {"annotations": {"workers/tag": "t"}},
    "/subdomain": {"enabled": True, "previews_enabled": True},
    "/workers/subdomain": {"subdomain": "dev"},
    "/zones": {"name": "fuzz.test", "account": {"id": "x"}},
    "/workers/routes": {"pattern": "fuzz.test/*", "script": "fuzz"},
    "/routes": [{"pattern": "fuzz.test/a*", "zone_name": "fuzz.test"}],
    "/workers/domains": {"hostname": "a.fuzz.test", "service": "fuzz", "environment": "production"},
    "/changeset": [{"hostname": "a.fuzz.test"}],
    "/records": {"override_scope": True, "origins": [{"hostname": "a.fuzz.test"}]},
    "/schedules": [{"cron": "*/5 * * * *"}],
    "/run": {"cron": "*/5 * * * *", "scheduledTime": 1},
    "/assets-upload-session": {"manifest": {"/a.txt": {"hash": "0" * 32, "size": 3}}},
    "/tails": {"filters": [{"outcome": ["ok"]}, {"sampling_rate": 0.5}]},
    "/namespaces": {"title": "fuzz"},
    "/namespaces/{namespace}": {"title": "fuzz-two"},
    "/bulk": [{"key": "a", "value": "1", "expiration_ttl": 60, "metadata": {}, "base64": False}],
    "/bulk/delete": ["a", "b"],
    "/bulk/get": {"keys": ["a"], "type": "json", "withMetadata": True},
    "/d1/database": {"name": "fuzz"},
    "/query": {"sql": "SELECT ?1 AS a; CREATE TABLE IF NOT EXISTS t (a)", "params": [1]},
    "/raw": {"sql": "SELECT * FROM t", "params": []},
    "/import": {"action": "init", "etag": "0" * 32},
    "/export": {"output_format": "polling", "dump_options": {"no_data": True, "tables": ["t"]}},
    "/restore": {"bookmark": "x"},
    "/r2/buckets": {"name": "fuzz", "storageClass": "Standard"},
    "/objects": ["a", "b"],
    "/runs": {
        "modules": [{"name": "worker.js", "text": HELLO}],
        "main_module": "worker.js",
        "request": {"method": "GET", "url": "http://a.dev.localhost/", "headers": [["a", "b"]], "body": "x"},
        "mode": "sandbox",
    },
    "/check": {"modules": [{"name": "worker.js", "text": HELLO}], "main_module": "worker.js"},
    "/promotions": {"from": "staging", "to": "production", "move": ["limits", "binding:A"], "plan": None},
    "/plan": {"from": "production", "to": "staging", "move": ["binding:S"]},
}
