import { type certificatesv1beta1 } from '@navarch/api';

/** What files of a projected certificate are made of, PEM. */
export interface CredentialBundle {
  readonly privateKey: string;
  readonly certificateChain: string;
}

export interface Issued extends CredentialBundle {
  readonly beginRefreshAtMs: number;
  readonly notAfterMs: number;
}

/** A request that is under way, and the key that it is for. */
export interface Pending {
  readonly name: string;
  readonly privateKey: string;
}

/** Where one projected certificate is, as upstream's pkg/kubelet/podcertificate has it. One that is refused stays so for the life of its pod. */
export type CertificateState =
  | { readonly kind: 'initial' }
  | { readonly kind: 'wait'; readonly pending: Pending; readonly issued?: Issued }
  | { readonly kind: 'fresh'; readonly issued: Issued }
  | { readonly kind: 'refused'; readonly type: 'Denied' | 'Failed'; readonly reason: string; readonly message: string };

export type Waiting = CertificateState & { readonly kind: 'wait' };

/** After so long a certificate that should have been renewed is worth a word. */
const overdueMs = 10 * 60_000;

/** `jitterMs`: how much later than it may a renewal begins, so that not all begin at once. */
export function afterAnswer(state: Waiting, { status }: certificatesv1beta1.PodCertificateRequest, jitterMs: number): CertificateState {
  for (const { type, reason = '', message = '' } of status?.conditions ?? []) {
    if (type === 'Denied' || type === 'Failed') return { kind: 'refused', type, reason, message };
    if (type === 'Issued') {
      return { kind: 'fresh', issued: {
        privateKey: state.pending.privateKey, certificateChain: cleanChain(status?.certificateChain ?? ''),
        beginRefreshAtMs: Date.parse(status?.beginRefreshAt ?? '') + jitterMs, notAfterMs: Date.parse(status?.notAfter ?? ''),
      } };
    }
  }
  return state;
}

/** The request is gone: another is to be made. */
export function withoutRequest({ issued }: Waiting): CertificateState {
  return issued ? { kind: 'fresh', issued } : { kind: 'initial' };
}

export function isDue({ beginRefreshAtMs }: Issued, nowMs: number): boolean {
  return nowMs >= beginRefreshAtMs;
}

/** What is to be said of a certificate that was not renewed in time. */
export function lateness({ beginRefreshAtMs, notAfterMs }: Issued, nowMs: number): { reason: string; message: string }[] {
  return [
    ...(nowMs > beginRefreshAtMs + overdueMs ? [{ reason: 'CertificateOverdueForRefresh', message: 'PodCertificate refresh overdue' }] : []),
    ...(nowMs > notAfterMs ? [{ reason: 'CertificateExpired', message: 'PodCertificate expired' }] : []),
  ];
}

/** Throws with upstream's text where there is none. */
export function bundleOf(state: CertificateState): CredentialBundle {
  if (state.kind === 'refused') throw new Error(`PodCertificateRequest was permanently ${state.type.toLowerCase()}: reason=${JSON.stringify(state.reason)} message=${JSON.stringify(state.message)}`);
  const issued = state.kind === 'initial' ? undefined : state.issued;
  if (!issued) throw new Error('credential bundle is not issued yet');
  return issued;
}

/** The state as `kubelet_podcertificate_states` names it. */
export function stateName(state: CertificateState, nowMs: number): string {
  if (state.kind === 'refused') return state.type.toLowerCase();
  const issued = state.kind === 'initial' ? undefined : state.issued;
  if (!issued) return 'not_yet_issued';
  if (nowMs > issued.notAfterMs) return 'expired';
  return nowMs > issued.beginRefreshAtMs + overdueMs ? 'overdue_for_refresh' : 'fresh';
}

const block = /-----BEGIN [A-Z0-9 ]+-----\s*(?:[A-Za-z0-9-]+:[^\n]*\n)*([A-Za-z0-9+/=\s]+)-----END [A-Z0-9 ]+-----/g;

/** Blocks only, without what a signer wrote between them or at their heads. */
function cleanChain(text: string): string {
  return [...text.matchAll(block)].map(([, body = '']) => {
    const lines = body.replace(/\s/g, '').match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }).join('');
}
