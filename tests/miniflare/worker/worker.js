// The same checks on svc-tui's engine and on Miniflare: `/kv` answers the results of all of KV's by name.
import { all } from "./check.js";
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
    const checks = groups[new URL(request.url).pathname.slice(1)];
    return Response.json(checks ? await all(checks, env, ctx) : Object.keys(groups));
  },
  queue: consume,
};
