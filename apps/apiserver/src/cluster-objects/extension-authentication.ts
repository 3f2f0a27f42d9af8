import { core, type corev1 } from '@navarch/api';
import { isAlreadyExists } from '@navarch/apimachinery';
import { isDeepStrictEqual } from 'node:util';
import type { ObjectWriter, PostStartHook } from '../pipeline';

const [namespace, name] = ['kube-system', 'extension-apiserver-authentication'];

/** What aggregated API servers need to know to believe this one: in a ConfigMap that they may read. */
export function extensionAuthentication(writer: ObjectWriter, data: Readonly<Record<string, string>>): PostStartHook {
  return {
    name: 'start-cluster-authentication-info-controller',
    async run() {
      const found = await writer.get(core.configmaps, namespace, name);
      if (found === undefined) {
        try {
          await writer.create(core.configmaps, { metadata: { namespace, name }, data: { ...data } });
        } catch (error) {
          if (!isAlreadyExists(error)) throw error;
        }
      } else if (!isDeepStrictEqual({ ...found.data, ...data }, found.data)) await writer.update<corev1.ConfigMap>(core.configmaps, { ...found, data: { ...found.data, ...data } });
    },
  };
}
