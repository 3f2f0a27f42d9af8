import { spawn } from 'node:child_process';
import type { proxyv1 } from '@navarch/proto';
import type { DataPlane } from '../data-plane';
import { NftablesPlan } from './nftables-plan';

/** The kernel's nftables, one transaction a change. */
export class NftablesDataPlane implements DataPlane {
  readonly name = 'nftables';
  readonly #plan: NftablesPlan;

  constructor(options: { readonly clusterCidr: string }) {
    this.#plan = new NftablesPlan(options.clusterCidr);
  }

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    const { script, commit } = this.#plan.plan(request);
    if (script !== '') await runNft(script);
    commit();
  }
}

/** Runs a script as one transaction: all of it, or nothing. */
export function runNft(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.once('error', (error) => reject(new Error('nft could not be started', { cause: error })));
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`nft refused the rules: ${Buffer.concat(errors).toString().slice(0, 2_000)}`))));
    // A refused script closes the pipe early; its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(script);
  });
}
