/** Which names a scope declares, of those that an import brought in (https://tc39.es/ecma262/#sec-static-semantics-scope-analysis). */

/** @param {any} node @returns {boolean} */
export const isFunction = (node) =>
  node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";

const isNode = (value) => value !== null && typeof value === "object" && typeof value.type === "string";

/** Call `visit` with every child node. @param {any} node @param {(child: any, key: string) => void} visit */
export function eachChild(node, visit) {
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) visit(item, key);
    } else if (isNode(value)) {
      visit(value, key);
    }
  }
}

/** The names a binding pattern declares. @param {any} pattern @param {(name: string) => void} add */
export function patternNames(pattern, add) {
  switch (pattern?.type) {
    case "Identifier": add(pattern.name); break;
    case "ObjectPattern":
      for (const property of pattern.properties) {
        patternNames(property.type === "RestElement" ? property.argument : property.value, add);
      }
      break;
    case "ArrayPattern": for (const element of pattern.elements) patternNames(element, add); break;
    case "AssignmentPattern": patternNames(pattern.left, add); break;
    case "RestElement": patternNames(pattern.argument, add); break;
  }
}

const declaratorNames = (declaration, add) => {
  for (const declarator of declaration.declarations) patternNames(declarator.id, add);
};

/** `var` names below a node, not those of functions and classes inside it. */
function varNames(node, add) {
  if (node.type === "VariableDeclaration" && node.kind === "var") declaratorNames(node, add);
  eachChild(node, (child) => {
    if (!isFunction(child) && !child.type.startsWith("Class")) varNames(child, add);
  });
}

/** Names that let, const, class and function declare directly in a block. */
function blockNames(statements, add) {
  for (const statement of statements) {
    if (statement.type === "VariableDeclaration" && statement.kind !== "var") declaratorNames(statement, add);
    else if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") add(statement.id.name);
  }
}

/**
 * The names that a node's own scope declares.
 * @param {any} node
 * @param {(name: string) => boolean} matters names that are not asked for are left out
 * @returns {Set<string> | null} null when the node opens no scope
 */
export function scopeNames(node, matters) {
  const names = new Set();
  const add = (name) => { if (matters(name)) names.add(name); };
  if (isFunction(node)) {
    for (const parameter of node.params) patternNames(parameter, add);
    if (node.type === "FunctionExpression" && node.id) add(node.id.name);
    if (node.body.type === "BlockStatement") varNames(node.body, add);
    return names;
  }
  switch (node.type) {
    case "BlockStatement": blockNames(node.body, add); return names;
    case "StaticBlock":
      blockNames(node.body, add);
      for (const statement of node.body) varNames(statement, add);
      return names;
    case "SwitchStatement": blockNames(node.cases.flatMap((one) => one.consequent), add); return names;
    case "ForStatement": case "ForInStatement": case "ForOfStatement": {
      const head = node.type === "ForStatement" ? node.init : node.left;
      if (head?.type === "VariableDeclaration" && head.kind !== "var") declaratorNames(head, add);
      return names;
    }
    case "CatchClause": patternNames(node.param, add); return names;
    case "ClassExpression": if (node.id) add(node.id.name); return names;
    default: return null;
  }
}
