import { readFileSync } from 'node:fs';
import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import { done, keyOfObject, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { accountOf, isOf, needsContent, withContent, withoutReference } from './token-secret';
import { tokenSigner, type TokenSigner } from './token-signer';

/** Secrets by the account that they name. */
const byAccount = {
  account: (secret: corev1.Secret): readonly string[] => {
    const account = accountOf(secret);
    return account === undefined ? [] : [accountKey(account)];
  },
};

const accountKey = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`;

/** Fills Secrets that are made for a service account's token, and removes them with the account. Keys are accounts. */
export class TokenReconciler implements Reconciler {
  readonly name = 'serviceaccount_tokens_secret';
  readonly accounts: ObjectSource<corev1.ServiceAccount>;
  readonly secrets: ObjectSource<corev1.Secret>;
  readonly #context: ControllerContext;
  readonly #sign: TokenSigner;
  readonly #ca: string;
  /** Secrets that are gone, by the account that may still refer to them. */
  readonly #gone = new Map<string, Set<string>>();

  constructor(context: ControllerContext, { sign, ca }: { readonly sign: TokenSigner; readonly ca: string }) {
    this.#context = context;
    this.#sign = sign;
    this.#ca = ca;
    this.accounts = context.sources.informer(core.serviceaccounts, { alwaysWatch: true });
    this.secrets = context.sources.informer(core.secrets, { alwaysWatch: true, indexes: byAccount });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const secrets = this.secrets.byIndex('account', accountKey(key)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    await this.#dropReferences(key, signal);
    if (secrets.length === 0) return done;
    // The caches of accounts and Secrets are not equally new: what removes is asked of the API.
    const cached = this.accounts.get(key);
    const account = cached !== undefined && secrets.every((secret) => isOf(secret, cached)) ? cached : await this.#account(key, signal);
    for (const secret of secrets) {
      if (account === undefined || !isOf(secret, account)) await this.#remove(secret, signal);
      else if (needsContent(secret, this.#ca)) await this.#fill(secret, account, signal);
    }
    return done;
  }

  /** A Secret was deleted: its account must not go on referring to it. */
  secretGone(secret: corev1.Secret): void {
    const account = accountOf(secret);
    if (account === undefined) return;
    const key = accountKey(account);
    this.#gone.set(key, (this.#gone.get(key) ?? new Set<string>()).add(secret.metadata.name ?? ''));
  }

  async #dropReferences(key: ObjectKey, signal: AbortSignal): Promise<void> {
    for (const name of this.#gone.get(accountKey(key)) ?? []) {
      // One of the same name may have come since.
      const account = this.secrets.get({ namespace: key.namespace, name }) === undefined ? await this.#account(key, signal) : undefined;
      const without = account === undefined ? undefined : withoutReference(account, name);
      if (without !== undefined) await this.#context.api.update(core.serviceaccounts, without, { signal });
    }
    this.#gone.delete(accountKey(key));
  }

  #account(key: ObjectKey, signal: AbortSignal): Promise<corev1.ServiceAccount | undefined> {
    return this.#context.api.get(core.serviceaccounts, key, { signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  }

  async #fill(secret: corev1.Secret, account: corev1.ServiceAccount, signal: AbortSignal): Promise<void> {
    const { namespace = '', name: secretName = '' } = secret.metadata;
    const { name = '', uid = '' } = account.metadata;
    const token = await this.#sign({ namespace, secretName, serviceAccount: { name, uid } });
    await this.#context.api.update(core.secrets, withContent(secret, account, this.#ca, token), { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  async #remove(secret: corev1.Secret, signal: AbortSignal): Promise<void> {
    const { uid, resourceVersion } = secret.metadata;
    const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await this.#context.api.delete(core.secrets, keyOfObject(secret), { signal, preconditions }).catch((error: unknown) => {
      // Changed meanwhile, it may name another account: its event brings it back here.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
  }
}

/** Without a key there is nothing to sign with: the controller then does nothing, as upstream's. */
export function serviceAccountTokenController(context: ControllerContext): RunningController {
  const { serviceAccountPrivateKeyFile, rootCaFile, certificateAuthority, concurrentServiceaccountTokenSyncs } = context.config;
  if (serviceAccountPrivateKeyFile === undefined) {
    context.log.warn({}, 'tokens are not put into Secrets: --service-account-private-key-file is not given');
    return { name: 'serviceaccount_tokens_secret', start: () => Promise.resolve(), stop: () => Promise.resolve() };
  }
  const ca = readFileSync(rootCaFile ?? certificateAuthority, 'utf8');
  const reconciler = new TokenReconciler(context, { ca, sign: tokenSigner(readFileSync(serviceAccountPrivateKeyFile, 'utf8')) });
  const { accounts, secrets } = reconciler;
  return runningController({
    reconciler,
    workers: concurrentServiceaccountTokenSyncs,
    reads: [read(accounts), read(secrets)],
    watch: (controller) => {
      const wake = (secret: corev1.Secret): void => {
        const account = accountOf(secret);
        if (account !== undefined) controller.enqueue(account);
      };
      const ofAccount = (account: corev1.ServiceAccount): void => controller.enqueueObject(account);
      return [
        secrets.addHandler({
          onAdd: wake,
          onUpdate: (_, secret) => wake(secret),
          onDelete: (secret) => {
            reconciler.secretGone(secret);
            wake(secret);
          },
        }),
        accounts.addHandler({ onAdd: ofAccount, onDelete: ofAccount }),
      ];
    },
  }, context);
}
