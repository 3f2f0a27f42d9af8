import { anyType, type SchemaType } from '../schema';
import { type PathElement } from './path-element';

/** The type that one step down a path leads to. */
export function elementType(type: SchemaType, element: PathElement): SchemaType {
  switch (type.kind) {
    case 'struct':
      return (element.startsWith('f:') ? type.fields.get(element.slice(2))?.type : undefined) ?? anyType;
    case 'map':
      return type.values;
    case 'list':
      return type.items;
    default:
      return anyType;
  }
}
