import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import { after, done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { expiryOf, TOKEN_TYPE } from './token';

const NAMESPACE = 'kube-system';

/** Removes bootstrap tokens when their time has come. */
export class TokenCleaner implements Reconciler {
  readonly name = 'token_cleaner';
  readonly secrets: ObjectSource<corev1.Secret>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.secrets = context.sources.informer(core.secrets, { alwaysWatch: true });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const secret = this.secrets.get(key);
    const expiry = secret === undefined ? undefined : expiryOf(secret);
    if (secret === undefined || expiry === undefined) return done;
    if (expiry > clock.now()) return after(expiry - clock.now());
    const { uid } = secret.metadata;
    await api.delete(core.secrets, key, { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) }).catch((error: unknown) => {
      // Gone, or another Secret of the same name: that one is looked at by itself.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
    return done;
  }
}

export function tokenCleaner(context: ControllerContext): RunningController {
  const reconciler = new TokenCleaner(context);
  const { secrets } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(secrets)],
    watch: (controller) => {
      const wake = (secret: corev1.Secret): void => {
        if (secret.metadata.namespace === NAMESPACE && secret.type === TOKEN_TYPE) controller.enqueueObject(secret);
      };
      return [secrets.addHandler({ onAdd: wake, onUpdate: (_, secret) => wake(secret) })];
    },
  }, context);
}
