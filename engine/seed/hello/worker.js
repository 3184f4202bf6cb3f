// The smallest service: one answer to every request.
//
// e opens the editor. F5 runs what is on screen, saved or
// not. ^s saves: the hostname answers with it at once.

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const name = url.searchParams.get("name") ?? "world";
    console.log("greeting", { name, path: url.pathname });
    return new Response(`Hello, ${name}!\n`);
  },
};
