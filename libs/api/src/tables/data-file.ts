import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Both `src/tables` and `dist/tables` lie two folders below the package. */
const dataFolder = join(__dirname, '..', '..', 'data');

/** Reads `data/<name>.json` on the first call, and answers from memory afterwards: callers must not change it. */
export function dataFile<T>(name: string): () => T {
  let table: T | undefined;
  return () => (table ??= JSON.parse(readFileSync(join(dataFolder, `${name}.json`), 'utf8')) as T);
}
