/** node:url (https://nodejs.org/docs/latest/api/url.html): the legacy API is Node's own. */
import own from "nodelib:url";

export const {
  Url, parse, resolve, resolveObject, format, URL, URLSearchParams, domainToASCII, domainToUnicode, pathToFileURL,
  fileURLToPath, urlToHttpOptions,
} = own;
export default own;
