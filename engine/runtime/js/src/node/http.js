/** node:http (https://nodejs.org/docs/latest/api/http.html): the client, over fetch, and servers that the worker's own requests are given to. */
import {
  Agent, client, ClientRequest, IncomingMessage, METHODS, OutgoingMessage, STATUS_CODES, validateHeaderName, validateHeaderValue,
} from "./internal/http.js";
import { createServer, Server, ServerResponse } from "./internal/http-server.js";
import { notImplemented } from "./internal/not-implemented.js";

export const globalAgent = new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5000 });
export const { get, request } = client("http:", globalAgent);
export const maxHeaderSize = 16384;
export const _connectionListener = notImplemented("_connectionListener"), setMaxIdleHTTPParsers = notImplemented("setMaxIdleHTTPParsers");
export const { CloseEvent, MessageEvent, WebSocket } = globalThis;

export {
  Agent, ClientRequest, createServer, IncomingMessage, METHODS, OutgoingMessage, Server, ServerResponse, STATUS_CODES, validateHeaderName,
  validateHeaderValue,
};
export default {
  _connectionListener, Agent, ClientRequest, CloseEvent, createServer, get, globalAgent, IncomingMessage, maxHeaderSize, MessageEvent, METHODS,
  OutgoingMessage, request, Server, ServerResponse, setMaxIdleHTTPParsers, STATUS_CODES, validateHeaderName, validateHeaderValue, WebSocket,
};
