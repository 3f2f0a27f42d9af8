import { type JsonValue } from '../json';
import { type ApiTables } from '../schema';
import { inlinedMessages, messageNameOf } from '../schema/message-names';

/**
 * The values that declared defaults give to fields, by definition id and, with a dot behind it, field. Clients need those of the keys of lists to
 * tell items apart as the server does; defaults that refer to constants are left out.
 */
export function defaultValues(tables: ApiTables): Record<string, JsonValue> {
  const { defaults } = tables.goShape;
  const found: Record<string, JsonValue> = {};
  for (const id of Object.keys(tables.schema.definitions))
    for (const message of inlinedMessages(tables, messageNameOf(id)))
      for (const [field, value] of Object.entries(defaults[message] ?? {})) if (typeof value !== 'string' || !value.startsWith('ref(')) found[`${id}.${field}`] = value as JsonValue;
  return found;
}
