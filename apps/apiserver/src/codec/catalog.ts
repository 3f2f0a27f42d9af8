import { goShapeTable, protobufTable, schemaTable } from '@navarch/api';
import { SchemaCatalog } from '@navarch/apimachinery';

let catalog: SchemaCatalog | undefined;

/** The types of all built-in kinds, made of the tables once. */
export function schemaCatalog(): SchemaCatalog {
  return (catalog ??= new SchemaCatalog({ schema: schemaTable(), protobuf: protobufTable(), goShape: goShapeTable() }));
}
