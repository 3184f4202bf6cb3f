// One front door for the other two services. A service
// binding calls them in process: no network, no public host.
//
// Staging's gateway is bound to staging's hello and notes:
// a change can be tried through the whole chain.

const ROUTES = [
  { prefix: "/hello", service: "HELLO", about: "a greeting" },
  { prefix: "/notes", service: "NOTES", about: "a REST API over KV" },
];

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const route = ROUTES.find(
      ({ prefix }) => pathname === prefix || pathname.startsWith(prefix + "/"),
    );
    if (!route) return index(pathname === "/" ? 200 : 404);

    const started = Date.now();
    const response = await env[route.service].fetch(request);
    console.log(route.service, response.status, `${Date.now() - started} ms`);

    // A response from elsewhere is immutable: copy, then add.
    const answer = new Response(response.body, response);
    answer.headers.set("x-service", route.service.toLowerCase());
    return answer;
  },
};

function index(status) {
  const links = ROUTES.map(
    ({ prefix, about }) => `<li><a href="${prefix}">${prefix}</a> ${about}`,
  );
  return new Response(`<!doctype html>\n<ul>\n${links.join("\n")}\n</ul>\n`, {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}
