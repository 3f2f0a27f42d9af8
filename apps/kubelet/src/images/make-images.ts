import { join } from 'node:path';
import { ImageGc } from '../gc/image-gc';
import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { type ApiReferences } from '../pods/api-references';
import { type TokenCache } from '../volumes/token-cache';
import { type PodAccounts } from './credential-providers';
import { ImagePuller } from './image-puller';
import { imageSizeBucket } from './image-size-bucket';
import { PullRecords } from './pull-records';

/** What sees to the images of the node. */
export interface ImageParts {
  readonly puller: ImagePuller;
  readonly records: PullRecords;
  readonly gc: ImageGc;
}

export function makeImages(options: KubeletOptions, { runtime, events, clock, log, metrics, credentialProviders }: KubeletDeps, references: ApiReferences, tokens: TokenCache): ImageParts {
  const records = new PullRecords(join(options.rootDir, 'image_manager'), { clock, log });
  const accounts: PodAccounts = { account: (namespace, name) => references.serviceAccount(namespace, name), token: (pod, audience) => tokens.get(pod, { audience }) };
  metrics.images.follow(() => records.sizes);
  const puller = new ImagePuller({ maxParallelPulls: options.maxParallelImagePulls, access: options.imageAccess, limit: options.pullLimit }, {
    runtime, events, clock, records, metrics: metrics.images,
    pullSecrets: (pod) => references.pullSecrets(pod),
    onPulled: (seconds, bytes) => metrics.imagePullSeconds.observe({ image_size_in_bytes: imageSizeBucket(bytes) }, seconds),
    ...(credentialProviders ? { providedCredentials: (image, repository, pod) => credentialProviders.lookup(image, repository, pod, accounts) } : {}),
  });
  const gc = new ImageGc(
    { highPercent: options.imageGcHighPercent, lowPercent: options.imageGcLowPercent, minAgeMs: options.imageMinAgeMs, maxAgeMs: options.imageMaxAgeMs },
    { runtime, events, clock, log, metrics, records },
  );
  return { puller, records, gc };
}
