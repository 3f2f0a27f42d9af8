import { getMember, isJsonObject, setMember, type JsonValue } from '../json';
import { patchRejected } from './patch-error';

/** Splits an RFC 6901 pointer: `/metadata/labels/a~1b`. The empty pointer is the whole document. */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw patchRejected(`invalid JSON pointer: ${pointer}`);
  return pointer.slice(1).split('/').map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'));
}

/** The value there; undefined when there is none. */
export function readPointer(document: JsonValue, steps: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const step of steps) {
    if (Array.isArray(value)) value = value[existingIndex(value, step) ?? -1];
    else if (isJsonObject(value)) value = getMember(value, step);
    else return undefined;
  }
  return value;
}

/** Inserts into a list, or sets a member; the parent must exist. Returns the document. */
export function addAtPointer(document: JsonValue, steps: readonly string[], value: JsonValue): JsonValue {
  const { parent, last } = parentOf(document, steps);
  if (last === undefined) return value;
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : indexOf(last, parent.length + 1);
    if (index === undefined) throw patchRejected(`Unable to access invalid index: ${last}`);
    parent.splice(index, 0, value);
  } else if (isJsonObject(parent)) setMember(parent, last, value);
  else throw patchRejected(`add operation does not apply: doc is missing path: "${steps.join('/')}": missing value`);
  return document;
}

/** Removes what must be there. Returns the document. */
export function removeAtPointer(document: JsonValue, steps: readonly string[]): JsonValue {
  const { parent, last } = parentOf(document, steps);
  if (last === undefined) return null;
  if (Array.isArray(parent)) {
    const index = existingIndex(parent, last);
    if (index === undefined) throw patchRejected(`Unable to access invalid index: ${last}`);
    parent.splice(index, 1);
  } else if (isJsonObject(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw patchRejected(`Unable to remove nonexistent key: ${last}`);
  return document;
}

/** Replaces an item that must be there, or sets a member: upstream's library does not ask whether there was one. Returns the document. */
export function replaceAtPointer(document: JsonValue, steps: readonly string[], value: JsonValue): JsonValue {
  const { parent, last } = parentOf(document, steps);
  if (last === undefined) return value;
  if (Array.isArray(parent)) {
    const index = existingIndex(parent, last);
    if (index === undefined) throw patchRejected(`Unable to access invalid index: ${last}`);
    parent[index] = value;
  } else if (isJsonObject(parent)) setMember(parent, last, value);
  else throw patchRejected(`replace operation does not apply: doc is missing path: ${steps.join('/')}: missing value`);
  return document;
}

function parentOf(document: JsonValue, steps: readonly string[]): { parent: JsonValue | undefined; last: string | undefined } {
  return { parent: readPointer(document, steps.slice(0, -1)), last: steps.at(-1) };
}

const existingIndex = (list: readonly JsonValue[], step: string): number | undefined => indexOf(step, list.length);

/** A position below `length`; negative ones count from the end, as upstream's library lets them. */
function indexOf(step: string, length: number): number | undefined {
  if (!/^-?(?:0|[1-9][0-9]*)$/.test(step)) return undefined;
  const index = Number(step);
  const position = index < 0 ? index + length : index;
  return position >= 0 && position < length ? position : undefined;
}
