import type { KubeObject } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { versionOf } from './object-cache';
import { objectKey, type FollowedClass } from './object-class';
import type { ObjectTransport } from './object-transport';
import type { NamespacedName, ResourceVersion } from './types';

/**
 * An object as it was at this version or later; undefined if it is gone.
 * @throws ApiError, or an Error if the server answers with an older one.
 */
export async function fetchAtLeast<T extends KubeObject>(
  of: FollowedClass<T>,
  name: NamespacedName,
  version: ResourceVersion,
  transport: Pick<ObjectTransport, 'get'>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    const { object } = await transport.get({ key: objectKey(of.type, name), subresource: '', notOlderThan: BigInt(version) }, signal);
    const found = of.parse(object);
    if (versionOf(found) < version) throw new Error(`the answer is older (${versionOf(found)}) than asked for (${version})`);
    return found;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
