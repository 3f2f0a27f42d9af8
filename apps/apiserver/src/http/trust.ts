import type { Clock } from '@navarch/clock';
import { type Component, type LoadedTls, type Logger, TlsFiles } from '@navarch/component-base';
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { Authorities } from '../auth/authentication/authorities';
import { ReloadedFile } from '../config-file/reloaded-file';

export interface TrustFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** `--client-ca-file`. */
  readonly clientCaFile: string;
  /** `--requestheader-client-ca-file`. */
  readonly proxyCaFile: string | undefined;
}

const LOOK_EVERY_MS = 60_000;

/** What the HTTPS door shows, and whose certificates it believes: users' and front proxies'. All of it follows the files. */
export class Trust implements Component {
  readonly name = 'certificates';
  private readonly listeners = new Set<() => void>();
  private readonly proxyFile: ReloadedFile | undefined;

  private constructor(
    private readonly files: TlsFiles,
    private loaded: LoadedTls,
    /** Of users. */
    readonly clients: Authorities,
    /** Of front proxies; undefined where there are none. */
    readonly proxies: Authorities | undefined,
    { proxyCaFile }: TrustFiles,
    deps: { readonly clock: Clock; readonly log: Logger },
  ) {
    if (proxyCaFile === undefined || proxies === undefined) return;
    const apply = (pem: string): void => {
      proxies.use(pem);
      this.tell();
    };
    this.proxyFile = new ReloadedFile({ name: 'requestheader-client-ca', path: proxyCaFile, everyMs: LOOK_EVERY_MS, apply }, proxies.pem, deps);
  }

  static async load(names: TrustFiles, deps: { readonly clock: Clock; readonly log: Logger }): Promise<Trust> {
    const files = new TlsFiles({ certFile: names.certFile, keyFile: names.keyFile, caFile: names.clientCaFile }, deps.log);
    const loaded = await files.load();
    const proxies = names.proxyCaFile === undefined ? undefined : new Authorities(await readFile(names.proxyCaFile, 'utf8'));
    return new Trust(files, loaded, new Authorities(String(loaded.ca)), proxies, names, deps);
  }

  /** Whether a front proxy or a user is there is for those who ask later: both may connect. */
  get tls(): SecureContextOptions {
    return { ...this.loaded, ca: [this.clients.pem, ...(this.proxies ? [this.proxies.pem] : [])] };
  }

  /** What the door shows, and what leads to its authority. */
  get certificate(): Buffer | undefined {
    return this.loaded.cert;
  }

  /** Tells of every change, until the end of the process. */
  onChange(tell: () => void): void {
    this.listeners.add(tell);
  }

  async start(): Promise<void> {
    this.files.watch((loaded) => {
      this.clients.use(String(loaded.ca));
      this.loaded = loaded;
      this.tell();
    });
    await this.proxyFile?.start();
  }

  async stop(): Promise<void> {
    this.files.stop();
    await this.proxyFile?.stop();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
