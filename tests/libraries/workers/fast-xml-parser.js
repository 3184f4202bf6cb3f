import { XMLBuilder, XMLParser, XMLValidator } from "fast-xml-parser";
import { library } from "./check.js";

const text = `<?xml version="1.0"?><rss version="2.0"><item id="1"><title><![CDATA[<b>&]]></title><n>007</n></item><item id="2"><title>&lt;x&gt;</title></item></rss>`;

export default library(async ({ equal }) => {
  const found = new XMLParser({ ignoreAttributes: false, numberParseOptions: { leadingZeros: false, hex: true } }).parse(text);
  equal([found.rss["@_version"], found.rss.item.map((item) => item.title), found.rss.item[0].n], ["2.0", ["<b>&", "<x>"], "007"]);
  equal(new XMLBuilder({ ignoreAttributes: false }).build({ a: { "@_b": "1", c: ["x", "<"] } }), '<a b="1"><c>x</c><c>&lt;</c></a>');
  equal([XMLValidator.validate("<a/>"), XMLValidator.validate("<a>\n<b></a>").err.line], [true, 2]);
});
