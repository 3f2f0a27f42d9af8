import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyMergePatch, decodeYaml, DecodeError, isJsonObject, type JsonObject } from '@navarch/apimachinery';
import { FlagError, type FlagSettings } from '@navarch/component-base';
import { FIELDS, isObject, WITHOUT_EFFECT, type Json } from './fields';

const KIND = 'KubeletConfiguration';
const API_VERSION = 'kubelet.config.k8s.io/v1beta1';
/** Objects that are looked into. */
const PARENTS = new Set(Object.keys(FIELDS).flatMap((path) => path.split('.').slice(0, -1).map((_, i, steps) => steps.slice(0, i + 1).join('.'))));

/**
 * A kubelet's `--config` with what `--config-dir` adds: a KubeletConfiguration, whose fields become flags that the command line may override.
 * Each file of the directory is a merge patch to what was before it (upstream's mergeKubeletConfigurations in cmd/kubelet/app/server.go).
 * @throws FlagError
 */
export function loadConfigFiles(path: string | undefined, directory: string | undefined): FlagSettings {
  let document: JsonObject | undefined = path === undefined ? undefined : readDocument(path, 'config');
  for (const file of directory === undefined ? [] : dropIns(directory)) {
    const dropIn = readDocument(file, 'dropin');
    document = document ? applyMergePatch(document, dropIn) : dropIn;
  }
  return document ? settingsOf(document) : { values: {}, withoutEffect: [] };
}

/** All `*.conf` below a directory, in the order of their names. */
function dropIns(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
    return entries.flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return dropIns(path);
      return entry.name.endsWith('.conf') ? [path] : [];
    });
  } catch (error) {
    if (error instanceof FlagError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new FlagError(`failed to walk through kubelet dropin directory "${directory}": ${(error as Error).message}`);
  }
}

/** Each file has to make sense by itself, so that an error names it. */
function readDocument(path: string, what: 'config' | 'dropin'): JsonObject {
  const failed = (why: string): FlagError => new FlagError(`failed to load kubelet ${what} file, path: ${path}, error: ${why}`);
  const document = readFile(path, failed);
  if (!isJsonObject(document)) throw failed('must be an object');
  try {
    settingsOf(document);
  } catch (error) {
    if (error instanceof FlagError) throw failed(error.message);
    throw error;
  }
  return document;
}

function readFile(path: string, failed: (why: string) => FlagError): unknown {
  try {
    const { value, duplicates } = decodeYaml(readFileSync(path));
    if (duplicates[0] !== undefined) throw failed(`strict decoding error: yaml: ${duplicates[0]}`);
    return value;
  } catch (error) {
    if (error instanceof DecodeError || (error as NodeJS.ErrnoException).code !== undefined) throw failed((error as Error).message);
    throw error;
  }
}

/** The flags that a KubeletConfiguration stands for. @throws FlagError for what is none, and for fields that nobody knows */
export function settingsOf(document: unknown): FlagSettings {
  if (!isObject(document)) throw new FlagError('--config: must be an object');
  const { kind, apiVersion, ...fields } = document;
  if (kind !== KIND || apiVersion !== API_VERSION) throw new FlagError(`--config: no kind ${JSON.stringify(kind ?? '')} is registered for version ${JSON.stringify(apiVersion ?? '')}: must be ${KIND} of ${API_VERSION}`);
  const values: Record<string, string> = {};
  const withoutEffect: string[] = [];
  visit(fields, '', values, withoutEffect);
  return { values, withoutEffect };
}

function visit(fields: Json, parent: string, values: Record<string, string>, withoutEffect: string[]): void {
  for (const [name, value] of Object.entries(fields)) {
    const path = parent === '' ? name : `${parent}.${name}`;
    const field = Object.hasOwn(FIELDS, path) ? FIELDS[path] : undefined;
    if (field) {
      if (value !== null && (field.pointer || isGiven(value))) values[field.flag] = field.text(value, path);
    } else if (PARENTS.has(path) && isObject(value)) visit(value, path, values, withoutEffect);
    else if (!PARENTS.has(path) && !WITHOUT_EFFECT.has(path)) throw new FlagError(`--config: strict decoding error: unknown field "${path}"`);
    else if (isGiven(value)) withoutEffect.push(path);
  }
}

/** In upstream's type the zero value of a field stands for its default. */
function isGiven(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false || value === '0s') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
