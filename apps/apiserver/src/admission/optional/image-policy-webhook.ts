import type { corev1 } from '@navarch/api';
import type { Logger } from '@navarch/component-base';
import type { Clock } from '@navarch/clock';
import { resolve } from 'node:path';
import type { ReviewEndpoint } from '../../auth/webhook/webhook-authorizer';
import { hashedKey, TimedCache } from '../../auth/webhook/timed-cache';
import type { Fields } from '../../config-file/strict-fields';
import type { AdmissionAttributes, AdmissionPlugin, WriteSort } from '../../pipeline';
import { refused } from '../refused';

export interface ImagePolicy {
  readonly kubeConfigFile: string;
  readonly allowTtlMs: number;
  readonly denyTtlMs: number;
  readonly retryBackoffMs: number;
  /** What happens when nobody answers. */
  readonly defaultAllow: boolean;
}

/** @throws for what is none */
export function readImagePolicy(root: Fields, directory: string): ImagePolicy {
  const policy = root.object('imagePolicy');
  policy.only('kubeConfigFile', 'allowTTL', 'denyTTL', 'retryBackoff', 'defaultAllow');
  return {
    kubeConfigFile: resolve(directory, policy.text('kubeConfigFile')), allowTtlMs: policy.count('allowTTL', 300) * 1000, denyTtlMs: policy.count('denyTTL', 30) * 1000,
    retryBackoffMs: policy.count('retryBackoff', 500), defaultAllow: policy.boolean('defaultAllow', false),
  };
}

interface ReviewStatus {
  readonly allowed?: boolean;
  readonly reason?: string;
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

export interface ImagePolicyDeps {
  readonly endpoint: ReviewEndpoint;
  readonly clock: Clock;
  readonly log: Logger;
}

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 5;
const ENTRIES = 1024;
/** Annotations with this in their key are for the webhook to see. */
const FORWARDED = '.image-policy.k8s.io/';
const FAILED_OPEN = 'alpha.image-policy.k8s.io/failed-open';
const AUDIT = 'imagepolicywebhook.image-policy.k8s.io/';

/** Asks a webhook whether the images of a pod may be used. */
export class ImagePolicyWebhook implements AdmissionPlugin {
  readonly name = 'ImagePolicyWebhook';
  private readonly answers: TimedCache<ReviewStatus>;

  constructor(private readonly policy: Omit<ImagePolicy, 'kubeConfigFile'>, private readonly deps: ImagePolicyDeps) {
    this.answers = new TimedCache(ENTRIES, deps.clock);
  }

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return (operation === 'CREATE' || operation === 'UPDATE') && group === '' && resource === 'pods' && (subresource === '' || subresource === 'ephemeralcontainers');
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const review = reviewOf(attributes);
    const key = hashedKey(JSON.stringify(review.spec));
    let status = this.answers.get(key);
    if (!status) {
      status = await this.ask(review, attributes);
      if (!status) return;
      this.answers.set(key, status, status.allowed === true ? this.policy.allowTtlMs : this.policy.denyTtlMs);
    }
    for (const [name, value] of Object.entries(status.auditAnnotations ?? {})) attributes.annotate?.(`${AUDIT}${name}`, value);
    if (status.allowed === true) return;
    throw refused(attributes, (status.reason ?? '') === '' ? 'one or more images rejected by webhook backend' : `image policy webhook backend denied one or more images: ${status.reason ?? ''}`);
  }

  /** Undefined: nobody answers, and that does not matter. @throws forbidden when it does */
  private async ask(review: object, attributes: AdmissionAttributes): Promise<ReviewStatus | undefined> {
    const { endpoint, log, clock } = this.deps;
    const { retryBackoffMs, defaultAllow } = this.policy;
    for (let attempt = 1; ; attempt++) {
      try {
        return (await endpoint.post<{ status?: ReviewStatus }>(review, TIMEOUT_MS)).status ?? {};
      } catch (error) {
        log.warn({ err: error, attempt }, 'image policy webhook could not be asked');
        if (attempt < ATTEMPTS) {
          await clock.sleep(retryBackoffMs * 1.5 ** (attempt - 1));
          continue;
        }
        if (!defaultAllow) throw refused(attributes, error instanceof Error ? error.message : String(error));
        attributes.annotate?.(`${AUDIT}failed-open`, 'true');
        const { metadata } = attributes.object ?? {};
        if (metadata) (metadata.annotations ??= {})[FAILED_OPEN] = 'true';
        return undefined;
      }
    }
  }
}

function reviewOf({ object, namespace, subresource }: AdmissionAttributes): { readonly spec: object } {
  const { metadata, spec } = object as corev1.Pod;
  const all = subresource === 'ephemeralcontainers' ? [] : [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const containers = [...all, ...(spec?.ephemeralContainers ?? [])].map(({ image }) => ({ image: image ?? '' }));
  const annotations = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => key.includes(FORWARDED)));
  return {
    kind: 'ImageReview',
    apiVersion: 'imagepolicy.k8s.io/v1alpha1',
    spec: { containers, ...(Object.keys(annotations).length > 0 ? { annotations } : {}), namespace },
  } as { readonly spec: object };
}
