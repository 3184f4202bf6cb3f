/** node:http (https://nodejs.org/docs/latest/api/http.html): the client, over fetch; a worker has no server to make. */
import { _connectionListener, createServer, Server, ServerResponse } from "unenv/node/http";
import {
  Agent, client, ClientRequest, IncomingMessage, METHODS, OutgoingMessage, STATUS_CODES, validateHeaderName, validateHeaderValue,
} from "./internal/http.js";

export const globalAgent = new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5000 });
export const { get, request } = client("http:", globalAgent);
export const maxHeaderSize = 16384;
export const setMaxIdleHTTPParsers = () => {};
export const { CloseEvent, MessageEvent, WebSocket } = globalThis;

export {
  _connectionListener, Agent, ClientRequest, createServer, IncomingMessage, METHODS, OutgoingMessage, Server, ServerResponse, STATUS_CODES,
  validateHeaderName, validateHeaderValue,
};
export default {
  _connectionListener, Agent, ClientRequest, CloseEvent, createServer, get, globalAgent, IncomingMessage, maxHeaderSize, MessageEvent, METHODS,
  OutgoingMessage, request, Server, ServerResponse, setMaxIdleHTTPParsers, STATUS_CODES, validateHeaderName, validateHeaderValue, WebSocket,
};
