import { core, type corev1 } from '@navarch/api';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { signedData, TOKEN_TYPE } from './token';

const CLUSTER_INFO = { namespace: 'kube-public', name: 'cluster-info' };
const TOKENS = 'kube-system';

/** Signs the public ConfigMap by which nodes find the cluster, once for each bootstrap token. */
export class BootstrapSigner implements Reconciler {
  readonly name = 'bootstrap_signer_queue';
  readonly configMaps: ObjectSource<corev1.ConfigMap>;
  readonly secrets: ObjectSource<corev1.Secret>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.configMaps = context.sources.informer(core.configmaps, { alwaysWatch: true });
    this.secrets = context.sources.informer(core.secrets, { alwaysWatch: true });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const configMap = this.configMaps.get(key);
    if (configMap === undefined) return done;
    const data = signedData(configMap.data ?? {}, this.secrets.list(TOKENS), this.#context.clock.now());
    if (data !== undefined) await this.#context.api.update(core.configmaps, { ...configMap, data }, { signal });
    return done;
  }
}

export function bootstrapSigner(context: ControllerContext): RunningController {
  const reconciler = new BootstrapSigner(context);
  const { configMaps, secrets } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(configMaps), read(secrets)],
    watch: (controller) => {
      const ofToken = ({ metadata, type }: corev1.Secret): void => {
        if (metadata.namespace === TOKENS && type === TOKEN_TYPE) controller.enqueue(CLUSTER_INFO);
      };
      const ofInfo = ({ metadata: { namespace, name } }: corev1.ConfigMap): void => {
        if (namespace === CLUSTER_INFO.namespace && name === CLUSTER_INFO.name) controller.enqueue(CLUSTER_INFO);
      };
      return [
        secrets.addHandler({ onAdd: ofToken, onUpdate: (_, secret) => ofToken(secret), onDelete: ofToken }),
        configMaps.addHandler({ onAdd: ofInfo, onUpdate: (_, configMap) => ofInfo(configMap) }),
      ];
    },
  }, context);
}
