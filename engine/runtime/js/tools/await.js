/**
 * Keeps AsyncLocalStorage's context over `await`, which V8 does for nobody that can only evaluate scripts:
 * `await X` becomes `__aR(__aS(),await __aW(X))` — save, wait for [ok, value], restore (src/node/internal/async-context.js).
 */

/** The parameters that modules get for it. */
export const CONTEXT_PARAMETERS = ",__aS,__aR,__aW";

/**
 * @param {import("./edits.js").Edits} edits
 * @param {any} node an AwaitExpression
 * @param {() => void} visitArgument
 */
export function keepOverAwait(edits, node, visitArgument) {
  edits.insert(node.start, "__aR(__aS(),");
  edits.insert(node.argument.start, "__aW(");
  visitArgument();
  edits.insert(node.end, "))");
}

/**
 * `for await` waits where no expression is: restore at the start of the body and after the loop.
 * @param {import("./edits.js").Edits} edits
 * @param {any} statement the loop, or the outermost of its labels
 * @param {any} loop a ForOfStatement
 * @param {() => void} visitChildren
 */
export function keepOverForAwait(edits, statement, loop, visitChildren) {
  const saved = `__f${loop.start}`;
  const restore = `__aR(${saved},[1]);`;
  const { body } = loop;
  edits.insert(statement.start, `{const ${saved}=__aS();try{`);
  if (body.type === "BlockStatement") edits.insert(body.start + 1, restore);
  else edits.insert(body.start, `{${restore}`);
  visitChildren();
  if (body.type !== "BlockStatement") edits.insert(body.end, "}");
  edits.insert(statement.end, `}finally{${restore}}}`);
}
