/** node:https (https://nodejs.org/docs/latest/api/https.html): the client, over fetch; a worker has no server to make. */
import { createServer, Server } from "unenv/node/https";
import { Agent as HttpAgent, client } from "./internal/http.js";

export class Agent extends HttpAgent {
  constructor(options) { super({ defaultPort: 443, protocol: "https:", ...options }); }
}
export const globalAgent = new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5000 });
export const { get, request } = client("https:", globalAgent);

export { createServer, Server };
export default { Agent, createServer, get, globalAgent, request, Server };
