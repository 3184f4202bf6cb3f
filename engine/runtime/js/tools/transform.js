/**
 * An ES module to a two-phase generator function: the first `next()` hoists the functions and publishes
 * the exports' getters, so that cycles and live bindings work, the second evaluates.
 *
 *   (function* (__x, __meta, __dyn, __i0, …) { "use strict"; __x({name: () => name, …}); yield; …the module… })
 *
 * All edits stay on their line. References to an import become `__i0.name`.
 */
import { CONTEXT_PARAMETERS, keepOverAwait, keepOverForAwait } from "./await.js";
import { Edits } from "./edits.js";
import { lineAndColumn, parse } from "./parse.js";
import { eachChild, isFunction, patternNames, scopeNames } from "./scope.js";

/**
 * @typedef {{name: string, line: number, column: number}} ImportedName a name asked of a module, and where
 * @typedef {{specifier: string, attributes: Record<string, string>, line: number, column: number, names: ImportedName[]}} Dependency
 * @typedef {object} Transformed
 * @property {string} code
 * @property {Dependency[]} deps
 * @property {number[]} stars indexes into deps of `export * from`
 * @property {string[]} exports own names
 * @property {Record<string, {dep: number, name: string | null}>} forwards own exports that are another module's (name null: its namespace)
 * @property {boolean} tla whether it awaits at the top
 * @property {{specifier: string, line: number, column: number}[]} dynamic import() of a literal
 * @property {number} headLen by how much columns of line 1 moved to the right
 * @property {[number, number, number][]} shifts see Edits.apply
 */

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Where statements stand in a row, so that a missing semicolon matters. */
const LISTS = new Set(["Program", "BlockStatement", "StaticBlock", "SwitchCase"]);
const nameOf = (node) => (node.type === "Literal" ? node.value : node.name);

/**
 * @param {string} source @param {string} file
 * @param {boolean} [tracked] whether `await` keeps AsyncLocalStorage's context
 * @returns {Transformed} throws Diagnostic
 */
export function transformModule(source, file, tracked = false) {
  return new ModuleTransform(source, file, tracked).run();
}

class ModuleTransform {
  constructor(source, file, tracked) {
    this.tracked = tracked;
    // A hashbang is only allowed at the very start of a script.
    this.source = source.startsWith("#!") ? `//${source.slice(2)}` : source;
    this.ast = parse(this.source, file, "module");
    this.edits = new Edits(this.source);
    /** @type {Dependency[]} */
    this.deps = [];
    this.depIndex = new Map();
    /** local name → {text, dep, name} */
    this.imports = new Map();
    /** @type {[string, string][]} exported name → expression */
    this.exported = [];
    this.forwards = {};
    this.stars = [];
    this.dynamic = [];
    this.prologue = "";
    this.tla = false;
    this.depth = 0;
    /** @type {Set<string>[]} */
    this.scopes = [];
  }

  run() {
    for (const node of this.ast.body) if (node.type === "ImportDeclaration") this.importDeclaration(node);
    for (const node of this.ast.body) this.exportDeclaration(node);
    const needed = this.imports.size > 0 || /\bimport\b/.test(this.source) || /\bawait\b/.test(this.source);
    if (needed) for (const node of this.ast.body) this.visit(node, this.ast);
    const getters = this.exported.map(([name, text]) => `${JSON.stringify(name)}:()=>${text}`).join(",");
    const parameters = this.deps.map((_, i) => `,__i${i}`).join("");
    const head =
      `(${this.tla ? "async " : ""}function*(__x,__meta,__dyn${this.tracked ? CONTEXT_PARAMETERS : ""}${parameters}){"use strict";__x({__proto__:null,${getters}});${this.prologue}yield;`;
    const { text, shifts } = this.edits.apply();
    return {
      code: `${head}${text}\n})`, deps: this.deps, stars: this.stars, exports: this.exported.map(([name]) => name),
      forwards: this.forwards, tla: this.tla, ...(this.tracked ? { tracked: true } : {}), dynamic: this.dynamic, headLen: head.length, shifts,
    };
  }

  // -- module declarations

  place(node) { return lineAndColumn(this.source, node.start); }

  /** The index of the dependency a `from "…"` clause names. */
  dependency(node, attributes = []) {
    const pairs = attributes.map((attribute) => [nameOf(attribute.key), attribute.value.value]);
    const key = JSON.stringify([node.value, pairs]);
    if (!this.depIndex.has(key)) {
      this.depIndex.set(key, this.deps.length);
      this.deps.push({ specifier: node.value, attributes: Object.fromEntries(pairs), ...this.place(node), names: [] });
    }
    return this.depIndex.get(key);
  }

