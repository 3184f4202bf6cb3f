// Who may write: whoever knows the secret API_KEY.
//
// The sample's key is "open-sesame". Secrets are write-only:
// nobody can read yours back, only replace it.

import { HttpError } from "./http.js";

export function authorize(request, env) {
  const header = request.headers.get("authorization") ?? "";
  if (!equal(header, `Bearer ${env.API_KEY}`)) {
    throw new HttpError(401, "send the header Authorization: Bearer <API_KEY>");
  }
}

/** Compare without telling by the time it takes. */
function equal(given, wanted) {
  let differences = given.length ^ wanted.length;
  for (let i = 0; i < given.length; i++) {
    differences |= given.charCodeAt(i) ^ wanted.charCodeAt(i);
  }
  return differences === 0;
}
