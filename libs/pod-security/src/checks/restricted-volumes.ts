import { plural, quoted, sorted, type Control } from '../check';

/** Volumes that hold nothing of the node's and need no plug-in of it. */
const harmless = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'];

const kindOf = (volume: object): string => Object.keys(volume).find((field) => field !== 'name') ?? 'unknown';

export const restrictedVolumes: Control = {
  id: 'restrictedVolumes', level: 'restricted', replaces: 'hostPathVolumes',
  versions: [{
    since: 0,
    check({ spec }) {
      const bad = (spec.volumes ?? []).filter((volume) => !harmless.includes(kindOf(volume)));
      if (bad.length === 0) return undefined;
      const types = sorted(bad.map(kindOf));
      return {
        reason: 'restricted volume types',
        detail: `${plural(bad.length, 'volume', 'volumes')} ${quoted(bad.map(({ name }) => name))} ${plural(bad.length, 'uses', 'use')} ${plural(types.length, 'restricted volume type', 'restricted volume types')} ${quoted(types)}`,
      };
    },
  }],
};