  /** The expression for a name of a dependency; that it must exist is remembered. */
  member(dep, node, name) {
    this.deps[dep].names.push({ name, ...this.place(node) });
    return { dep, name, text: IDENTIFIER.test(name) ? `__i${dep}.${name}` : `__i${dep}[${JSON.stringify(name)}]` };
  }

  importDeclaration(node) {
    const dep = this.dependency(node.source, node.attributes);
    for (const specifier of node.specifiers) {
      const { type, local } = specifier;
      if (type === "ImportNamespaceSpecifier") this.imports.set(local.name, { dep, name: null, text: `__i${dep}` });
      else this.imports.set(local.name, this.member(dep, specifier, type === "ImportDefaultSpecifier" ? "default" : nameOf(specifier.imported)));
    }
    this.edits.remove(node.start, node.end, ";");
  }

  exportDeclaration(node) {
    switch (node.type) {
      case "ExportNamedDeclaration":
        if (node.declaration) {
          const { declaration } = node;
          const add = (name) => this.exported.push([name, name]);
          if (declaration.type === "VariableDeclaration") for (const one of declaration.declarations) patternNames(one.id, add);
          else add(declaration.id.name);
          this.edits.remove(node.start, declaration.start);
        } else {
          const dep = node.source ? this.dependency(node.source, node.attributes) : -1;
          for (const { exported, local, ...specifier } of node.specifiers) {
            const found = dep < 0 ? this.imports.get(local.name) : this.member(dep, specifier, nameOf(local));
            if (found !== undefined) this.forwards[nameOf(exported)] = { dep: found.dep, name: found.name };
            this.exported.push([nameOf(exported), found === undefined ? local.name : found.text]);
          }
          this.edits.remove(node.start, node.end, ";");
        }
        break;
      case "ExportAllDeclaration": {
        const dep = this.dependency(node.source, node.attributes);
        if (node.exported) {
          this.exported.push([nameOf(node.exported), `__i${dep}`]);
          this.forwards[nameOf(node.exported)] = { dep, name: null };
        } else {
          this.stars.push(dep);
        }
        this.edits.remove(node.start, node.end, ";");
        break;
      }
      case "ExportDefaultDeclaration": this.exportDefault(node, node.declaration); break;
    }
  }

  exportDefault(node, value) {
    const declares = value.type === "FunctionDeclaration" || value.type === "ClassDeclaration";
    if (declares && value.id) {
      this.exported.push(["default", value.id.name]);
      this.edits.remove(node.start, value.start);
      return;
    }
    this.exported.push(["default", "__default"]);
    if (value.type === "FunctionDeclaration") { // anonymous, but hoisted like any other
      this.edits.remove(node.start, value.start);
      const keyword = /^(async\s+)?function\s*\*?/.exec(this.source.slice(value.start))[0];
      this.edits.insert(value.start + keyword.length, " __default");
      this.prologue += 'Object.defineProperty(__default,"name",{value:"default",configurable:true});';
      return;
    }
    // As a property value an anonymous class or arrow function gets the name "default".
    this.edits.remove(node.start, value.start, "const __default={default:");
    this.edits.insert(value.end, "}.default;");
  }

  // -- references, import.meta, import(), await

  isShadowed(name) {
    for (let i = this.scopes.length - 1; i >= 0; i--) if (this.scopes[i].has(name)) return true;
    return false;
  }

  reference(node, parent) {
    const found = this.imports.get(node.name);
    if (found === undefined || this.isShadowed(node.name)) return;
    const { text } = found;
    if (parent.type === "Property" && parent.shorthand) {
      this.edits.insert(node.end, `:${text}`);
      return;
    }
    // Called as a plain function: `this` must not become the namespace.
    const called = (parent.type === "CallExpression" && parent.callee === node) ||
      (parent.type === "TaggedTemplateExpression" && parent.tag === node) || parent.type === "ParenthesizedExpression";
    this.edits.replace(node.start, node.end, called && found.name !== null ? `(0,${text})` : text);
  }

