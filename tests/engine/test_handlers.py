"""Handlers of other events than requests, run by hand at /cdn-cgi/handler/…."""

from __future__ import annotations

from enginekit import RunningEngine

WORKER = """
import { EmailMessage } from "cloudflare:email";
let said = [];
export default {
  async fetch() { const all = said; said = []; return Response.json(all); },
  async scheduled(controller, env, ctx) {
    ctx.waitUntil(scheduler.wait(1).then(() => said.push("waited")));
    said.push([controller.cron, controller.scheduledTime, controller.constructor.name]);
    if (controller.cron === "once") controller.noRetry();
    if (controller.cron === "broken") throw new Error("on purpose");
    return "nobody's";
  },
  async email(message, env, ctx) {
    const raw = await new Response(message.raw).text();
    said.push([message.from, message.to, message.rawSize === raw.length, raw.split("\\r\\n\\r\\n")[1],
      message.headers.get("subject")]);
    if (message.from.startsWith("bad")) return message.setReject("Not wanted");
    await message.forward("me@example.com", new Headers({ "x-a": "1" }));
    const text = `Message-ID: <2@a>\\r\\nIn-Reply-To: ${message.headers.get("message-id")}\\r\\n\\r\\nthanks`;
    await message.reply(new EmailMessage(message.to, message.from, text));
  },
};
"""
MAIL = b"Message-ID: <1@a>\r\nSubject: A\r\n folded one\r\n\r\nhello"


def test_scheduled(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, WORKER)
    done = engine.get(service, "/cdn-cgi/handler/scheduled?cron=*+*+*+*+*&time=1700000000000")
    assert (done.status_code, done.text) == (200, "ok")
    assert ["* * * * *", 1700000000000, "ScheduledController"] in engine.get(service).json()
    once = engine.get(service, "/cdn-cgi/handler/scheduled?cron=once&format=json")
    assert once.json() == {"outcome": "ok", "noRetry": True}
    broken = engine.get(service, "/cdn-cgi/handler/scheduled?cron=broken")
    assert broken.status_code == 500
    assert "1101" in broken.text


def test_email(engine: RunningEngine, service: str) -> None:
    engine.deploy(service, WORKER)
    path = "/cdn-cgi/handler/email?to=you@b.example&from="
    done = engine.send("POST", service, path + "one@a.example", content=MAIL)
    assert (done.status_code, done.text) == (
        200,
        "Worker successfully processed email: forwarded to me@example.com, replied to one@a.example",
    )
    assert engine.get(service).json() == [["one@a.example", "you@b.example", True, "hello", "A folded one"]]
    refused = engine.send("POST", service, path + "bad@a.example", content=MAIL)
    assert (refused.status_code, refused.text) == (
        400,
        "Worker rejected email with the following reason: Not wanted",
    )
    assert "Message-ID" in engine.send("POST", service, path + "a@b", content=b"x: y\r\n\r\n").text
    assert engine.get(service, "/cdn-cgi/handler/nothing").status_code == 404


def test_a_worker_without_the_handler(engine: RunningEngine, service: str) -> None:
    assert engine.get(service, "/cdn-cgi/handler/scheduled").status_code == 500


def test_a_method_of_the_context_that_was_taken_off_it(engine: RunningEngine, service: str) -> None:
    engine.deploy(
        service,
        """export default { fetch(request, env, { waitUntil, passThroughOnException }) {
          return Response.json([() => waitUntil(Promise.resolve()), passThroughOnException].map((run) => {
            try { return run(); } catch (error) { return `${error}`.slice(0, 29); }
          }));
        } }""",
    )
    assert engine.get(service).json() == ["TypeError: Illegal invocation"] * 2
