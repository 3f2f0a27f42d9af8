import { randomBytes, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type Clock } from '@navarch/clock';
import type { RequestedCertificate } from './certificate-request';
import { usageExtensions } from './certificate-usages';
import { ECDSA, generateKeys, importKeys, publicKeyOf, signingAlgorithm } from './keys';
import { x509 } from './x509';

const DAY_MS = 86_400_000;
/** Certificates that live for less than this end when they should; of longer ones' lives the backdating is taken off. */
const SHORT_MS = 8 * 3_600_000;
/** Clocks of machines differ a little; a certificate made here must be valid there at once. */
const BACKDATE_MS = 5 * 60_000;

export type CertificateUsage = 'client auth' | 'server auth';

/** What a certificate says of its holder. */
export interface CertificateSubject {
  /** A Kubernetes user, or a server's name. */
  readonly commonName: string;
  /** Kubernetes groups. */
  readonly organizations?: readonly string[];
}

export interface CertificateProfile extends CertificateSubject {
  readonly usages: readonly CertificateUsage[];
  /** DNS names and IP addresses the holder serves under. */
  readonly hosts?: readonly string[];
  readonly validityMs?: number;
}

interface CertificateTemplate {
  readonly subject: x509.Name;
  readonly publicKey: string;
  readonly notAfterMs: number;
  readonly extensions: readonly x509.Extension[];
}

/** A certificate with its key, PEM. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

/** Signs certificates with one CA key. */
export class CertificateAuthority {
  private constructor(
    readonly cert: string,
    readonly key: string,
    private readonly keys: Awaited<ReturnType<typeof importKeys>>,
    private readonly clock: Clock,
  ) {}

  /** A new, self-signed CA, valid for ten years. */
  static async create(commonName: string, clock: Clock): Promise<CertificateAuthority> {
    const { privateKey } = await generateKeys();
    const keys = await importKeys(privateKey);
    const now = clock.now();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: nameOf({ commonName }),
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(now + 3650 * DAY_MS),
      signingAlgorithm: ECDSA,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new CertificateAuthority(pem(certificate), privateKey, keys, clock);
  }

  /** @throws when certificate and key do not belong together */
  static async load(material: CertifiedKey, clock: Clock): Promise<CertificateAuthority> {
    if (!isOwnKey(material)) throw new Error('the key is not that of the CA certificate');
    return new CertificateAuthority(material.cert, material.key, await importKeys(material.key), clock);
  }

  /** A certificate with a new key. */
  async issue(profile: CertificateProfile): Promise<CertifiedKey> {
    const { privateKey } = await generateKeys();
    return { cert: await this.sign(profile, publicKeyOf(privateKey)), key: privateKey };
  }

  /** A certificate for somebody else's key, given as SPKI in PEM: how certificate requests are answered. */
  async sign(profile: CertificateProfile, publicKeyPem: string): Promise<string> {
    const usages = profile.usages.map((usage) => (usage === 'client auth' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth));
    const hosts = profile.hosts ?? [];
    return this.#sign({
      subject: nameOf(profile), publicKey: publicKeyPem, notAfterMs: this.clock.now() + (profile.validityMs ?? 365 * DAY_MS),
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension(usages),
        ...(hosts.length > 0 ? [new x509.SubjectAlternativeNameExtension(hosts.map((host) => ({ type: isIP(host) ? 'ip' : 'dns', value: host })))] : []),
      ],
    });
  }

  /**
   * A certificate for what somebody has asked for: with all its names, for `usages` in the words of the certificates API.
   * @throws when there is no such usage, or the CA itself has expired. Mirrors upstream's pkg/controller/certificates/authority.
   */
  async answer({ subject, alternativeNames, publicKey }: RequestedCertificate, { usages, lifeMs }: { readonly usages: readonly string[]; readonly lifeMs: number }): Promise<string> {
    const now = this.clock.now();
    const { notAfter } = new x509.X509Certificate(this.cert);
    if (now >= notAfter.getTime()) throw new Error(`the signer has expired: NotAfter=${notAfter.toISOString()}`);
    // Names that have no subject to stand for must not be passed over.
    const names = alternativeNames.length > 0 ? [new x509.SubjectAlternativeNameExtension([...alternativeNames], subject.toJSON().length === 0)] : [];
    return this.#sign({ subject, publicKey, notAfterMs: now + lifeMs - (lifeMs < SHORT_MS ? 0 : BACKDATE_MS), extensions: [...usageExtensions(usages), ...names] });
  }

  async #sign({ subject, publicKey, notAfterMs, extensions }: CertificateTemplate): Promise<string> {
    const issuer = new x509.X509Certificate(this.cert);
    // A CA from elsewhere may name its key as it likes.
    const ownKeyId = issuer.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: issuer.subjectName,
      notBefore: new Date(this.clock.now() - BACKDATE_MS),
      // A certificate that outlives its CA would fail in the middle of its life.
      notAfter: new Date(Math.min(notAfterMs, issuer.notAfter.getTime())),
      signingAlgorithm: signingAlgorithm(this.key),
      publicKey: new x509.PublicKey(x509.PemConverter.decodeFirst(publicKey)),
      signingKey: this.keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        ...extensions,
        ...(ownKeyId === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(ownKeyId)]),
      ],
    });
    return pem(certificate);
  }

  /** Whether this CA signed the certificate. */
  signed(certPem: string): boolean {
    return new X509Certificate(certPem).verify(new X509Certificate(this.cert).publicKey);
  }
}

/** Whether a key is that of a certificate. */
export function isOwnKey({ cert, key }: CertifiedKey): boolean {
  const inCertificate = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return inCertificate === publicKeyOf(key);
}

/** Values go in as UTF-8 strings: the library reads escapes and quotes in plain ones. */
export function nameOf({ commonName, organizations = [] }: CertificateSubject): x509.Name {
  return new x509.Name([...organizations.map((group) => ({ O: [{ utf8String: group }] })), { CN: [{ utf8String: commonName }] }]);
}

/** 127 random bits: positive, and never with a leading zero byte, which DER would forbid. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}
