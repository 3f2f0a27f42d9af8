import { maxNodeScore, type SchedulerPlugin } from '../framework';

const mb = 1024 * 1024;
/** Below this sum of image sizes a node scores nothing. */
const minThreshold = 23 * mb;
/** Above this, for each container, it scores all. */
const maxContainerThreshold = 1000 * mb;

/** `nginx` is `docker.io/library/nginx:latest` to the runtime; only a missing tag matters for the look-up here. */
function normalized(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') && !image.includes('@') ? `${image}:latest` : image;
}

/** Likes nodes that have the pod's images already, less so if few nodes have them (else all pods would pile up there). */
export const imageLocality: SchedulerPlugin = {
  name: 'ImageLocality',
  sign: ({ images }) => [images],
  preScore: (pod, state) => {
    const images = pod.images.map(normalized);
    const spread = images.map((image) => state.nodesWithImage(image) / Math.max(state.nodes.length, 1));
    if (spread.every((share) => share === 0)) return undefined;
    const maxThreshold = maxContainerThreshold * images.length;
    return {
      score: (node) => {
        const sum = images.reduce((total, image, index) => total + Math.trunc((node.images.get(image) ?? 0) * (spread[index] ?? 0)), 0);
        const bounded = Math.min(Math.max(sum, minThreshold), maxThreshold);
        return Math.trunc((maxNodeScore * (bounded - minThreshold)) / (maxThreshold - minThreshold));
      },
    };
  },
};
