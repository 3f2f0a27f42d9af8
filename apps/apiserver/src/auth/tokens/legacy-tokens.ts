import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound, notFound } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import { LEGACY_TOKEN_ISSUER, legacyTokenSubject, type LegacyTokenSubject } from '@navarch/pki';
import type { ObjectReader, ObjectWriter, RequestNotes } from '../../pipeline';
import { quotedList } from '../rbac/rule-covers';
import { requireNoFault } from './require-no-fault';
import { unverifiedClaims, type ServiceAccountTokens, type VerifiedToken } from './service-account-tokens';
import { NO_NOTES, type CountUse } from './token-uses';

const LAST_USED = 'kubernetes.io/legacy-token-last-used';
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since';
const AUDIT = 'authentication.k8s.io/legacy-token';
const DAY_MS = 24 * 60 * 60 * 1000;
const USE_ANOTHER = 'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.';

export interface LegacyTokensDeps {
  readonly tokens: Pick<ServiceAccountTokens, 'verifySignature' | 'audiences'>;
  readonly reader: ObjectReader;
  readonly writer: Pick<ObjectWriter, 'update'>;
  readonly clock: Clock;
  readonly count?: CountUse;
  readonly log: Logger;
}

/**
 * Tokens that live in Secrets of type kubernetes.io/service-account-token: good for as long as the Secret holds them and its
 * service account is there. The day of their last use is noted on the Secret, that of one marked as invalid too, and those that no one made by hand are warned of. As upstream's pkg/serviceaccount/legacy.go.
 */
export class LegacyTokens {
  constructor(private readonly deps: LegacyTokensDeps) {}

  /** Undefined for a token of another kind. @throws with upstream's text for one that is not valid, or for none of the audiences */
  async validate(token: string, wanted: readonly string[], notes: RequestNotes = NO_NOTES): Promise<VerifiedToken | undefined> {
    const { tokens, reader, count } = this.deps;
    const claims = unverifiedClaims(token);
    if (claims?.iss !== LEGACY_TOKEN_ISSUER) return undefined;
    await tokens.verifySignature(token);
    notes.annotate(AUDIT, claims.sub ?? '');
    count?.('legacy');
    const audiences = tokens.audiences.filter((audience) => wanted.includes(audience));
    if (audiences.length === 0) throw new Error(`token audiences ${quotedList(tokens.audiences)} is invalid for the target audiences ${quotedList(wanted)}`);
    const subject = legacyTokenSubject(claims);
    await requireNoFault(reader, () => this.#fault(subject, token));
    try {
      await requireNoFault(reader, () => this.#markOf(subject));
    } catch (error) {
      notes.annotate(`${AUDIT}-invalidated`, `${subject.secretName}/${subject.namespace}`);
      count?.('invalid');
      await this.#noteUse(subject);
      throw error;
    }
    this.#noteOrigin(subject, notes);
    await this.#noteUse(subject);
    return { namespace: subject.namespace, serviceAccount: subject.serviceAccount, audiences, credentialId: undefined };
  }

  #secretOf({ namespace, secretName }: LegacyTokenSubject): corev1.Secret | undefined {
    return this.deps.reader.get(core.secrets, namespace, secretName);
  }

  #accountOf({ namespace, serviceAccount: { name } }: LegacyTokenSubject): corev1.ServiceAccount | undefined {
    return this.deps.reader.get(core.serviceaccounts, namespace, name);
  }

  #fault(subject: LegacyTokenSubject, token: string): string | undefined {
    const { namespace, serviceAccount: { name, uid } } = subject;
    const secret = this.#secretOf(subject);
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return 'token has been invalidated';
    if (Buffer.from(secret.data?.['token'] ?? '', 'base64').toString() !== token) return 'token does not match server\'s copy';
    const account = this.#accountOf(subject);
    if (account === undefined) return notFound(core.serviceaccounts, name).message;
    if (account.metadata.deletionTimestamp !== undefined) return `ServiceAccount ${namespace}/${name} has been deleted`;
    return account.metadata.uid === uid ? undefined : `ServiceAccount UID (${account.metadata.uid ?? ''}) does not match claim (${uid})`;
  }

  #markOf(subject: LegacyTokenSubject): string | undefined {
    const { namespace, secretName, serviceAccount: { name } } = subject;
    if ((this.#secretOf(subject)?.metadata.labels?.[INVALID_SINCE] ?? '') === '') return undefined;
    return `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${INVALID_SINCE}' label from the secret to temporarily allow use of this token`;
  }

  /** A controller that made the Secret has named it in its account. */
  #noteOrigin(subject: LegacyTokenSubject, notes: RequestNotes): void {
    const { secretName } = subject;
    const isAuto = this.#accountOf(subject)?.secrets?.some(({ name }) => name === secretName) ?? false;
    if (isAuto) notes.warn(USE_ANOTHER);
    notes.annotate(`${AUDIT}-${isAuto ? 'autogenerated' : 'manual'}-secret`, secretName);
    this.deps.count?.(isAuto ? 'auto' : 'manual');
  }

  /** Once a day. A use that could not be noted is a use all the same. */
  async #noteUse(subject: LegacyTokenSubject): Promise<void> {
    const { writer, clock, log } = this.deps;
    const secret = this.#secretOf(subject);
    const dayAt = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    const today = dayAt(clock.now());
    // Tomorrow has begun by the clock of another apiserver.
    if (secret === undefined || [today, dayAt(clock.now() + DAY_MS)].includes(secret.metadata.labels?.[LAST_USED] ?? '')) return;
    try {
      await writer.update(core.secrets, { ...secret, metadata: { ...secret.metadata, labels: { ...secret.metadata.labels, [LAST_USED]: today } } });
    } catch (error) {
      // Somebody else changed it, or noted the same.
      if (!isConflict(error) && !isNotFound(error)) log.warn({ err: error, namespace: subject.namespace, secret: subject.secretName }, 'use of a token in a Secret not noted');
    }
  }
}
