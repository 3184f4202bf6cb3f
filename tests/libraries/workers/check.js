// A worker of one library: GET / runs its checks and answers how many there were, and which failed.
const shown = (value) => JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : item === undefined ? "undefined" : item));

export const library = (run) => ({
  async fetch(request, env, ctx) {
    const failed = [];
    let count = 0;
    const equal = (actual, expected) => {
      count++;
      if (shown(actual) !== shown(expected)) failed.push(`${count}: ${shown(actual)} is not ${shown(expected)}`);
    };
    const throws = async (attempt, name) => {
      try {
        await attempt();
      } catch (error) {
        return equal(error.name, name);
      }
      return equal("no error", name);
    };
    try {
      await run({ equal, throws, request, env, ctx });
    } catch (error) {
      failed.push(`${error.stack}`);
    }
    return Response.json({ count, failed });
  },
});

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
