import { status } from '@grpc/grpc-js';
import { runtimev1 } from '@navarch/proto';
import type { Differences } from './runtime-in-front';

const bare = (image: runtimev1.Image): runtimev1.Image => ({ ...image, id: image.id.replace(/^sha256:/, '') });

/** Its words for what containerd says otherwise. */
const words: readonly [RegExp, string][] = [
  [/.*is reserved for.*/s, 'name is reserved'],
  [/.*CONTAINER_(RUNNING|CREATED|EXITED).*/s, 'container is not in the state that the call needs'],
  [/.*executable file.*not found.*/s, 'command error: exec failed: no such file or directory'],
];

/**
 * How CRI-O differs from containerd where a kubelet can see it: its name, ids of images, conditions, handlers and texts, systemd as cgroup driver, and no
 * stream of events (they are off unless configured).
 */
export const asCrio: Differences = {
  calls: {
    version: async (request, behind) => ({ ...(await behind(request)), runtimeName: 'cri-o', runtimeVersion: '1.36.0' }),
    // Its ids of images are bare digests.
    imageStatus: async (request, behind) => {
      const { image, info } = await behind(request);
      return { image: image && bare(image), info };
    },
    listImages: async (request, behind) => ({ images: (await behind(request)).images.map(bare) }),
    // A condition more than the two that Kubernetes knows, and the handlers that it can be asked for.
    status: async (request, behind) => {
      const answer = await behind(request);
      const conditions = [...(answer.status?.conditions ?? []), { type: 'RegistriesReady', status: true, reason: '', message: '' }];
      return runtimev1.StatusResponse.fromPartial({ ...answer, status: { ...answer.status, conditions }, runtimeHandlers: [{ name: '' }, { name: 'crun' }, { name: 'runc' }] });
    },
    runtimeConfig: () => Promise.resolve({ linux: { cgroupDriver: runtimev1.CgroupDriver.SYSTEMD } }),
  },
  says: (error) => {
    const [, text] = words.find(([pattern]) => pattern.test(error.details)) ?? [];
    // What has no code of its own there is UNKNOWN, as Go's plain errors are.
    return { code: text === undefined ? error.code : status.UNKNOWN, details: text ?? error.details };
  },
};
