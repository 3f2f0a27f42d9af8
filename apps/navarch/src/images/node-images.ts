import { readFileSync } from 'node:fs';
import { systemClock } from '@navarch/clock';
import { runAsync } from '../host/command-async';
import { probe } from '../supervisor/probe';

const pollMs = 30;
const socketWithinMs = 60_000;

const ctr = (socket: string, ...args: string[]): Promise<string> => runAsync('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args]);

/** Imports an OCI or `docker save` archive into one node's containerd; answers the names of its images. Throws what is wrong with the archive. */
export async function importImages(socket: string, archive: string): Promise<string[]> {
  const printed = await ctr(socket, 'images', 'import', archive).catch((error: unknown) => {
    throw new Error(`${archive} cannot be loaded: ${complaint(error)}`, { cause: error });
  });
  return [...printed.matchAll(/^unpacking (\S+) \(/gm)].map((match) => match[1] ?? '');
}

/** What ctr says last, without its own name and the log lines before it. */
function complaint(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /^(?:.*: )?ctr: (.*)$/m.exec(text)?.[1] ?? text;
}

/** Imports those archives whose images the node has not, once its containerd runs. */
export async function importMissing(socket: string, archives: ReadonlyMap<string, string>): Promise<void> {
  await untilItListens(socket);
  const present = await ctr(socket, 'images', 'list');
  for (const [name, archive] of archives) if (!present.includes(`${name} `) || !present.includes(digestOf(archive))) await importImages(socket, archive);
}

/** Asks the socket, not its file: the file is there a moment before containerd listens, and stays when containerd was killed. */
export async function untilItListens(socket: string): Promise<void> {
  const deadline = systemClock.now() + socketWithinMs;
  for (;;) {
    const { ok, detail } = await probe({ kind: 'socket', path: socket });
    if (ok) return;
    if (systemClock.now() > deadline) throw new Error(`no containerd at ${socket}: ${detail}`);
    await systemClock.sleep(pollMs);
  }
}

/** The digest of the one image of an archive of ours: its index is at a place that is known. */
function digestOf(archive: string): string {
  return /"digest":"(sha256:[0-9a-f]{64})"/.exec(readFileSync(archive, 'latin1'))?.[1] ?? 'no digest';
}
