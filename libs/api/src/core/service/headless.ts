import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

/** A Service without an address of its own: its name stands for its pods'. */
export const isHeadless = ({ clusterIPs, clusterIP }: Loose<corev1.ServiceSpec>): boolean => (list(clusterIPs)[0] ?? clusterIP) === 'None';
