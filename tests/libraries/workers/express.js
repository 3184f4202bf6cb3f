import crypto from "node:crypto";
import { handleAsNodeRequest } from "cloudflare:node";
import express from "express";
import { library } from "./check.js";

const app = express();
app.use(express.json(), express.urlencoded({ extended: true }));
app.use((req, res, next) => { res.set("x-seen", `${req.method} ${req.path}`); next(); });
app.get("/users/:id", (req, res) => res.json({ id: req.params.id, q: req.query.q, ip: req.ip, type: req.accepts("html", "json") }));
app.post("/echo", (req, res) => res.status(201).json(req.body));
app.get("/stream", (req, res) => { res.write("a"); setTimeout(() => { res.write("b"); res.end("c"); }, 1); });
app.get("/away", (req, res) => res.cookie("a", "1").cookie("b", "2").redirect("/users/1"));
app.get("/digest", (req, res) => res.type("text").send(crypto.createHash("md5").update("a").digest("hex")));
app.get("/broken", async () => { throw new Error("broken"); });
app.use((error, req, res, next) => res.status(error.status ?? 500).send(error.message));
const server = app.listen(3000);

export default library(async ({ equal }) => {
  const ask = (path, init) => handleAsNodeRequest(server, new Request(`http://a.example${path}`, init));
  const json = { method: "POST", headers: { "content-type": "application/json" } };
  const user = await ask("/users/7?q=1&q=2", { headers: { accept: "application/json" } });
  equal([user.status, await user.json()], [200, { id: "7", q: ["1", "2"], ip: "127.0.0.1", type: "json" }]);
  equal([user.headers.get("x-seen"), user.headers.get("x-powered-by")], ["GET /users/7", "Express"]);
  equal((await ask("/users/7?q=1&q=2", { headers: { accept: "application/json", "if-none-match": user.headers.get("etag") } })).status, 304);
  const echo = await ask("/echo", { ...json, body: '{"a":[1,2]}' });
  equal([echo.status, await echo.json()], [201, { a: [1, 2] }]);
  equal(await (await ask("/echo", { method: "POST", body: new URLSearchParams("a[b]=1&c=2") })).json(), { a: { b: "1" }, c: "2" });
  equal((await ask("/echo", { ...json, body: "{" })).status, 400);
  equal(await (await ask("/stream")).text(), "abc");
  const away = await ask("/away", { redirect: "manual" });
  equal([away.status, away.headers.get("location"), away.headers.getSetCookie()], [302, "/users/1", ["a=1; Path=/", "b=2; Path=/"]]);
  equal(await (await ask("/digest")).text(), "0cc175b9c0f1b6a831c399e269772661");
  equal(await (await ask("/broken")).text(), "broken");
  equal((await ask("/none")).status, 404);
});
