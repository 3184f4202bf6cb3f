/** node:stream/consumers (https://nodejs.org/docs/latest/api/webstreams.html#utility-consumers). */
import { Buffer } from "../buffer.js";

const collect = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return chunks;
};

/** @param {AsyncIterable<any>} stream @returns {Promise<Blob>} */
export const blob = async (stream) => new Blob(await collect(stream));
/** @param {AsyncIterable<any>} stream @returns {Promise<Buffer>} */
export const buffer = async (stream) => Buffer.from(await arrayBuffer(stream));
/** @param {AsyncIterable<any>} stream @returns {Promise<ArrayBuffer>} */
export const arrayBuffer = async (stream) => (await blob(stream)).arrayBuffer();
/** @param {AsyncIterable<any>} stream @returns {Promise<string>} */
export async function text(stream) {
  const decoder = new TextDecoder();
  let result = "";
  for await (const chunk of stream) result += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  return result + decoder.decode();
}
/** @param {AsyncIterable<any>} stream @returns {Promise<any>} */
export const json = async (stream) => JSON.parse(await text(stream));

export default { arrayBuffer, blob, buffer, json, text };
