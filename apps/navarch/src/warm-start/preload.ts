/**
 * Loaded before a service's own code (`node --require`): remembers where each module was found and V8's compiled code
 * of it, which is most of what starting a service costs. A service behaves the same without it.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname } from 'node:path';
import { Script, constants } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { packModules, unpackModules, type ModuleStore } from './module-store';

/** When most of a service's functions have been called once, and nobody waits for it. */
const saveAfterMs = 20_000;

interface Loading {
  id: string;
  filename: string | null;
  exports: unknown;
  require(id: string): unknown;
}
type Compile = (this: Loading, content: string, filename: string, format?: string) => unknown;
type Resolve = (request: string, parent: Loading | undefined, isMain: boolean, options?: unknown) => string;
type Wrapper = (this: unknown, exports: unknown, require: unknown, module: Loading, filename: string, dirname: string) => unknown;

/** What Node has but its types do not tell. */
const internals = Module as unknown as { prototype: { _compile: Compile }; _resolveFilename: Resolve; _extensions: unknown; _cache: unknown };

function install(file: string): void {
  const known = read(file);
  const found: ModuleStore = { paths: new Map(known?.paths), code: new Map() };
  const scripts = new Map<string, Script>();

  const resolve = internals._resolveFilename;
  internals._resolveFilename = function (request, parent, isMain, options) {
    if (options !== undefined || typeof parent?.filename !== 'string') return resolve.call(this, request, parent, isMain, options);
    const key = `${dirname(parent.filename)}\0${request}`;
    let path = found.paths.get(key);
    if (path === undefined) {
      path = resolve.call(this, request, parent, isMain, options);
      found.paths.set(key, path);
    }
    return path;
  };

  const entry: { main?: Loading } = {};
  const compile = internals.prototype._compile;
  internals.prototype._compile = function (content, filename, format) {
    if (this.id === '.') entry.main = this;
    if (format === 'module' || content.startsWith('#!')) return compile.call(this, content, filename, format);
    const cachedData = known?.code.get(filename);
    let script: Script;
    try {
      script = new Script(Module.wrap(content), { filename, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER, ...(cachedData ? { cachedData } : {}) });
    } catch {
      return compile.call(this, content, filename, format); // an ES module that does not say so, or an error that Node reports better
    }
    if (known === undefined && !importsLater(content)) scripts.set(filename, script);
    const run = script.runInThisContext() as Wrapper;
    return run.call(this.exports, this.exports, requireOf(this, entry.main), this, filename, dirname(filename));
  };

  if (known !== undefined) return;
  setTimeout(() => {
    for (const [filename, script] of scripts) found.code.set(filename, script.createCachedData());
    scripts.clear();
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) return; // another process of this service was first
    writeFileSync(`${file}.${process.pid}`, packModules(found));
    renameSync(`${file}.${process.pid}`, file);
  }, saveAfterMs).unref();
}

/** Code from a cache no longer knows who loads what it imports while it runs (ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING). */
function importsLater(content: string): boolean {
  return /\bimport\s*\(/.test(content);
}

function requireOf(module: Loading, main: Loading | undefined): unknown {
  const require = (id: string): unknown => module.require(id);
  return Object.assign(require, {
    resolve: (request: string, options?: unknown) => internals._resolveFilename(request, module, false, options),
    main,
    extensions: internals._extensions,
    cache: internals._cache,
  });
}

function read(file: string): ModuleStore | undefined {
  try {
    return unpackModules(readFileSync(file));
  } catch {
    return undefined; // the first start, or one that was cut off while it wrote
  }
}

const file = process.env['NAVARCH_WARM_START'];
if (file !== undefined && file !== '' && isMainThread) install(file);
