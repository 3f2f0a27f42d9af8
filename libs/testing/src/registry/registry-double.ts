import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OciImage } from './oci-archive';

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** As much of a registry as pulling one image needs: without TLS, and where an account is given, for nobody else. */
export class RegistryDouble {
  /** Who has asked for a manifest of what: `team/web by puller`, or by nobody. */
  readonly asked: string[] = [];
  /** Repositories whose manifests are asked for and not given, after `hold`: what lets each go. */
  readonly held = new Map<string, () => void>();
  /** How many were held at the same time at most. */
  mostHeld = 0;
  #holds = false;
  readonly #free = new Set<string>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  private constructor(private readonly host: string, private readonly image: OciImage, private readonly account: Account | undefined) {}

  static async start(host: string, image: OciImage, account?: Account): Promise<RegistryDouble> {
    const registry = new RegistryDouble(host, image, account);
    await once(registry.#server.listen(0, host), 'listening');
    return registry;
  }

  /** `host:port`, what names of its images begin with. Any name and tag is the one image. */
  get address(): string {
    return `${this.host}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on who asks for a manifest waits for its repository to be let go. */
  hold(): void {
    this.#holds = true;
  }

  /** Nobody waits any more. */
  letAllGo(): void {
    this.#holds = false;
    for (const letGo of [...this.held.values()]) letGo();
  }

  async stop(): Promise<void> {
    this.letAllGo();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #keepWaiting(repository: string, goOn: () => void): void {
    this.held.set(repository, () => {
      this.held.delete(repository);
      this.#free.add(repository);
      goOn();
    });
    this.mostHeld = Math.max(this.mostHeld, this.held.size);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '', headers } = request;
    const [, repository = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    const [username = '', password] = Buffer.from(/^Basic (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '', 'base64').toString().split(':');
    if (kind === 'manifests' && this.#holds && !this.#free.has(repository)) {
      this.#keepWaiting(repository, () => this.#answer(request, response));
      return;
    }
    if (kind === 'manifests') this.asked.push(`${repository} by ${username === '' ? 'nobody' : username}`);
    if (this.account !== undefined && (username !== this.account.username || password !== this.account.password)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const { manifest, config, layers } = this.image;
    const found = kind === 'manifests' ? (reference.includes(':') && reference !== manifest.digest ? undefined : manifest) : [config, ...layers].find(({ digest }) => digest === reference);
    if (found === undefined) {
      response.writeHead(url === '/v2/' ? 200 : 404).end();
      return;
    }
    response.writeHead(200, { 'content-type': found.mediaType, 'content-length': found.size, 'docker-content-digest': found.digest });
    response.end(method === 'HEAD' ? undefined : this.image.blob(found.digest));
  }
}
