import { Marked } from "marked";
import { library } from "./check.js";

export default library(async ({ equal }) => {
  const marked = new Marked({ gfm: true, renderer: { link({ href, text }) { return `<a href="${href}" rel="nofollow">${text}</a>`; } } });
  equal(marked.parse("# A *b*\n\n- [x] done\n- `c`\n\n[t](http://a.example)"),
    '<h1>A <em>b</em></h1>\n<ul>\n<li><input checked="" disabled="" type="checkbox"> done</li>\n<li><code>c</code></li>\n</ul>\n<p><a href="http://a.example" rel="nofollow">t</a></p>\n');
  equal(marked.parse("|a|b|\n|-|:-:|\n|1|2|").match(/<t[hd]( [^>]*)?>/g), ["<th>", '<th align="center">', "<td>", '<td align="center">']);
  equal(await new Marked({ async: true, walkTokens: async (token) => { if (token.type === "text") token.text = token.text.toUpperCase(); } }).parseInline("a"), "A");
});
