import { Counter, Gauge, type Registry } from 'prom-client';
import { type AccessResult } from './image-access';

/** What came of asking for an image. */
export interface EnsuredImage {
  /** Undefined where nobody looked: it was to be pulled in any case. */
  readonly present: boolean | undefined;
  readonly policy: string;
  readonly pull: boolean;
}

/** Images that containers ask for, and who may have those that are there; by upstream's names and labels. */
export class ImageMetrics {
  readonly #requests: Counter<'present_locally' | 'pull_policy' | 'pull_required'>;
  readonly #checks: Counter<'result'>;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'kubelet_image_manager_ensure_image_requests_total',
      help: 'Number of ensure-image requests processed by the kubelet.',
      labelNames: ['present_locally', 'pull_policy', 'pull_required'],
      registers,
    });
    this.#checks = new Counter({
      name: 'kubelet_imagemanager_image_mustpull_checks_total',
      help: 'Counter for how many times kubelet checked whether credentials need to be re-verified to access an image',
      labelNames: ['result'],
      registers,
    });
  }

  ensured({ present, policy, pull }: EnsuredImage): void {
    this.#requests.inc({ present_locally: present === undefined ? 'unknown' : String(present), pull_policy: policy.toLowerCase(), pull_required: String(pull) });
  }

  checked(result: AccessResult | 'error'): void {
    this.#checks.inc({ result });
  }

  /** Shows how many records there are when somebody looks. */
  follow(sizes: () => { readonly pulled: number; readonly pulling: number }): void {
    const gauge = (name: string, help: string, value: () => number): void => {
      const shown: Gauge = new Gauge({ name: `kubelet_imagemanager_ondisk_${name}`, help, registers: [this.registry], collect: () => shown.set(value()) });
    };
    gauge('pulledrecords', 'Number of ImagePulledRecords stored on disk.', () => sizes().pulled);
    gauge('pullintents', 'Number of ImagePullIntents stored on disk.', () => sizes().pulling);
  }
}
