/** WebSocket and WebSocketPair: see ../websocket.js. */
export { handOver, isWebSocket, receiveSocket, WebSocket, WebSocketPair, Writer } from "../websocket.js";
