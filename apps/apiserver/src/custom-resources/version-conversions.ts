import type { KubeObject } from '@navarch/api';
import { cloneJson, type JsonObject } from '@navarch/apimachinery';
import type { CustomVersion } from '@navarch/custom-resources';
import type { Cached } from '../registry/resource-store';
import type { VersionConversion } from '../registry/served-resource';
import type { ConversionWebhook } from './conversion-webhook';
import type { Show } from './rules-by-version';

const json = (object: KubeObject): JsonObject => object as unknown as JsonObject;

/** Strategy None: all versions are one but for their name; each shows what its schema knows. */
export function renaming(served: CustomVersion, storage: CustomVersion): VersionConversion {
  return {
    toStorage(object) {
      storage.prune(json(object));
      return object;
    },
    fromStorage(object) {
      served.prune(json(object));
      return object;
    },
  };
}

/** Strategy Webhook: someone else converts, whole batches at a time. `storedOf` tells the version of an object's bytes. */
export function byWebhook(served: CustomVersion, storage: CustomVersion, webhook: ConversionWebhook, storedOf: (object: Cached) => string): VersionConversion {
  const fitted = (object: KubeObject, version: CustomVersion): KubeObject => {
    version.prune(json(object));
    version.applyDefaults(json(object));
    return object;
  };
  return {
    async toStorage(object) {
      const [converted] = await webhook.convert([{ ...object, apiVersion: webhook.apiVersion(served.name) }], storage.name);
      return converted ? fitted(converted, storage) : object;
    },
    fromStorage(object) {
      return object;
    },
    isDirect: (object) => storedOf(object) === storage.name && served.name === storage.name,
    async prepare(objects) {
      const shown = objects.map((object) => ({ ...object.parse(), apiVersion: webhook.apiVersion(storedOf(object)) }));
      const foreign = shown.filter((object) => object.apiVersion !== webhook.apiVersion(served.name));
      const converted = foreign.length === 0 ? [] : await webhook.convert(foreign, served.name);
      const byUid = new Map(foreign.map((object, i) => [object, converted[i]] as const));
      return shown.map((object) => fitted(byUid.get(object) ?? object, served));
    },
  };
}

/** Shows objects of the stored version in others, for their rules. */
export function showing(storage: CustomVersion, versions: ReadonlyMap<string, CustomVersion>, webhook: ConversionWebhook | undefined, group: string): Show {
  return async (objects, name) => {
    const version = versions.get(name);
    const named = (object: KubeObject, of: string): KubeObject => ({ ...object, apiVersion: `${group}/${of}` });
    const shown = webhook ? await webhook.convert(objects.map((object) => named(object, storage.name)), name) : objects.map((object) => named(cloneJson(json(object)) as unknown as KubeObject, name));
    for (const object of shown) version?.prune(json(object));
    return shown;
  };
}
