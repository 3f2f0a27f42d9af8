import type { proxyv1 } from '@navarch/proto';
import type { Backend, DataPlane, DataPlaneOptions } from '../data-plane';
import { familyWords } from '../family-words';
import { NftablesPlan } from './nftables-plan';
import { tableName } from './ruleset';

/** The kernel's nftables, one transaction a change. */
class NftablesDataPlane implements DataPlane {
  readonly name = 'nftables';
  readonly #plan: NftablesPlan;

  constructor(private readonly options: DataPlaneOptions) {
    this.#plan = new NftablesPlan(options);
  }

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    const { script, commit } = this.#plan.plan(request);
    if (script !== '') await this.options.run('nft', ['-f', '-'], script);
    commit();
  }

  async isThere(): Promise<boolean> {
    const { nft } = familyWords[this.options.family];
    return (await this.options.run('nft', ['list', 'tables', nft])).split('\n').includes(`table ${nft} ${tableName}`);
  }
}

export const nftables: Backend = {
  create: (options) => new NftablesDataPlane(options),
  cleanUp: async (run, family) => {
    const { nft } = familyWords[family];
    // Adding first makes the deletion succeed where there was nothing.
    await run('nft', ['-f', '-'], `add table ${nft} ${tableName}\ndelete table ${nft} ${tableName}\n`);
  },
};
