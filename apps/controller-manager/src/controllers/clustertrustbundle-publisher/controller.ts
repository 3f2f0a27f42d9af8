import { readFileSync } from 'node:fs';
import { certificates, type certificatesv1beta1, type ResourceType } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { done, keyOfObject, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { firstFailure } from '../../errors';
import { read, runningController, type RunningController } from '../../running-controller';
import { whereServed } from '../../where-served';
import { PublisherMetrics } from '../root-ca/publisher-metrics';
import { planBundles } from './sync';

type Bundle = certificatesv1beta1.ClusterTrustBundle;

const SIGNER = 'kubernetes.io/kube-apiserver-serving';
/** There is one thing to do. */
const ONLY: ObjectKey = { namespace: '', name: '' };

/** Publishes the CA of the apiserver's serving certificates as a ClusterTrustBundle. */
export class BundlePublisher implements Reconciler {
  readonly name = 'ca_cert_publisher_cluster_trust_bundles';
  readonly bundles: ObjectSource<Bundle>;
  readonly #context: ControllerContext;
  readonly #type: ResourceType<Bundle>;
  readonly #trustBundle: string;
  readonly #metrics: PublisherMetrics;

  constructor(context: ControllerContext, type: ResourceType<Bundle>, trustBundle: string) {
    this.#context = context;
    this.#type = type;
    this.#trustBundle = trustBundle;
    this.#metrics = new PublisherMetrics(context.registry, {
      prefix: 'clustertrustbundle_publisher', total: 'Number of syncs that occurred in cluster trust bundle publisher.', duration: 'The time it took to sync a cluster trust bundle.',
    });
    this.bundles = context.sources.informer(type);
  }

  reconcile(_key: ObjectKey, signal: AbortSignal): Promise<Result> {
    return this.#metrics.measure(this.#context.clock, signal, () => this.#publish(signal));
  }

  async #publish(signal: AbortSignal): Promise<Result> {
    const { api } = this.#context;
    const { write, remove } = planBundles(SIGNER, this.#trustBundle, this.bundles.list());
    if (write?.kind === 'create') await api.create(this.#type, write.bundle, { signal });
    else if (write?.kind === 'update') await api.update(this.#type, write.bundle, { signal });
    // One that cannot be removed keeps none of the others.
    const outcomes = await Promise.allSettled(remove.map((bundle) => api.delete(this.#type, keyOfObject(bundle), { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    })));
    const failure = firstFailure(outcomes);
    if (failure !== undefined) throw failure;
    return done;
  }
}

const beta = certificates.clustertrustbundles;

export const bundlePublisher = whereServed({ name: 'kube-apiserver-serving-clustertrustbundle-publisher-controller', types: [beta, { ...beta, version: 'v1alpha1' }], create: (context, type): RunningController => {
  const { rootCaFile, certificateAuthority } = context.config;
  const reconciler = new BundlePublisher(context, type, readFileSync(rootCaFile ?? certificateAuthority, 'utf8'));
  const { bundles } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(bundles)],
    watch: (controller) => {
      controller.enqueue(ONLY);
      const wake = ({ spec }: Bundle): void => {
        if (spec.signerName === SIGNER) controller.enqueue(ONLY);
      };
      return [bundles.addHandler({ onAdd: wake, onUpdate: (_, bundle) => wake(bundle), onDelete: wake })];
    },
  }, context);
} });
