import type { ObjectReader } from '../../pipeline';

/**
 * Lets a token pass with which nothing is wrong by the objects that it names; what is wrong is looked at again once the cache is fresh, since nobody is denied on
 * one that may be behind (rules 6.2).
 * @throws with the text of what is wrong
 */
export async function requireNoFault(reader: Pick<ObjectReader, 'refresh'>, faultOf: () => string | undefined): Promise<void> {
  if (faultOf() === undefined) return;
  await reader.refresh();
  const fault = faultOf();
  if (fault !== undefined) throw new Error(fault);
}
