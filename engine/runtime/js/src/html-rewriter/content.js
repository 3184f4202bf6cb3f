/**
 * What handlers get (https://developers.cloudflare.com/workers/runtime-apis/html-rewriter/): lol-html's own
 * objects behind classes that are good only while their handler runs.
 *
 * @typedef {object} Scope one run of one handler
 * @property {boolean} alive
 * @property {(() => Promise<void> | void)[] | null} later edits that wait for a stream before them
 * @property {(raw: any, handler: Function) => void} onEndTag
 */
import { Body, extractBody, readAll, takeBody } from "../fetch/body.js";
import { decodeUtf8 } from "../encoding/utf8.js";
import { isResponse, readResponse } from "../fetch/response.js";
import {
  ArrayPrototypePush, RegExpPrototypeExec, StringPrototypeIncludes, StringPrototypeToWellFormed, TypeError_, Uint8Array_,
} from "../primordials.js";
import { isReadableStream } from "../streams.js";
import { defineInterface, isObject, requireArguments } from "../webidl.js";

const STALE = "This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.";
const FORBIDDEN_IN_TAG = /[ \n\r\t\f/>]/;
const FORBIDDEN_IN_ATTRIBUTE = /[ \n\r\t\f/>=]/;

const text = (value) => StringPrototypeToWellFormed(`${value}`);

/** lol-html checks these too, but its object is of no use after. */
function checkTagName(name) {
  if (name === "") throw new TypeError_("Tag name can't be empty.");
  if (RegExpPrototypeExec(/^[A-Za-z]/, name) === null) {
    throw new TypeError_("The first character of the tag name should be an ASCII alphabetical character.");
  }
  const found = RegExpPrototypeExec(FORBIDDEN_IN_TAG, name);
  if (found !== null) throw new TypeError_(`\`${found[0]}\` character is forbidden in the tag name`);
  return name;
}

function checkAttributeName(name) {
  if (name === "") throw new TypeError_("Attribute name can't be empty.");
  const found = RegExpPrototypeExec(FORBIDDEN_IN_ATTRIBUTE, name);
  if (found !== null) throw new TypeError_(`\`${found[0]}\` character is forbidden in the attribute name`);
  return name;
}

function checkComment(value) {
  if (StringPrototypeIncludes(value, "-->")) {
    throw new TypeError_("Comment text shouldn't contain comment closing sequence (`-->`).");
  }
  return value;
}

/** The whole text of a stream or of a response's body. */
async function textOf(body) {
  const content = body instanceof Body ? takeBody(body) : body;
  if (content === null) return "";
  if (typeof content === "string") return content;
  return decodeUtf8(content instanceof Uint8Array_ ? content : await readAll(content));
}

/** @returns {string | Promise<string>} */
function contentOf(value) {
  if (isObject(value)) {
    if (isReadableStream(value)) return textOf(extractBody(value).body);
    if (isResponse(value)) return textOf(readResponse(value).body);
  }
  return text(value);
}

let rawOf, edit, act, scopeOf;

/** The base of them all. */
class Content {
  #raw; #scope;
  /** @param {any} raw lol-html's object @param {Scope} scope */
  constructor(raw, scope) {
    this.#raw = raw;
    this.#scope = scope;
  }
  static {
    rawOf = (content) => {
      if (!content.#scope.alive) throw new TypeError_(STALE);
      return content.#raw;
    };
    edit = (content, method, args) => {
      requireArguments(args.length, 1, method);
      const raw = rawOf(content), scope = content.#scope;
      const options = { __proto__: null, html: isObject(args[1]) && !!args[1].html };
      const given = contentOf(args[0]);
      if (typeof given === "string" && scope.later === null) raw[method](given, options);
      else ArrayPrototypePush((scope.later ??= []), async () => { raw[method](await given, options); });
      return content;
    };
    act = (content, method, ...args) => {
      const raw = rawOf(content), scope = content.#scope;
      if (scope.later === null) raw[method](...args);
      else ArrayPrototypePush(scope.later, () => { raw[method](...args); });
      return content;
    };
    scopeOf = (content) => content.#scope;
  }
}
export class Element extends Content {
  get tagName() { return rawOf(this).tagName; }
  set tagName(name) { rawOf(this).tagName = checkTagName(text(name)); }
  get attributes() { return rawOf(this).attributes; }
  get removed() { return rawOf(this).removed; }
  get namespaceURI() { return rawOf(this).namespaceURI; }
  getAttribute(name) {
    requireArguments(arguments.length, 1, "getAttribute");
    return rawOf(this).getAttribute(text(name)) ?? null;
  }
  hasAttribute(name) {
    requireArguments(arguments.length, 1, "hasAttribute");
    return rawOf(this).hasAttribute(text(name));
  }
  setAttribute(name, value) {
    requireArguments(arguments.length, 2, "setAttribute");
    rawOf(this).setAttribute(checkAttributeName(text(name)), text(value));
    return this;
  }
  removeAttribute(name) {
    requireArguments(arguments.length, 1, "removeAttribute");
    rawOf(this).removeAttribute(text(name));
    return this;
  }
  before() { return edit(this, "before", arguments); }
  after() { return edit(this, "after", arguments); }
  prepend() { return edit(this, "prepend", arguments); }
  append() { return edit(this, "append", arguments); }
  replace() { return edit(this, "replace", arguments); }
  setInnerContent() { return edit(this, "setInnerContent", arguments); }
  remove() { return act(this, "remove"); }
  removeAndKeepContent() { return act(this, "removeAndKeepContent"); }
  onEndTag(handler) {
    const raw = rawOf(this);
    if (typeof handler !== "function") throw new TypeError_("Failed to execute 'onEndTag' on 'Element': parameter 1 is not of type 'Function'.");
    scopeOf(this).onEndTag(raw, handler);
  }
}
defineInterface(Element, "Element");

export class EndTag extends Content {
  get name() { return rawOf(this).name; }
  set name(name) { rawOf(this).name = checkTagName(text(name)); }
  before() { return edit(this, "before", arguments); }
  after() { return edit(this, "after", arguments); }
  remove() { return act(this, "remove"); }
}
defineInterface(EndTag, "EndTag");

export class Comment extends Content {
  get text() { return rawOf(this).text; }
  set text(value) { rawOf(this).text = checkComment(text(value)); }
  get removed() { return rawOf(this).removed; }
  before() { return edit(this, "before", arguments); }
  after() { return edit(this, "after", arguments); }
  replace() { return edit(this, "replace", arguments); }
  remove() { return act(this, "remove"); }
}
defineInterface(Comment, "Comment");

export class Text extends Content {
  get text() { return rawOf(this).text; }
  get lastInTextNode() { return rawOf(this).lastInTextNode; }
  get removed() { return rawOf(this).removed; }
  before() { return edit(this, "before", arguments); }
  after() { return edit(this, "after", arguments); }
  replace() { return edit(this, "replace", arguments); }
  remove() { return act(this, "remove"); }
}
defineInterface(Text, "Text");

export class Doctype extends Content {
  get name() { return rawOf(this).name ?? null; }
  get publicId() { return rawOf(this).publicId ?? null; }
  get systemId() { return rawOf(this).systemId ?? null; }
}
defineInterface(Doctype, "Doctype");

export class DocumentEnd extends Content {
  append() { return edit(this, "append", arguments); }
}
defineInterface(DocumentEnd, "DocumentEnd");
