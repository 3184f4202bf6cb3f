/** Text edits that keep every line where it was, and a record of how columns moved. */

const NEWLINE = /\r\n|[\n\r\u2028\u2029]/g;

export class Edits {
  /** @type {{start: number, end: number, text: string, order: number}[]} */
  #edits = [];
  #source;

  /** @param {string} source */
  constructor(source) { this.#source = source; }

  /** @param {number} start @param {number} end @param {string} text */
  replace(start, end, text) { this.#edits.push({ start, end, text, order: this.#edits.length }); }

  /** @param {number} position @param {string} text */
  insert(position, text) { this.replace(position, position, text); }

  /** Remove a range but keep its line breaks. @param {number} start @param {number} end @param {string} [text] in its place */
  remove(start, end, text = "") {
    const breaks = this.#source.slice(start, end).match(NEWLINE);
    this.replace(start, end, text + (breaks === null ? "" : breaks.join("")));
  }

  /**
   * @returns {{text: string, shifts: [number, number, number][]}} shifts: [line, column in the result from
   *   which it holds, how much further left the column was in the source], both from 1, in order
   */
  apply() {
    const edits = this.#edits.sort((a, b) => a.start - b.start || a.end - b.end || a.order - b.order);
    const shifts = [];
    let text = "", at = 0, line = 1, lineStart = 0, sourceLineStart = 0;
    const advance = (from, to) => {
      const piece = this.#source.slice(from, to);
      for (const match of piece.matchAll(NEWLINE)) {
        line++;
        sourceLineStart = from + match.index + match[0].length;
        lineStart = text.length + match.index + match[0].length;
      }
      text += piece;
    };
    for (const { start, end, text: inserted } of edits) {
      if (start < at) throw new Error("overlapping edits");
      advance(at, start);
      const breaks = [...inserted.matchAll(NEWLINE)].pop();
      text += inserted;
      if (breaks !== undefined) {
        const removed = this.#source.slice(start, end);
        line += inserted.match(NEWLINE).length;
        lineStart = text.length - (inserted.length - breaks.index - breaks[0].length);
        const last = [...removed.matchAll(NEWLINE)].pop();
        sourceLineStart = start + last.index + last[0].length;
      }
      at = end;
      const shift = text.length - lineStart - (end - sourceLineStart);
      const column = text.length - lineStart + 1;
      const before = shifts.at(-1);
      if (before !== undefined && before[0] === line && before[1] === column) before[2] = shift;
      else if (shift !== 0 || before?.[0] === line) shifts.push([line, column, shift]);
    }
    advance(at, this.#source.length);
    return { text, shifts };
  }
}
