/** node:net (https://nodejs.org/docs/latest/api/net.html): which text is an address, and sockets; servers are unenv's, which say what they have not. */
import unenv, { _createServerHandle, _setSimultaneousAccepts, createServer, Server } from "unenv/node/net";
import { BlockList, SocketAddress } from "./internal/block-list.js";
import { isIP, isIPv4, isIPv6 } from "./internal/ip.js";
import { connect, normalizeArgs, Socket } from "./internal/net.js";

let family = true, attemptTimeout = 250;
export const getDefaultAutoSelectFamily = () => family;
export const setDefaultAutoSelectFamily = (value) => { family = value; };
export const getDefaultAutoSelectFamilyAttemptTimeout = () => attemptTimeout;
export const setDefaultAutoSelectFamilyAttemptTimeout = (value) => { attemptTimeout = value; };

const createConnection = connect, Stream = Socket, _normalizeArgs = normalizeArgs;

export {
  _createServerHandle, _normalizeArgs, _setSimultaneousAccepts, BlockList, connect, createConnection, createServer, Server, Socket,
  SocketAddress, Stream, isIP, isIPv4, isIPv6,
};
export default {
  ...unenv, BlockList, SocketAddress, _normalizeArgs, connect, createConnection, Socket, Stream, getDefaultAutoSelectFamily, getDefaultAutoSelectFamilyAttemptTimeout, isIP, isIPv4, isIPv6, setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
};
