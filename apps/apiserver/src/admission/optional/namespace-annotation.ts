import { core } from '@navarch/api';
import { notFound } from '@navarch/apimachinery';
import type { ObjectReader } from '../../pipeline';

/** An annotation of a namespace, which may have been made a moment ago at another server. @throws notFound */
export async function namespaceAnnotation(reader: ObjectReader, namespace: string, key: string): Promise<string | undefined> {
  if (reader.get(core.namespaces, '', namespace) === undefined) await reader.refresh();
  const found = reader.get(core.namespaces, '', namespace);
  if (found === undefined) throw notFound(core.namespaces, namespace);
  return found.metadata.annotations?.[key];
}
