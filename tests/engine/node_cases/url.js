import url, { URL, fileURLToPath, pathToFileURL, domainToASCII, domainToUnicode, urlToHttpOptions } from "node:url";
import querystring from "node:querystring";
import punycode from "node:punycode";

const fails = (run) => { try { run(); return "no error"; } catch (error) { return [error.name, error.code, error.message]; } };

export function answer() {
  const options = urlToHttpOptions(new URL("https://u:p%40@example.org:8443/a?b=c#d"));
  return {
    parse: [url.parse("http://user:pass@sub.example.com:8080/p/a/t/h?query=string#hash"), url.parse("/a?b=c", true).query, url.parse("//host/x", false, true).host, url.parse("mailto:a@b.c"), url.parse("HTTP://EXAMPLE.com/%7Efoo bar")],
    format: [url.format({ protocol: "https", hostname: "x.y", pathname: "/z", query: { a: 1, b: ["2", "3"] } }), url.format(new URL("https://測試.com/a#b"), { fragment: false, unicode: true }), url.format(url.parse("http://a.b/c?d#e"))],
    resolve: [url.resolve("/one/two/three", "four"), url.resolve("http://example.com/", "/one"), url.resolve("http://example.com/one", "../two"), url.resolve("http://a/b", "?c")],
    files: [fileURLToPath("file:///a%20b/c.txt"), pathToFileURL("/a b/c#d?e%.txt").href, fails(() => fileURLToPath("http://a")), fails(() => fileURLToPath("file://host/a"))],
    domains: [domainToASCII("español.com"), domainToUnicode("xn--espaol-zwa.com"), domainToASCII("xn--iñvalid.com")],
    options: [options.protocol, options.hostname, options.port, options.path, options.auth, options.hash],
    query: [
      querystring.parse("a=1&b=2&b=3&c=%20x+y&d"), querystring.stringify({ a: 1, b: ["x", "y"], c: "é &", d: true, e: null }), querystring.parse("a:1;b:2", ";", ":"),
      querystring.escape("a b&c"), querystring.unescape("%41%zz"), querystring.stringify({ a: "b c" }, "; ", ":"), querystring.parse("a=1&a=2&a=3", null, null, { maxKeys: 2 }),
    ],
    punycode: [punycode.encode("mañana"), punycode.decode("maana-pta"), punycode.toASCII("mañana.com"), punycode.toUnicode("xn--maana-pta.com"), punycode.ucs2.decode("😀")],
    errors: [fails(() => url.parse(1)), fails(() => new URL("nope"))[0]],
  };
}
