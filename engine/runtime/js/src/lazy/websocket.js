/** WebSocket and WebSocketPair: see ../websocket/websocket.js. */
export { Writer } from "../websocket/messages.js";
export { handOver, isWebSocket, receiveSocket, WebSocket, WebSocketPair } from "../websocket/websocket.js";
