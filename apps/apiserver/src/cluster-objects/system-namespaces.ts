import { core } from '@navarch/api';
import { isAlreadyExists } from '@navarch/apimachinery';
import type { ObjectWriter, PostStartHook } from '../pipeline';

const NAMES = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

/** The namespaces that every cluster has. */
export function systemNamespaces(writer: ObjectWriter): PostStartHook {
  return {
    name: 'start-system-namespaces-controller',
    async run() {
      await Promise.all(NAMES.map(async (name) => {
        if ((await writer.get(core.namespaces, '', name)) !== undefined) return;
        try {
          await writer.create(core.namespaces, { metadata: { name } });
        } catch (error) {
          if (!isAlreadyExists(error)) throw error;
        }
      }));
    },
  };
}
