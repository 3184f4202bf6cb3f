/** What earlier releases of Node 20 take from a module of this name. */
import { internalBinding } from "./binding.js";

export const { toASCII } = internalBinding("encoding_binding");
