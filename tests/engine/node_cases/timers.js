import timers, { setTimeout as later, setImmediate, clearTimeout } from "node:timers";
import promises, { setTimeout as wait, setInterval as every, scheduler } from "node:timers/promises";
import diagnostics from "node:diagnostics_channel";
import { promisify } from "node:util";

export async function answer() {
  const order = [];
  const timeout = later(() => order.push("never"), 5);
  const facts = [typeof timeout, timeout.hasRef(), timeout.unref().hasRef(), timeout.ref() === timeout];
  clearTimeout(timeout);
  await new Promise((resolve) => { setImmediate((value) => { order.push(value); resolve(); }, "immediate"); });
  order.push(await wait(1, "waited"));
  let count = 0;
  for await (const value of every(1, "v")) { order.push(value); if (++count === 2) break; }
  const controller = new AbortController();
  const aborted = wait(1000, null, { signal: controller.signal }).catch((error) => [error.name, error.code]);
  controller.abort();
  await scheduler.wait(1);
  const channel = diagnostics.channel("my");
  const got = [];
  const listener = (message, name) => got.push([message, name]);
  channel.publish("lost");
  diagnostics.subscribe("my", listener);
  channel.publish("kept");
  diagnostics.unsubscribe("my", listener);
  const tracing = diagnostics.tracingChannel("op");
  tracing.subscribe({ start: () => got.push("start"), end: () => got.push("end"), asyncStart() { got.push("asyncStart"); }, asyncEnd() { got.push("asyncEnd"); }, error: () => got.push("error") });
  const traced = await tracing.tracePromise(async () => 5, {});
  return { order, facts, aborted: await aborted, promisified: await promisify(timers.setTimeout)(1, "p"), same: timers.promises === promises || typeof timers.promises, got, traced, subscribers: channel.hasSubscribers };
}
