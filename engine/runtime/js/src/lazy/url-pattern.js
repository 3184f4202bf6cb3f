/** URLPattern (https://urlpattern.spec.whatwg.org/), from urlpattern-polyfill. */
import { URLPattern } from "urlpattern-polyfill/urlpattern";
import { defineInterface } from "../webidl.js";

delete URLPattern.compareComponent; // a proposal that Workers do not have
defineInterface(URLPattern, "URLPattern");
export { URLPattern };
