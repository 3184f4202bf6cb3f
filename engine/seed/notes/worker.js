// A small REST API over KV.
//
//   GET    /notes        the newest notes
//   POST   /notes        add one: {"title", "body"}
//   GET    /notes/:id    one note
//   PUT    /notes/:id    write one
//   DELETE /notes/:id    remove one
//
// Writing needs "Authorization: Bearer <API_KEY>".

import { authorize } from "./auth.js";
import { HttpError, json } from "./http.js";
import * as notes from "./notes.js";

export default {
  async fetch(request, env) {
    try {
      return await route(request, env);
    } catch (error) {
      if (error instanceof HttpError) return error.response();
      throw error; // a bug: the platform shows where
    }
  },
};

async function route(request, env) {
  const { pathname } = new URL(request.url);
  const [, root, id, more] = pathname.split("/");
  if (root === "") return json({ notes: "/notes" });
  if (root !== "notes" || more !== undefined) {
    throw new HttpError(404, `nothing at ${pathname}`);
  }
  if (request.method !== "GET") authorize(request, env);

  switch (`${request.method} ${id ? "one" : "all"}`) {
    case "GET all":
      return json(await notes.list(env));
    case "POST all": {
      const newId = crypto.randomUUID().slice(0, 8);
      return json(await notes.save(env, newId, await draft(request)), 201);
    }
    case "GET one":
      return json(await notes.load(env, id));
    case "PUT one":
      return json(await notes.save(env, id, await draft(request)));
    case "DELETE one":
      await notes.remove(env, id);
      return new Response(null, { status: 204 });
    default:
      throw new HttpError(405, `${request.method} is not for ${pathname}`);
  }
}

/** The note in a request's body. */
async function draft(request) {
  const { title, body = "" } = await request.json().catch(() => ({}));
  if (typeof title !== "string" || typeof body !== "string") {
    throw new HttpError(400, 'send {"title": "…", "body": "…"}');
  }
  return { title, body };
}
