import type { metav1 } from './gen';

/** What every API object has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: metav1.ObjectMeta;
}
