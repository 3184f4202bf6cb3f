/**
 * The classes that the module `cloudflare:workers` gives to extend
 * (https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/rpc/).
 */
import { TypeError_ } from "./primordials.js";

export class WorkerEntrypoint {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class DurableObject {
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export class RpcTarget {}

/** What a function or RpcTarget of another isolate is an instance of; only the runtime makes them. */
export class RpcStub {
  constructor() {
    throw new TypeError_("Illegal constructor: a stub comes of sending a function or an RpcTarget.");
  }
}
