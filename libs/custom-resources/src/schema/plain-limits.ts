import { type Schema } from './schema';

/** What a schema holds values to. */
const limits = ['minimum', 'maximum', 'multipleOf', 'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'] as const;

type Parts = Record<string, unknown>;

/** The schema with its limits as doubles: beyond 2^53 nothing is so long, while defaults and enumerated values have to stay exact. The schema itself is left as it is. */
export function withPlainLimits(schema: Schema): Schema {
  const plain: Parts = { ...schema };
  for (const name of limits) if (typeof plain[name] === 'bigint') plain[name] = Number(plain[name]);
  for (const name of ['items', 'not', 'additionalProperties'] as const) {
    const inner = schema[name];
    if (typeof inner === 'object') plain[name] = withPlainLimits(inner);
  }
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) if (schema[name]) plain[name] = schema[name].map(withPlainLimits);
  if (schema.properties) plain['properties'] = Object.fromEntries(Object.entries(schema.properties).map(([name, inner]) => [name, withPlainLimits(inner)]));
  return plain;
}
