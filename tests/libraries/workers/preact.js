import { createContext, h } from "preact";
import { useContext, useMemo, useState } from "preact/hooks";
import { render, renderToStringAsync } from "preact-render-to-string";
import { library } from "./check.js";

const Theme = createContext("light");
function Page({ items }) {
  const [title] = useState("T&T");
  const theme = useContext(Theme);
  const sum = useMemo(() => items.reduce((a, b) => a + b, 0), [items]);
  return h("ul", { class: theme, title }, items.map((item) => h("li", { key: item }, item)), h("b", null, sum));
}

export default library(async ({ equal }) => {
  equal(render(h(Theme.Provider, { value: "dark" }, h(Page, { items: [1, 2] }))), '<ul class="dark" title="T&amp;T"><li>1</li><li>2</li><b>3</b></ul>');
  equal(await renderToStringAsync(h("p", { dangerouslySetInnerHTML: { __html: "<i>x</i>" } })), "<p><i>x</i></p>");
});
