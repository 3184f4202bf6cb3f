/**
 * A workflow's `run(event, step)`: https://developers.cloudflare.com/workflows/build/workers-api/
 *
 * It is called from its beginning each time the instance goes on. What a step gave before is kept by the host
 * (engine/workflows/run.py), which also says when one is tried again, and lets nothing come back that waits for
 * long: the instance is called anew then.
 *
 * @typedef {import("../events.js").Event_} Event_
 */
import { startCall } from "../channel.js";
import { deserialize, serialize } from "../durable/values.js";
import { NonRetryableError, WorkflowEntrypoint } from "../entrypoint.js";
import {
  Date_, DatePrototypeGetTime, Error_, MapPrototypeGet, MapPrototypeSet, Map_, NumberIsFinite, Promise_, PromisePrototypeThen,
  PromiseResolve, ReflectConstruct, Symbol_, TypeError_, Uint8ArrayFromBase64,
} from "../primordials.js";
import { errorOf } from "../rpc/decode.js";
import { defineInterface, isObject } from "../webidl.js";

const KEY = Symbol_();

/** @param {any} thrown @returns {{name: string, message: string}} */
function tellError(thrown) {
  if (!isObject(thrown)) return { name: "Error", message: `${typeof thrown === "symbol" ? "Symbol()" : thrown}` };
  return { name: `${thrown.name || "Error"}`, message: `${thrown.message ?? ""}` };
}

/** What the callback is told, https://developers.cloudflare.com/workflows/build/step-context/ */
const toContext = (name, count, attempt, config) => {
  const { retries, timeout } = isObject(config) ? config : {};
  const { limit = 5, delay = 10_000, backoff = "exponential" } = isObject(retries) ? retries : {};
  return { step: { name, count }, attempt, config: { retries: { limit, delay, backoff }, timeout: timeout ?? "10 minutes" } };
};

/** What JSON has no word for. @param {any} config */
const toConfig = (config) => {
  if (!isObject(config)) return null;
  const { retries, timeout } = config;
  const limit = retries?.limit;
  const told = { __proto__: null, timeout };
  if (isObject(retries)) {
    const bounded = limit === undefined || NumberIsFinite(limit) ? limit : "Infinity";
    const delay = typeof retries.delay === "function" ? undefined : retries.delay;
    told.retries = { __proto__: null, limit: bounded, delay, backoff: retries.backoff };
  }
  return told;
};

/** What comes back to nobody. */
const NEVER = new Promise_(() => {});

/**
 * Asks the host for this run. One that was let go of stands still: it must not speak for another one that runs in
 * the same isolate.
 * @param {Event_} event @param {string} operation @param {any[]} args @param {Uint8Array | null} body
 */
const ask = (event, operation, args, body) => (event.ended ? NEVER : startCall("workflow", operation, args, body, event).promise);

export class WorkflowStep {
  /** @type {Event_} */
  #event;
  /** How many steps of each kind and name there were. */
  #counts = new Map_();

