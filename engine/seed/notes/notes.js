// Notes in KV: each under "note:<id>". The title is in the
// key's metadata too, so that a list reads no values.

import { HttpError } from "./http.js";

const PREFIX = "note:";

/** @returns {Promise<{id, title, at}[]>} newest first */
export async function list(env) {
  const { keys } = await env.NOTES.list({ prefix: PREFIX });
  return keys
    .map(({ name, metadata }) => ({
      id: name.slice(PREFIX.length),
      ...metadata,
    }))
    .sort((a, b) => b.at - a.at);
}

export async function load(env, id) {
  const note = await env.NOTES.get(PREFIX + id, "json");
  if (!note) throw new HttpError(404, `no note ${id}`);
  return { ...note, words: count(note.body) };
}

export async function save(env, id, { title, body }) {
  const max = Number(env.MAX_NOTES);
  const { keys } = await env.NOTES.list({ prefix: PREFIX });
  const isNew = !keys.some(({ name }) => name === PREFIX + id);
  if (isNew && keys.length >= max) {
    throw new HttpError(409, `at most ${max} notes`);
  }
  const at = Date.now();
  const note = { id, title, body, at };
  await env.NOTES.put(PREFIX + id, JSON.stringify(note), {
    metadata: { title, at },
  });
  console.log(isNew ? "added" : "changed", { id, title });
  return note;
}

export async function remove(env, id) {
  await env.NOTES.delete(PREFIX + id);
}

/** Words, not bytes: shown beside the title. */
function count(text) {
  return text.split(/\s+/).filter(Boolean).length;
}
