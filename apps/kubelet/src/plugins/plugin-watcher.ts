import { watch, type FSWatcher } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { pluginregistrationv1 } from '@navarch/proto';
import { connect } from '@navarch/rpc';
import { errorText, isCode } from '../error-text';
import { Repeating } from '../gc/repeating';

/** What takes plug-ins of one type. Rejects to refuse one: the plug-in is told why. */
export interface PluginHandler {
  register(name: string, endpoint: string, versions: readonly string[]): Promise<void>;
  /** Of the instances of a plug-in, the one on this endpoint is gone. */
  deregister(name: string, endpoint: string): Promise<void>;
}

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly endpoint: string;
  /** A socket made anew is a plug-in that has restarted. */
  readonly inode: bigint;
}

const lookMs = 1_000;
const callTimeoutMs = 10_000;

/** Registers the plug-ins whose sockets appear in a directory, and lets go of those whose sockets disappear. */
export class PluginWatcher {
  readonly #registered = new Map<string, Registered>();
  readonly #refused = new Map<string, bigint>();
  #present: readonly string[] = [];
  readonly #periodic: Repeating;
  #watcher: FSWatcher | undefined;
  #looking: Promise<void> | undefined;

  constructor(private readonly directory: string, private readonly handlers: Readonly<Record<string, PluginHandler>>, private readonly deps: { readonly clock: Clock; readonly log: Logger }) {
    this.#periodic = new Repeating('plug-ins', lookMs, () => this.look(), deps);
  }

  /** Sockets that are there, and those whose plug-ins are taken. */
  get sockets(): { readonly present: readonly string[]; readonly registered: readonly string[] } {
    return { present: this.#present, registered: [...this.#registered.keys()] };
  }

  async start(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o750 });
    this.#watcher = watch(this.directory, { persistent: false }, () => void this.look());
    await this.look();
    this.#periodic.start();
  }

  async stop(): Promise<void> {
    this.#watcher?.close();
    await this.#periodic.stop();
    await this.#looking;
  }

  /** Brings what is registered in line with the sockets there are. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.deps.log.warn({ err: error, directory: this.directory }, 'plug-in sockets could not be listed'))
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const present = new Map<string, bigint>();
    for (const path of await sockets(this.directory)) {
      const inode = await inodeOf(path);
      if (inode !== undefined) present.set(path, inode);
    }
    this.#present = [...present.keys()];
    for (const [path, plugin] of this.#registered) {
      if (present.get(path) === plugin.inode) continue;
      this.#registered.delete(path);
      this.deps.log.info({ plugin: plugin.name, type: plugin.type }, 'plug-in is gone');
      await this.handlers[plugin.type]?.deregister(plugin.name, plugin.endpoint);
    }
    for (const path of this.#refused.keys()) if (present.get(path) !== this.#refused.get(path)) this.#refused.delete(path);
    for (const [path, inode] of present) if (!this.#registered.has(path) && !this.#refused.has(path)) await this.#register(path, inode);
  }

  async #register(path: string, inode: bigint): Promise<void> {
    const channel = connect({ address: `unix://${path}`, defaultTimeoutMs: callTimeoutMs });
    try {
      const client = channel.client(pluginregistrationv1.RegistrationService);
      const { type, name, endpoint: own, supportedVersions } = await client.getInfo({});
      const endpoint = own === '' ? path : own;
      const handler = this.handlers[type];
      try {
        if (!handler) throw new Error(`no handler registered for plugin type: ${type}`);
        await handler.register(name, endpoint, supportedVersions);
      } catch (error) {
        this.deps.log.warn({ err: error, plugin: name, type }, 'plug-in was not registered');
        await client.notifyRegistrationStatus({ pluginRegistered: false, error: `plugin registration failed with err: ${errorText(error)}` });
        // One of an unknown type stays unknown; anything else may go better the next time.
        if (!handler) this.#refused.set(path, inode);
        return;
      }
      this.#registered.set(path, { type, name, endpoint, inode });
      this.deps.log.info({ plugin: name, type, endpoint }, 'plug-in registered');
      await client.notifyRegistrationStatus({ pluginRegistered: true, error: '' });
    } catch (error) {
      this.deps.log.debug({ err: error, path }, 'plug-in does not answer yet');
    } finally {
      channel.close();
    }
  }
}

/** Sockets below a directory, also in its subdirectories. */
async function sockets(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const nested = await Promise.all(entries.filter(({ name }) => !name.startsWith('.')).map((entry): Promise<string[]> => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sockets(path);
    return Promise.resolve(entry.isSocket() ? [path] : []);
  }));
  return nested.flat();
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
