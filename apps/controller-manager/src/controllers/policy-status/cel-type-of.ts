import type { ScalarKind, SchemaType } from '@navarch/apimachinery';
import { types, unescapeField, type CelType } from '@navarch/cel';

const scalars: Readonly<Record<ScalarKind, CelType>> = {
  boolean: types.bool, bytes: types.bytes, double: types.double, int32: types.int, int64: types.int,
  // A number or a text: only an evaluation can tell.
  intOrString: types.dyn, quantity: types.dyn,
  microTime: types.timestamp, time: types.timestamp, string: types.string,
};

/** The type that values of the API have in expressions. Fields are looked up as they are named: types refer to themselves. */
export function celTypeOf(type: SchemaType, name = 'object'): CelType {
  switch (type.kind) {
    case 'scalar':
      return scalars[type.scalar];
    case 'list':
      return types.list(celTypeOf(type.items, `${name}.@idx`));
    case 'map':
      return types.map(types.string, celTypeOf(type.values, `${name}.@elem`));
    case 'struct':
      if (type.open) return types.dyn;
      return { kind: 'object', name, field: (escaped) => {
        const field = type.fields.get(unescapeField(escaped));
        return field === undefined ? undefined : celTypeOf(field.type, `${name}.${escaped}`);
      } };
    case 'any':
      return types.dyn;
  }
}
