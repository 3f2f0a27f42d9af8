import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, type OciImage } from '@navarch/testing';

/** Who may pull and push when the registry asks for a password; the file holds its bcrypt hash. */
export const account = { username: 'puller', password: 'pull-s3cret' } as const;
const htpasswd = `${account.username}:$2a$05$abcdefghijklmnopqrstuu8a2gFagTmn.6YRhoJ/XF1B.t2u08R7W\n`;

/** Debian's docker-registry on an address that nodes reach, without TLS. */
export class Registry {
  private constructor(readonly address: string, private readonly child: ChildProcess, private readonly dir: string, private readonly headers: Record<string, string>) {}

  static async start(host: string, options: { password: boolean }): Promise<Registry> {
    const dir = mkdtempSync(join(tmpdir(), 'navarch-registry-'));
    const address = `${host}:${await freePort()}`;
    writeFileSync(join(dir, 'htpasswd'), htpasswd);
    writeFileSync(join(dir, 'config.yml'), JSON.stringify({
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(dir, 'data') } },
      http: { addr: address },
      ...(options.password ? { auth: { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } } } : {}),
    }));
    const child = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: 'ignore' });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    const registry = new Registry(address, child, dir, options.password ? { authorization: `Basic ${Buffer.from(`${account.username}:${account.password}`).toString('base64')}` } : {});
    await Promise.race([failed, eventually(async () => (await registry.#call('GET', '/v2/')).ok)]);
    return registry;
  }

  /** Stores an image under a name; answers its digest. */
  async push(image: OciImage, repository: string, tag: string): Promise<string> {
    for (const { digest } of [image.config, ...image.layers]) {
      const upload = await this.#call('POST', `/v2/${repository}/blobs/uploads/`);
      const place = new URL(upload.headers.get('location') ?? '', `http://${this.address}`);
      place.searchParams.set('digest', digest);
      await this.#call('PUT', `${place.pathname}${place.search}`, 'application/octet-stream', image.blob(digest));
    }
    const { mediaType, digest } = image.manifest;
    await this.#call('PUT', `/v2/${repository}/manifests/${tag}`, mediaType, image.blob(digest));
    return digest;
  }

  async stop(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill();
    await gone;
    rmSync(this.dir, { recursive: true });
  }

  async #call(method: string, path: string, contentType?: string, body?: Buffer): Promise<Response> {
    const answer = await fetch(`http://${this.address}${path}`, {
      method, headers: { ...this.headers, ...(contentType === undefined ? {} : { 'content-type': contentType }) }, ...(body === undefined ? {} : { body }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}
