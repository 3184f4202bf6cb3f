/**
 * The classes that the module `cloudflare:workers` gives to extend
 * (https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/rpc/).
 */
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
