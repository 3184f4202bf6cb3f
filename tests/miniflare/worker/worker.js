// The same checks on svc-tui's engine and on Miniflare: `/` tells how many each group has, `/kv/3` runs one of
// them. A request for each, one after the other: a request may cause 32 invocations.
import { result } from "./check.js";
import { checks as cache } from "./cache.js";
import { checks as d1 } from "./d1.js";
import { checks as durable } from "./durable.js";
import { checks as kv } from "./kv.js";
import { checks as queue, consume } from "./queue.js";
import { checks as r2 } from "./r2.js";
import { checks as rpc } from "./rpc.js";

export { Thing } from "./thing.js";

const groups = { cache, d1, durable, kv, queue, r2, rpc };

export default {
  async fetch(request, env, ctx) {
    const [, group, number] = new URL(request.url).pathname.split("/");
    const found = Object.entries(groups[group] ?? {})[number];
    if (found) return Response.json([found[0], await result(found[1], env, ctx)]);
    return Response.json(Object.fromEntries(Object.entries(groups).map(([name, checks]) => [name, Object.keys(checks).length])));
  },
  queue: consume,
};
