// Texts for `kubectl explain`, taken at build time from the types of @kubernetes/client-node: libs/api/dist/field-docs.json.
// Without them `explain` shows fields and types only. The texts are never committed.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const models = join(root, 'node_modules', '@kubernetes', 'client-node', 'dist', 'gen', 'models');
const schema = join(root, 'libs', 'api', 'data', 'schema.json');
const output = join(root, 'libs', 'api', 'dist', 'field-docs.json');

const capital = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** `io.k8s.api.core.v1.Pod` is the class V1Pod; where groups share a name, it begins with the group: CoreV1Event. */
function classFile(id) {
  const [name, version, group] = id.split('.').reverse();
  for (const candidate of [`${capital(group)}${capital(version)}${name}`, `${capital(version)}${name}`]) {
    const file = join(models, `${candidate}.d.ts`);
    if (existsSync(file)) return file;
  }
  return undefined;
}

/** A comment's text on one line, as it was before the generator escaped it. */
const textOf = (comment) => comment.replace(/^\s*\* ?/gm, '').trim().replace(/\\(['"`\\])/g, '$1').replace(/\s*\n\s*/g, ' ');

const COMMENT = String.raw`/\*\*\s*\n((?:\s*\*(?!/).*\n)+)\s*\*/\s*\n`;

function docsOf(id, source) {
  const found = {};
  const [, about] = new RegExp(`${COMMENT}export declare class`).exec(source) ?? [];
  if (about !== undefined) found[id] = textOf(about);
  for (const [, comment, field] of source.matchAll(new RegExp(`${COMMENT}\\s*'([^']+)'\\??:`, 'g'))) found[`${id}.${field}`] = textOf(comment);
  return found;
}

/** The generator leaves out what is said of a field that is an object: what is said of the object's type must do. */
function borrowFromTypes(definitions, docs) {
  for (const [id, { properties = {} }] of Object.entries(definitions))
    for (const [field, { ref }] of Object.entries(properties)) if (ref !== undefined && docs[ref] !== undefined) docs[`${id}.${field}`] ??= docs[ref];
}

/** Writes the file; does nothing when it is newer than what it is made from. */
export function writeFieldDocs() {
  if (!existsSync(models)) return; // an installation without development dependencies
  const stamp = join(root, 'node_modules', '@kubernetes', 'client-node', 'package.json');
  const newest = Math.max(...[schema, stamp, fileURLToPath(import.meta.url)].map((file) => statSync(file).mtimeMs));
  if (existsSync(output) && statSync(output).mtimeMs > newest) return;
  const { definitions } = JSON.parse(readFileSync(schema, 'utf8'));
  const docs = {};
  for (const id of Object.keys(definitions)) {
    const file = classFile(id);
    if (file !== undefined) Object.assign(docs, docsOf(id, readFileSync(file, 'utf8')));
  }
  borrowFromTypes(definitions, docs);
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, JSON.stringify(docs));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFieldDocs();
