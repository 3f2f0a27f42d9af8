import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SchemaCatalog, type ApiTables, type StructType } from '../schema';

// For tests only, and left out of the build: the package itself is given its tables.

/** A table of libs/api. */
export function readTable<T>(name: string): T {
  return JSON.parse(readFileSync(join(__dirname, '../../../api/data', `${name}.json`), 'utf8')) as T;
}

/** The tables of the built-in API. */
export const builtInTables: ApiTables = { schema: readTable('schema'), protobuf: readTable('protobuf'), goShape: readTable('go-shape') };

/** The types compiled from them. */
export const catalog = new SchemaCatalog(builtInTables);

/** The type of a built-in kind: `apps/v1/Deployment`, `/v1/Pod`. */
export function typeOfKind(gvk: string): StructType {
  const [group = '', version = '', kind = ''] = gvk.split('/');
  const type = catalog.typeOfKind(group, version, kind);
  if (!type) throw new Error(`no such kind: ${gvk}`);
  return type;
}
