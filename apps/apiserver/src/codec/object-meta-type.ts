import type { StructType } from '@navarch/apimachinery';
import { schemaCatalog } from './catalog';

/** The type of every object's metadata. */
export function objectMetaType(): StructType {
  const type = schemaCatalog().structOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
  if (!type) throw new Error('the tables have no ObjectMeta');
  return type;
}
