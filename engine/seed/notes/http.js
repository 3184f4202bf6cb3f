// Answers, and the errors that are answers.

export function json(value, status = 200) {
  return Response.json(value, { status });
}

/** Thrown anywhere below `fetch`, sent by it. */
export class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  response() {
    return json({ error: this.message }, this.status);
  }
}
