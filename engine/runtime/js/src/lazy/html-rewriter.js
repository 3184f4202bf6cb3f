/** HTMLRewriter: see ../html-rewriter/html-rewriter.js. */
export { HTMLRewriter } from "../html-rewriter/html-rewriter.js";
