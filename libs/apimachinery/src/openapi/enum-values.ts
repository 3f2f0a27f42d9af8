import { type ApiTables } from '../schema';
import { inlinedMessages, messageNameOf } from '../schema/message-names';

/** The values of all fields that take only some: by definition id and, with a dot behind it, field; of a list or map, those of what it holds. */
export function enumValues(tables: ApiTables): Record<string, readonly string[]> {
  const { enum: types, enums } = tables.goShape;
  const found: Record<string, readonly string[]> = {};
  for (const id of Object.keys(tables.schema.definitions))
    for (const message of inlinedMessages(tables, messageNameOf(id)))
      for (const [field, type] of Object.entries(types[message] ?? {})) {
        const values = enums[type] ?? [];
        if (values.length > 0) found[`${id}.${field}`] = values;
      }
  return found;
}
