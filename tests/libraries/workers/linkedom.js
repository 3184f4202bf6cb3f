import { parseHTML } from "linkedom/worker";
import { library } from "./check.js";

export default library(async ({ equal }) => {
  const { document, customElements, HTMLElement } = parseHTML("<!doctype html><html><body><ul id='l'><li class='a b'>1<li>2</ul></body></html>");
  equal([...document.querySelectorAll("#l > li:not(.a), li.b")].map((item) => item.textContent), ["1", "2"]);
  const item = document.createElement("li");
  item.append("3", Object.assign(document.createElement("b"), { textContent: "<4>" }));
  document.getElementById("l").appendChild(item);
  equal(item.outerHTML, "<li>3<b>&lt;4&gt;</b></li>");
  let clicks = 0;
  document.body.addEventListener("click", () => { clicks++; });
  item.dispatchEvent(new document.defaultView.Event("click", { bubbles: true }));
  equal(clicks, 1);
  customElements.define("x-y", class extends HTMLElement { connectedCallback() { this.innerHTML = "<i>up</i>"; } });
  document.body.innerHTML = "<x-y></x-y>";
  equal(document.body.innerHTML, "<x-y><i>up</i></x-y>");
});
