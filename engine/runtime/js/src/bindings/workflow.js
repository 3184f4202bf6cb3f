/**
 * Workflows: https://developers.cloudflare.com/workflows/build/workers-api/#workflow
 *
 * Parameters and payloads travel as stored values (durable/values.js).
 *
 * @typedef {import("./index.js").Call} Call
 */
import { deserialize, serialize } from "../durable/values.js";
import { ArrayPrototypePush, Symbol_, TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, TypeError_, Uint8Array_ } from "../primordials.js";
import { defineInterface, isObject, toSequence } from "../webidl.js";

/** Only the runtime has it. */
const KEY = Symbol_();

const toOptions = (value, what) => {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new TypeError_(`${what} takes an object.`);
  return value;
};

const toId = (value, what) => {
  if (typeof value !== "string") throw new TypeError_(`${what}: the id of an instance is a string.`);
  return value;
};

export class WorkflowInstance {
  /** @type {Call} */
  #call;

  /** @param {symbol} key @param {Call} call @param {string} id */
  constructor(key, call, id) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
    this.id = id;
  }

  async pause() { await this.#call("act", [this.id, "pause"]).promise; }
  async resume() { await this.#call("act", [this.id, "resume"]).promise; }
  async terminate() { await this.#call("act", [this.id, "terminate"]).promise; }

  /** @param {{from?: {name: string, count?: number, type?: string}}} [options] the step to begin with; else the first */
  async restart(options = undefined) {
    const { from } = toOptions(options, "restart()");
    if (from === undefined || from === null) return void await this.#call("act", [this.id, "restart"]).promise;
    const { name, count = 1, type = "do" } = toOptions(from, "restart({ from })");
    await this.#call("act", [this.id, "restart", `${type}:${name}:${count}`]).promise;
  }

  /** @returns {Promise<{status: string, error?: {name: string, message: string}, output?: any}>} */
  async status() {
    const { value, body } = await this.#call("status", [this.id]).promise;
    const found = { status: value.status };
    if (value.error !== null) found.error = value.error;
    if (body !== null) found.output = deserialize(body);
    return found;
  }

  /** @param {{type: string, payload?: any}} event */
  async sendEvent(event) {
    const { type, payload } = toOptions(event, "sendEvent()");
    if (typeof type !== "string") throw new TypeError_("sendEvent(): the type of an event is a string.");
    await this.#call("sendEvent", [this.id, type], serialize(payload)).promise;
  }
}
defineInterface(WorkflowInstance, "WorkflowInstance");

export class Workflow {
  /** @type {Call} */
  #call;

  /** @param {symbol} key @param {Call} call */
  constructor(key, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
  }

  /** Starts an instance; it is on the disk when the promise resolves. @param {{id?: string, params?: any}} [options] */
  async create(options = undefined) {
    return (await this.#create([options], "create()"))[0];
  }

  /** @param {Iterable<{id?: string, params?: any}>} batch all of them are started, or none */
  async createBatch(batch) {
    const given = toSequence(batch);
    if (given.length === 0) throw new TypeError_("createBatch(): the batch is empty.");
    return this.#create(given, "createBatch()");
  }

  /** @param {string} id @returns {Promise<WorkflowInstance>} rejects when there is none */
  async get(id) {
    await this.#call("get", [toId(id, "get()")]).promise;
    return new WorkflowInstance(KEY, this.#call, id);
  }

  async #create(given, what) {
    const heads = [], parts = [];
    let size = 0;
    for (let i = 0; i < given.length; i++) {
      const { id, params } = toOptions(given[i], what);
      const bytes = serialize(params === undefined ? {} : params);
      const length = TypedArrayPrototypeGetLength(bytes);
      ArrayPrototypePush(heads, [id === undefined ? null : toId(id, what), length]);
      ArrayPrototypePush(parts, bytes);
      size += length;
    }
    const whole = new Uint8Array_(size);
    for (let i = 0, at = 0; i < parts.length; i++) {
      TypedArrayPrototypeSet(whole, parts[i], at);
      at += heads[i][1];
    }
    const { value } = await this.#call("create", [heads], whole).promise;
    const made = [];
    for (let i = 0; i < value.length; i++) ArrayPrototypePush(made, new WorkflowInstance(KEY, this.#call, value[i]));
    return made;
  }
}
defineInterface(Workflow, "Workflow");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createWorkflow = (spec, call) => new Workflow(KEY, call);
