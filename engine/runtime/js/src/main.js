/**
 * What every isolate evaluates first. The host has put `__host` in scope, and nothing of it, nor of this
 * bundle, is reachable from the global scope that user code gets.
 */
import { receiveCall } from "./channel.js";
import { allowStrings, guardCodeGeneration } from "./code-generation.js";
import { applyFlags } from "./compatibility.js";
import { makeConsole } from "./console.js";
import { describeHandlers, receiveCancel, receiveEvent, setExports } from "./dispatch.js";
import { DOMException } from "./dom-exception.js";
import { defineGlobals, loadBindings } from "./env.js";
import { describe, useDOMException } from "./errors.js";
import { finishStartup } from "./events.js";
import { installGlobals } from "./globals.js";
import { toJson } from "./json.js";
import { load } from "./lazy.js";
import { linkProgram } from "./linker.js";
import { enterFrame } from "./node.js";
import { JSONParse, ObjectDefineProperty, PromisePrototypeThen, globalThis_ } from "./primordials.js";
import { listenForRejections, tellRejections } from "./rejections.js";
import { BROKEN, CANCEL, EVENT, LOAD, LOADED, onFrame, post, RELEASE, takeText, TICK } from "./ring.js";
import { clearInterval, clearTimeout, report, setInterval, setTimeout, tick } from "./timers.js";
import { guardWaiting } from "./waiting.js";
import { requireArguments } from "./webidl.js";

function loaded() {
  allowStrings(false);
  finishStartup();
  post(LOADED, 0, 0, toJson(describeHandlers()), null);
}

function failed(error) {
  post(LOADED, BROKEN, 0, describe(error), null);
}

function loadProgram() {
  const { program, bindings, flags } = JSONParse(takeText());
  try {
    applyFlags(flags[0], flags[1]);
    loadBindings(bindings);
    listenForRejections();
    allowStrings(program.startupEval === true);
    if (program.format === "service-worker") defineGlobals();
    const { namespace, ready } = linkProgram(program);
    setExports(namespace);
    if (ready === undefined) loaded();
    else PromisePrototypeThen(ready, loaded, failed);
  } catch (error) {
    failed(error);
  }
}

onFrame((type, flags, id) => {
  enterFrame();
  switch (type) {
    case EVENT:
      receiveEvent(flags, id);
      break;
    case TICK:
      tellRejections();
      tick();
      break;
    case CANCEL:
      receiveCancel(flags, id);
      break;
    case LOAD:
      loadProgram();
      break;
    case RELEASE:
      load("rpc").releaseExport(id);
      break;
    default:
      receiveCall(type, flags, id);
  }
});

useDOMException((message, name) => new DOMException(message, name));
guardWaiting();
guardCodeGeneration();
installGlobals();
/** @param {any} error */
function reportError(error) {
  requireArguments(arguments.length, 1, "reportError");
  report(error);
}

const own = { __proto__: null, clearInterval, clearTimeout, console: makeConsole(), reportError, setInterval, setTimeout };
for (const name in own) {
  // The bundle's own names are shortened.
  if (typeof own[name] === "function") ObjectDefineProperty(own[name], "name", { __proto__: null, value: name, configurable: true });
  const enumerable = name !== "console"; // a namespace object
  ObjectDefineProperty(globalThis_, name, { __proto__: null, value: own[name], writable: true, enumerable, configurable: true });
}