  visit(node, parent) {
    switch (node.type) {
      case "ImportDeclaration": case "ExportAllDeclaration": case "ExportSpecifier": return;
      case "BreakStatement": case "ContinueStatement": return;
      case "ExportNamedDeclaration": if (node.declaration) this.visit(node.declaration, node); return;
      case "Identifier": this.reference(node, parent); return;
      case "MetaProperty": if (node.meta.name === "import") this.edits.replace(node.start, node.end, "__meta"); return;
      case "ImportExpression":
        this.edits.replace(node.start, node.start + 6, "__dyn");
        if (node.source.type === "Literal" && typeof node.source.value === "string") {
          this.dynamic.push({ specifier: node.source.value, ...this.place(node.source) });
        }
        break;
      case "AwaitExpression":
        if (this.depth === 0) this.tla = true;
        if (!this.tracked) break;
        keepOverAwait(this.edits, node, () => this.visit(node.argument, node));
        return;
      case "ForOfStatement":
        if (!node.await) break;
        if (this.depth === 0) this.tla = true;
        if (!this.tracked) break;
        keepOverForAwait(this.edits, this.labelled?.loop === node ? this.labelled.statement : node, node, () => this.visitChildren(node));
        return;
      case "VariableDeclaration": if (node.kind === "await using" && this.depth === 0) this.tla = true; break;
      case "MemberExpression":
        this.visit(node.object, node);
        if (node.computed) this.visit(node.property, node);
        return;
      case "Property":
        if (node.computed) this.visit(node.key, node);
        this.visit(node.value, node);
        return;
      case "MethodDefinition": case "PropertyDefinition":
        if (node.computed) this.visit(node.key, node);
        if (node.value) this.inFunction(node.type === "PropertyDefinition", () => this.visit(node.value, node));
        return;
      case "LabeledStatement":
        this.labelled = { statement: this.labelled?.loop === node ? this.labelled.statement : node, loop: node.body };
        this.visit(node.body, node);
        return;
      case "ExpressionStatement": if (LISTS.has(parent.type)) this.guardStart(node); break;
    }
    this.visitChildren(node);
  }

  visitChildren(node) {
    const names = this.imports.size > 0 ? scopeNames(node, (name) => this.imports.has(name)) : null;
    if (names !== null) this.scopes.push(names);
    this.inFunction(isFunction(node) || node.type === "StaticBlock", () => {
      eachChild(node, (child, key) => {
        if (key === "id" && (isFunction(node) || node.type.startsWith("Class"))) return;
        this.visit(child, node);
      });
    });
    if (names !== null) this.scopes.pop();
  }

  inFunction(deeper, run) {
    if (deeper) this.depth++;
    run();
    if (deeper) this.depth--;
  }

  /** A statement that comes to start with "(0,…" must not become an argument list of the one before. */
  guardStart(node) {
    let first = node.expression;
    while (first && first.start === node.start && first.type !== "Identifier") {
      first = first.callee ?? first.object ?? first.tag ?? first.left ?? first.test ?? first.expressions?.[0] ?? first.argument ?? null;
    }
    if (first?.start === node.start && this.imports.has(first.name) && !this.isShadowed(first.name)) this.edits.insert(node.start, ";");
  }
}

/**
 * A CommonJS module to `(function (module, exports, require, __dyn, __filename, __dirname) { … })`.
 * @param {string} source @param {string} file
 * @param {boolean} [tracked] whether `await` keeps AsyncLocalStorage's context
 * @returns {Transformed} throws Diagnostic
 */
export function transformCommonJs(source, file, tracked = false) {
  const text = source.startsWith("#!") ? `//${source.slice(2)}` : source;
  const ast = parse(text, file, "commonjs");
  const edits = new Edits(text);
  const required = [], dynamic = [];
  let labelled;
  const visit = (node) => {
    const children = () => eachChild(node, visit);
    if (node.type === "LabeledStatement") labelled = { statement: labelled?.loop === node ? labelled.statement : node, loop: node.body };
    if (tracked && node.type === "AwaitExpression") return keepOverAwait(edits, node, () => visit(node.argument));
    if (tracked && node.type === "ForOfStatement" && node.await) {
      return keepOverForAwait(edits, labelled?.loop === node ? labelled.statement : node, node, children);
    }
    if (node.type === "ImportExpression") {
      edits.replace(node.start, node.start + 6, "__dyn");
      if (node.source.type === "Literal") dynamic.push({ specifier: node.source.value, ...lineAndColumn(text, node.source.start) });
    } else if (node.type === "CallExpression" && node.callee.name === "require" && typeof node.arguments[0]?.value === "string") {
      required.push({ specifier: node.arguments[0].value, ...lineAndColumn(text, node.arguments[0].start) });
    }
    return children();
  };
  if (/\b(?:import|require)\b/.test(text) || (tracked && /\bawait\b/.test(text))) visit(ast);
  const head = `(function(module,exports,require,__dyn,__filename,__dirname${tracked ? CONTEXT_PARAMETERS : ""}){`;
  const result = edits.apply();
  return {
    code: `${head}${result.text}\n})`, deps: [], stars: [], exports: ["default"], forwards: {}, tla: false,
    ...(tracked ? { tracked: true } : {}), dynamic: [...dynamic, ...required], headLen: head.length, shifts: result.shifts,
  };
}
