/**
 * The JavaScript half of every kind of binding: Cloudflare's type name → what `env.NAME` becomes.
 *
 * @typedef {{name: string, type: string, [key: string]: any}} Spec  what the host says about a binding
 * @typedef {import("../streams.js").ByteSource} ByteSource
 * @typedef {{value: any, body: Uint8Array | ByteSource | null}} Answer
 * @typedef {(operation: string, args: any[], body?: Uint8Array | ReadableStream | ByteSource | null) =>
 *   {promise: Promise<Answer>, cancel: () => void}} Call
 *     begin one call of this binding on the host; the promise rejects with the host's error
 */
import { load } from "../lazy.js";
import { createNamespace } from "./durable.js";
import { createKvNamespace } from "./kv.js";
import { createFetcher } from "./service.js";
import { unavailable } from "./unavailable.js";
import { json, text, versionMetadata } from "./variable.js";

/** @type {Record<string, (spec: Spec, call: Call) => any>} */
export const bindings = {
  __proto__: null,
  kv_namespace: createKvNamespace,
  durable_object_namespace: createNamespace,
  d1: (spec, call) => load("d1").createD1Database(spec, call),
  r2_bucket: (spec, call) => load("r2").createR2Bucket(spec, call),
  workflow: (spec, call) => load("workflow").createWorkflow(spec, call),
  queue: (spec, call) => load("queue").createQueue(spec, call),
  ratelimit: (spec, call) => load("small-bindings").createRatelimit(spec, call),
  analytics_engine: (spec, call) => load("small-bindings").createDataset(spec, call),
  secrets_store_secret: (spec, call) => load("small-bindings").createSecret(spec, call),
  hyperdrive: (spec) => load("small-bindings").createHyperdrive(spec),
  assets: createFetcher,
  service: createFetcher,
  plain_text: text,
  secret_text: text,
  json,
  version_metadata: versionMetadata,
};

/**
 * The value of one `env` property.
 * @param {Spec} spec
 * @param {Call} call
 */
export const createBinding = (spec, call) => (spec.unavailable ? unavailable : bindings[spec.type] ?? unavailable)(spec, call);
