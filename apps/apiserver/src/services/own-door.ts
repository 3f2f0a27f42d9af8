import { serviceUnavailable } from '@navarch/apimachinery';
import { randomUUID, X509Certificate } from 'node:crypto';
import type { Proofs } from './kubeconfig';
import type { Endpoint } from './service-resolver';
import { trustedBy } from './trusted-by';

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * This server, as it calls itself for the Service `kubernetes`, and for URLs of it: over its own address, with all rights, and believing the certificate that it
 * shows. So webhooks that an aggregated API serves are called (kube-aggregator/pkg/apiserver/resolvers.go, apiserver/pkg/util/webhook/authentication.go).
 */
export class OwnDoor {
  private readonly token = randomUUID();
  private door: { readonly port: number } | undefined;

  constructor(private readonly bindAddress: string, private readonly certificate: () => Buffer | string | undefined) {}

  /** Whether a host and port stand for this server: those of the Service, whether a webhook names that or a URL of it. */
  static isNamedBy(target: string): boolean {
    return target === 'kubernetes.default.svc:443';
  }

  /** From now on it is known where it is. */
  behind(door: { readonly port: number }): void {
    this.door = door;
  }

  /** Who it is to itself, as a line of a token file. */
  get tokenLine(): string {
    return `${this.token},system:apiserver,${randomUUID()},system:masters`;
  }

  /** @throws serviceUnavailable */
  get endpoint(): Endpoint {
    if (!this.door) throw serviceUnavailable('this server does not serve yet');
    return { ip: LOOPBACK[this.bindAddress] ?? this.bindAddress, port: this.door.port };
  }

  /** @throws serviceUnavailable. Without a name, so that it shows its own certificate and none for others; which names that is for does not matter. */
  get proofs(): Proofs {
    const shown = this.certificate();
    if (shown === undefined) throw serviceUnavailable('this server shows no certificate');
    const own = Buffer.from(new X509Certificate(shown).toString());
    return { authorization: `Bearer ${this.token}`, tls: { ...trustedBy(own), servername: '', checkServerIdentity: () => undefined } };
  }
}
