/** Email: few isolates get any. */
export { createEmail, EmailMessage } from "../email.js";
