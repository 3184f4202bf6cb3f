import { createElement as h, Suspense, use, useId, useState } from "react";
import { renderToReadableStream, renderToString } from "react-dom/server";
import { library } from "./check.js";

function Counter({ from }) {
  const [count] = useState(from);
  return h("button", { className: "c", onClick: () => {}, style: { marginTop: 4 } }, "count ", count);
}
function Later({ promise }) {
  return h("p", { id: useId() }, use(promise));
}

export default library(async ({ equal }) => {
  equal(renderToString(h(Counter, { from: 3 })), '<button class="c" style="margin-top:4px">count <!-- -->3</button>');
  let settle;
  const promise = new Promise((resolve) => { settle = resolve; });
  const stream = await renderToReadableStream(h("main", null, h(Suspense, { fallback: "wait" }, h(Later, { promise })), "<&>"));
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  const shell = (await reader.read()).value;
  equal([shell.includes("wait"), shell.includes("&lt;&amp;&gt;"), shell.includes(">late<")], [true, true, false]);
  setTimeout(() => settle("late"), 1);
  let rest = "";
  for (let next; !(next = await reader.read()).done;) rest += next.value;
  equal([rest.includes(">late</p>"), rest.includes("$RC(")], [true, true]);
  const errors = [];
  const broken = () => { throw new Error("broken"); };
  const failed = await renderToReadableStream(h("div", null, h(Suspense, { fallback: "sorry" }, h(broken))), { onError(error) { errors.push(error.message); } });
  equal([(await new Response(failed).text()).includes("sorry"), errors], [true, ["broken"]]);
});
