// Runs the checks of worker/ on Miniflare, and prints their results as JSON: `node beside.mjs FOLDER`, where
// FOLDER has node_modules/miniflare.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [folder] = process.argv.slice(2);
const { Miniflare } = createRequire(join(resolve(folder), "package.json"))("miniflare");

const sources = join(import.meta.dirname, "worker");
const modules = (main) => [main, ...readdirSync(sources).filter((name) => name !== main && name !== "worker.js" && name !== "target.js")]
  .map((name) => ({ type: "ESModule", path: join(sources, name), contents: readFileSync(join(sources, name), "utf8") }));
const common = { compatibilityDate: "2026-01-01", modulesRoot: sources };

const miniflare = new Miniflare({
  workers: [
    {
      ...common,
      name: "main",
      modules: modules("worker.js"),
      kvNamespaces: { KV: "kv" },
      d1Databases: { DB: "db" },
      r2Buckets: { R2: "r2" },
      durableObjects: { THING: { className: "Thing", useSQLite: true } },
      queueProducers: { Q: { queueName: "first" } },
      queueConsumers: {
        first: { maxBatchSize: 1, maxBatchTimeout: 0, maxRetries: 2, deadLetterQueue: "dead" },
        dead: { maxBatchSize: 1, maxBatchTimeout: 0 },
      },
      serviceBindings: {
        TARGET: "target",
        NAMED: { name: "target", entrypoint: "Named", props: { given: [1, "x"] } },
        PLAIN: { name: "target", entrypoint: "plain" },
      },
    },
    { ...common, name: "target", modules: [modules("target.js")[0]], bindings: { WORD: "bound" } },
  ],
});
try {
  const ask = async (path) => (await miniflare.dispatchFetch(`http://checks/${path}`)).json();
  const found = await Promise.all(Object.entries(await ask("")).map(async ([group, count]) => {
    const results = [];
    for (let number = 0; number < count; number++) results.push(await ask(`${group}/${number}`));
    return [group, Object.fromEntries(results)];
  }));
  process.stdout.write(JSON.stringify(Object.fromEntries(found)));
} finally {
  await miniflare.dispose();
}
