import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Written by the build (tools/field-docs.mjs), beside what it compiles; seen alike from `src/tables` and `dist/tables`. */
const file = join(__dirname, '..', '..', 'dist', 'field-docs.json');

let texts: Readonly<Record<string, string>> | undefined;

/**
 * What `kubectl explain` says of types and fields, by definition id and, with a dot behind it, field:
 * `io.k8s.api.core.v1.Pod.spec`. Empty where nothing was built: then fields are explained by their types alone.
 */
export function fieldDocs(): Readonly<Record<string, string>> {
  texts ??= existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>) : {};
  return texts;
}