  constructor(key, event) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#event = event;
  }

  /**
   * Runs the callback once: what it gives is kept.
   * @param {string} name @param {any} config or the callback @param {Function} [callback]
   */
  async do(name, config, callback = undefined) {
    const run = callback ?? config;
    if (typeof run !== "function") throw new TypeError_("step.do() takes a name, perhaps a configuration, and a function.");
    const options = callback === undefined ? null : config;
    const { key, count } = this.#key("do", name);
    let { value, body } = await this.#ask("begin", [key, name, toConfig(options)]);
    for (;;) {
      if (value.state === "done") return deserialize(body);
      if (value.state === "failed") throw errorOf(value.error.name, value.error.message);
      const ctx = toContext(name, count, value.attempt, options);
      let bytes;
      try {
        bytes = serialize(await this.#limited(run, ctx, value.timeout));
      } catch (error) {
        const { delay } = ctx.config.retries;
        const wait = typeof delay === "function" ? (await delay({ ctx, error })) ?? null : null;
        ({ value, body } = await this.#ask("fail", [key, tellError(error), error instanceof NonRetryableError, wait]));
        continue;
      }
      await this.#ask("done", [key], bytes);
      return deserialize(bytes);
    }
  }

  /** @param {string} name @param {string | number} duration "5 minutes", or milliseconds */
  async sleep(name, duration) {
    await this.#ask("sleep", [this.#key("sleep", name).key, name, duration, false]);
  }

  /** @param {string} name @param {Date | number} time a date, or milliseconds since 1970 */
  async sleepUntil(name, time) {
    const at = isObject(time) ? DatePrototypeGetTime(time) : +time;
    if (!NumberIsFinite(at)) throw new TypeError_("step.sleepUntil() takes a valid date.");
    await this.#ask("sleep", [this.#key("sleep", name).key, name, at, true]);
  }

  /** @param {string} name @param {{type: string, timeout?: string | number}} options */
  async waitForEvent(name, options) {
    if (!isObject(options) || typeof options.type !== "string") {
      throw new TypeError_('step.waitForEvent() takes a name and {type: "…"}.');
    }
    const { type, timeout = null } = options;
    const { value, body } = await this.#ask("event", [this.#key("waitForEvent", name).key, name, type, timeout]);
    if (value.state === "failed") throw errorOf(value.error.name, value.error.message);
    return { payload: deserialize(body), type, timestamp: new Date_(value.at) };
  }

  #ask(operation, args, body = null) {
    return ask(this.#event, operation, args, body);
  }

  /** Names need not be unique: they are numbered as they come. */
  #key(kind, name) {
    if (typeof name !== "string" || name === "" || name.length > 256) {
      throw new TypeError_("The name of a step is a string of 1 to 256 characters.");
    }
    const full = `${kind}:${name}`;
    const count = (MapPrototypeGet(this.#counts, full) ?? 0) + 1;
    MapPrototypeSet(this.#counts, full, count);
    return { key: `${full}:${count}`, count };
  }

  /** What the callback gives within its time. */
  #limited(run, ctx, timeout) {
    const { promise: over, cancel } = startCall("workflow", "expire", [timeout], null, this.#event);
    return new Promise_((resolve, reject) => {
      const ended = (settle) => (value) => {
        cancel();
        settle(value);
      };
      PromisePrototypeThen(over, () => reject(errorOf("WorkflowTimeoutError", `Execution timed out after ${timeout}ms`)), () => {});
      try {
        PromisePrototypeThen(PromiseResolve(run(ctx)), ended(resolve), ended(reject));
      } catch (error) {
        ended(reject)(error);
      }
    });
  }
}
defineInterface(WorkflowStep, "WorkflowStep");

/**
 * @param {Event_} event
 * @param {any} target what the script exports by the class's name
 * @param {object} context @param {object} env
 * @param {{class: string, workflow: string, instanceId: string, timestamp: number, payload: string}} head
 */
export async function runWorkflow(event, target, context, env, head) {
  const tell = (operation, args, body = null) => ask(event, operation, args, body);
  let bytes;
  try {
    if (typeof target !== "function" || !(target.prototype instanceof WorkflowEntrypoint)) {
      throw new TypeError_(`The script exports no class ${head.class} that extends WorkflowEntrypoint.`);
    }
    const instance = ReflectConstruct(target, [context, env]);
    if (typeof instance.run !== "function") throw new Error_(`The class ${head.class} has no run() function.`);
    const given = {
      payload: deserialize(Uint8ArrayFromBase64(head.payload)),
      timestamp: new Date_(head.timestamp),
      instanceId: head.instanceId,
      workflowName: head.workflow,
    };
    bytes = serialize(await instance.run(given, new WorkflowStep(KEY, event)));
  } catch (error) {
    await tell("crash", [tellError(error)]);
    throw error;
  }
  await tell("finish", [], bytes);
}
