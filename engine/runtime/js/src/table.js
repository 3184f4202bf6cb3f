/** console.table (https://console.spec.whatwg.org/#table), drawn as Node draws it. */
const LINES = { top: "┌┬┐", middle: "├┼┤", bottom: "└┴┘" };

/**
 * @param {any} data an object, array, Map or Set
 * @param {string[] | undefined} properties the columns wanted, all when undefined
 * @param {(value: any, options: object) => string} inspect
 * @param {(text: string) => number} widthOf in terminal cells
 * @returns {string}
 */
export function table(data, properties, inspect, widthOf) {
  const show = (value) => {
    const wide = value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length > 2;
    return inspect(value, { maxArrayLength: 3, breakLength: Infinity, depth: wide ? -1 : 0 });
  };
  if (data instanceof Map) {
    const entries = [...Map.prototype.entries.call(data)];
    return draw(["(iteration index)", "Key", "Values"], entries.map(([key, value], i) => [`${i}`, show(key), show(value)]), widthOf);
  }
  if (data instanceof Set) {
    const values = [...Set.prototype.values.call(data)];
    return draw(["(iteration index)", "Values"], values.map((value, i) => [`${i}`, show(value)]), widthOf);
  }
  const columns = new Set(properties);
  const rows = Object.entries(data);
  const isPrimitive = (value) => value === null || (typeof value !== "object" && typeof value !== "function");
  if (properties === undefined) {
    for (const [, row] of rows) if (!isPrimitive(row)) for (const key of Object.keys(row)) columns.add(key);
  }
  const valued = rows.some(([, row]) => isPrimitive(row));
  const cells = rows.map(([index, row]) => {
    const line = [index];
    for (const key of columns) line.push(!isPrimitive(row) && Object.hasOwn(row, key) ? show(row[key]) : "");
    if (valued) line.push(isPrimitive(row) ? show(row) : "");
    return line;
  });
  return draw(["(index)", ...columns, ...(valued ? ["Values"] : [])], cells, widthOf);
}

function draw(head, rows, widthOf) {
  const widths = head.map((title, i) => Math.max(...[title, ...rows.map((row) => row[i])].map(widthOf)) + 2);
  const rule = ([left, cross, right]) => left + widths.map((width) => "─".repeat(width)).join(cross) + right;
  const line = (cells) => `│${cells.map((cell, i) => ` ${cell}${" ".repeat(widths[i] - widthOf(cell) - 1)}`).join("│")}│`;
  return [rule(LINES.top), line(head), rule(LINES.middle), ...rows.map(line), rule(LINES.bottom)].join("\n");
}
