import { AutoRouter, error, json, withParams } from "itty-router";
import { library } from "./check.js";

const router = AutoRouter({ before: [withParams] });
router
  .get("/todos/:id", ({ id, query }) => ({ id, query }))
  .post("/todos", async (request) => json(await request.json(), { status: 201 }))
  .get("/none", () => error(418, "short and stout"))
  .get("/wild/*", ({ url }) => url);

export default library(async ({ equal }) => {
  const ask = (path, init) => router.fetch(new Request(`http://a.example${path}`, init));
  equal(await (await ask("/todos/4?a=1&a=2")).json(), { id: "4", query: { a: ["1", "2"] } });
  const made = await ask("/todos", { method: "POST", body: '{"a":1}' });
  equal([made.status, await made.json(), made.headers.get("content-type")], [201, { a: 1 }, "application/json; charset=utf-8"]);
  equal(await (await ask("/none")).json(), { status: 418, error: "short and stout" });
  equal(await (await ask("/wild/a/b")).json(), "http://a.example/wild/a/b");
  equal((await ask("/nowhere")).status, 404);
});
